"""The question against fraud before delivery, and the way out of an order that still waits."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from gongdao.core.errors import OrderRefused
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_access import order_page
from gongdao.market.models import Order
from gongdao.market.risk import answer_risk_question, withdraw_delayed


@require_POST
@order_page
def answer(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The buyer says whether somebody told him to buy. Anything but a clear answer asks again."""
    told = request.POST.get("told", "")
    if told in ("yes", "no"):
        try:
            done = answer_risk_question(
                stores=get_stores(), order_id=order.id, told_by_somebody=told == "yes", at=now()
            )
        except OrderRefused as refused:
            messages.info(request, str(refused))
        else:
            if not done:
                messages.info(request, _("这个问题已经回答过，或不用回答了。"))
    return redirect("market_order", number=order.number)


@require_POST
@order_page
def withdraw(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The buyer takes back an order that waits for his answer, or for the time after it."""
    try:
        done = withdraw_delayed(stores=get_stores(), order_id=order.id, at=now())
    except OrderRefused as refused:
        messages.info(request, str(refused))
        return redirect("market_order", number=order.number)
    if done:
        messages.success(request, _("订单取消了，钱原路退回。"))
    else:
        messages.info(request, _("这个订单现在不能这样取消。"))
    return redirect("market_order", number=order.number)


urlpatterns = [
    path("<str:number>/answer/", answer, name="market_answer"),
    path("<str:number>/withdraw/", withdraw, name="market_withdraw"),
]
