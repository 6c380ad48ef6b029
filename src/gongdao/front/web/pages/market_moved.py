"""Addresses of a dujiaoka shop that moved in: old links to orders and goods go on working.

An old order opens by its number with the search password that the buyer chose there, or with his
e-mail address where he chose none; never by the number alone, whatever the old shop did.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import OrderLocked, TooManyAttempts
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.held import network_of
from gongdao.front.web.market_access import private
from gongdao.market.moving_in.dujiaoka_dump import MovedOrderState
from gongdao.market.moving_in.find_moved_order import (
    OpenedOrder,
    find_moved_listing,
    open_moved_order,
)

LOOKS = Limit("moved-order-network", 60, timedelta(hours=1))
"""How many old orders one network may try to open."""
_LONGEST = 150
_STATES = {
    MovedOrderState.WAITING: mark("没有付款"),
    MovedOrderState.PENDING: mark("旧店还没有处理"),
    MovedOrderState.PROCESSING: mark("旧店正在处理"),
    MovedOrderState.DONE: mark("已完成"),
    MovedOrderState.FAILED: mark("失败"),
    MovedOrderState.ABNORMAL: mark("异常"),
    MovedOrderState.EXPIRED: mark("已过期，没有付款"),
}


@require_http_methods(["GET", "POST"])
def old_order(request: HttpRequest, number: str = "") -> HttpResponseBase:
    """The form for number and password or address; what it opens is shown at once and kept
    nowhere."""
    if request.method == "GET":
        return private(_form(request, number[:_LONGEST]))
    number = request.POST.get("number", "").strip()[:_LONGEST]
    try:
        count_attempt(stores=get_stores(), limit=LOOKS, who=network_of(request), at=now())
        opened = open_moved_order(
            stores=get_stores(),
            number=number,
            proof=request.POST.get("proof", ""),
            who=network_of(request),
            at=now(),
        )
    except OrderLocked as error:
        said = _("订单号、查询密码或邮箱不对。设过查询密码的订单，只有密码能打开。")
        return private(_form(request, number, said, error.status))
    except TooManyAttempts as error:
        return private(_form(request, number, str(error), error.status))
    return private(_show(request, opened))


def _form(request: HttpRequest, number: str, problem: str = "", status: int = 200) -> HttpResponse:
    context = {"number": number, "problem": problem, "here": "orders"}
    return render(request, "pages/market_moved.html", context, status=status)


def _show(request: HttpRequest, opened: OpenedOrder) -> HttpResponse:
    context = {
        "opened": opened,
        "state": translated(_STATES[opened.state]),
        "done": opened.state is MovedOrderState.DONE,
        "here": "orders",
    }
    return render(request, "pages/market_moved_order.html", context)


@require_safe
def old_search(request: HttpRequest) -> HttpResponse:
    """Where the old shop's search forms led; what is needed is asked for on our form."""
    return redirect("moved_order_search")


@require_safe
def old_goods(request: HttpRequest, old_id: int) -> HttpResponse:
    """The old address of goods: their listing here, or the market where it is not on offer."""
    listing = find_moved_listing(old_id=old_id)
    if listing is None:
        return redirect("market")
    return redirect("market_listing", listing_id=listing)


urlpatterns = [
    path("detail-order-sn/<str:number>", old_order, name="moved_order"),
    path("bill/<str:number>", old_order, name="moved_bill"),
    path("check-order-status/<str:number>", old_order, name="moved_order_status"),
    path("order-search", old_order, name="moved_order_search"),
    path("search-order-by-sn", old_search, name="moved_search_by_number"),
    path("search-order-by-email", old_search, name="moved_search_by_email"),
    path("search-order-by-browser", old_search, name="moved_search_by_browser"),
    path("buy/<int:old_id>", old_goods, name="moved_goods"),
]
