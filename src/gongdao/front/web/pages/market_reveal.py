"""Look at what was bought: record first, then look, then test at once; and say that it works."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.errors import InputError, NotDelivered
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_access import buyer_id, order_page
from gongdao.front.web.market_form import TestForm
from gongdao.front.web.market_order_view import OrderSight, make_sight
from gongdao.market.deliver_by_hand import Handed, read_handed
from gongdao.market.models import Order
from gongdao.market.own_orders import as_found
from gongdao.market.record_test import ToldTest, read_tests, record_test
from gongdao.market.release_orders import confirm_receipt
from gongdao.market.reveal_order import reveal_order
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState, Recording
from gongdao.vault.reveal import RevealedSecret


def _sight(order: Order) -> OrderSight:
    return make_sight(order, find_shown(order.listing_id, order.listing_version).offer, now())


@require_http_methods(["GET", "POST"])
@order_page
def secrets(request: HttpRequest, order: Order) -> HttpResponseBase:
    """First the request to record the screen; sent, the secrets, and the way to test them. That
    they were looked at is recorded before they are shown."""
    sight = _sight(order)
    if not sight.holds_secrets:
        return redirect("market_order", number=order.number)
    if request.method == "GET":
        context = {"order": order, "sight": sight, "here": "orders"}
        return render(request, "pages/market_secrets.html", context)
    who = f"account:{buyer_id(request)}" if buyer_id(request) else "page"
    chosen = _CHOICES.get(request.POST.get("recording", ""), Recording.NOT_ASKED)
    try:
        found = _read(order, sight, who, chosen)
    except NotDelivered:
        return redirect("market_order", number=order.number)
    context = {
        "order": order,
        "sight": sight,
        "secrets": found,
        "form": TestForm(initial={"recorded": chosen is Recording.YES}),
        "can_test": sight.state is OrderState.DELIVERED,
        "here": "orders",
    }
    return render(request, "pages/market_revealed.html", context)


_CHOICES = {"yes": Recording.YES, "no": Recording.NO}


def _read(order: Order, sight: OrderSight, who: str, chosen: Recording) -> list[dict[str, Any]]:
    stores, at = get_stores(), now()
    if sight.by_vault:
        found = reveal_order(stores=stores, order=as_found(order), who=who, recording=chosen, at=at)
        return [_plain(one) for one in found]
    handed = read_handed(stores=stores, order_id=order.id, recording=chosen, at=at)
    return [_plain_handed(one) for one in handed]


def _plain_handed(one: Handed) -> dict[str, Any]:
    field = {"id": f"handed-{one.place}", "name": _("内容"), "value": one.text, "long": True}
    return {
        "place": one.place,
        "fields": [field],
        "commitment": one.commitment.hex(),
        "salt": one.salt.hex(),
    }


def _plain(one: RevealedSecret) -> dict[str, Any]:
    return {
        "place": one.place,
        "fields": [
            {"id": f"secret-{one.unit}-{n}", "name": _field_name(name), "value": value}
            for n, (name, value) in enumerate(one.fields.items(), 1)
        ],
        "replaced": one.replaced,
        "commitment": one.commitment.hex(),
        "salt": one.salt.hex(),
        "batch": one.batch,
        "index": one.index + 1,
    }


def _field_name(name: str) -> str:
    names = {
        "secret": _("卡密"),
        "number": _("卡号"),
        "card": _("卡号"),
        "code": _("密码"),
        "password": _("密码"),
        "pin": _("密码"),
        "link": _("链接"),
    }
    return names.get(name, name)


@require_http_methods(["GET", "POST"])
@order_page
def test(request: HttpRequest, order: Order) -> HttpResponseBase:
    """Say whether it works. What is told is kept, and can be shown later to whoever decides."""
    sight = _sight(order)
    if not (sight.revealed and sight.state is OrderState.DELIVERED):
        return redirect("market_order", number=order.number)
    form = TestForm(request.POST, request.FILES) if request.method == "POST" else TestForm()
    kept = _keep_test(order, form) if form.is_valid() else False
    if request.method == "GET" or form.errors:
        told = read_tests(stores=get_stores(), order_id=order.id, at=now())
        context = {"order": order, "sight": sight, "form": form, "tests": told, "here": "orders"}
        status = 200 if request.method == "GET" else 422
        return render(request, "pages/market_test.html", context, status=status)
    if kept:
        messages.success(request, _("记下了，写了时间，改不了。"))
    else:
        messages.warning(request, _("这次没有记：这个订单记过 5 次了，或已经完成。"))
    return redirect("market_order", number=order.number)


def _keep_test(order: Order, form: TestForm) -> bool:
    """Whether it was kept; what is wrong with a file is said at its field."""
    given = form.cleaned_data
    result = ToldTest(given["works"] == "yes", given["recorded"] or None, given["note"])
    try:
        return record_test(
            stores=get_stores(), order_id=order.id, result=result, files=given["files"], at=now()
        )
    except InputError as error:
        form.add_error("files", f"{error.reason}{error.hint}")
        return False


@require_http_methods(["GET", "POST"])
@order_page
def confirm(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The buyer says that it works: after a warning the money goes to the merchant."""
    sight = _sight(order)
    if sight.state is not OrderState.DELIVERED:
        return redirect("market_order", number=order.number)
    if sight.holds_secrets and not sight.revealed:
        messages.info(request, _("先查看卡密、试过能用，再确认。"))
        return redirect("market_order", number=order.number)
    if request.method == "GET":
        context = {"order": order, "sight": sight, "here": "orders"}
        return render(request, "pages/market_confirm.html", context)
    if confirm_receipt(stores=get_stores(), order_id=order.id, at=now()):
        messages.success(request, _("确认了，钱付给商家。"))
    else:
        messages.info(request, _("没有放款：订单刚刚有了变化，或者有争议在处理。请看现在的状态。"))
    return redirect("market_order", number=order.number)


urlpatterns = [
    path("<str:number>/secrets/", secrets, name="market_secrets"),
    path("<str:number>/test/", test, name="market_test"),
    path("<str:number>/confirm/", confirm, name="market_confirm"),
]
