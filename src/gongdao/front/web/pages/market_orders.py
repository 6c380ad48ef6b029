"""Orders: looked up by number and code, where one stands, and the way to pay for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import GongdaoError, InputError, OrderLocked, TooManyAttempts
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.gateways import ask_now, find_gateway, pay_step
from gongdao.front.stores import get_stores
from gongdao.front.web.held import network_of
from gongdao.front.web.market_access import (
    drop_order,
    hold_order,
    order_page,
    private,
    show_look_up,
)
from gongdao.front.web.market_order_view import (
    OrderSight,
    find_refunds,
    make_events,
    make_sight,
)
from gongdao.front.web.market_view import make_blocks
from gongdao.front.web.market_words import gateway_name
from gongdao.market.coupons import find_off
from gongdao.market.find_order import find_order
from gongdao.market.models import Order, RiskAnswer
from gongdao.market.own_orders import query_code
from gongdao.market.place_order import Placed
from gongdao.market.record_test import read_tests
from gongdao.market.risk import is_held_back
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.market.words import ANSWER_NO, ANSWER_YES, QUESTION, WARNING
from gongdao.payments.models import Intent
from gongdao.payments.port import GatewayError, PayStep

ASKING = Limit("market-ask", 20, timedelta(hours=1))
"""How often a payment service is asked about one order at a buyer's wish."""
_LONGEST = 100


@require_http_methods(["GET", "POST"])
def look_up(request: HttpRequest) -> HttpResponseBase:
    """The orders of this device, and the form for another one. A number that is none and a wrong
    code get the same answer."""
    if request.method == "GET":
        return private(show_look_up(request, number=request.GET.get("number", "")[:_LONGEST]))
    number = request.POST.get("number", "")[:_LONGEST]
    code = request.POST.get("code", "")[:_LONGEST]
    try:
        found = find_order(stores=get_stores(), number=number, code=code, at=now())
    except (OrderLocked, TooManyAttempts) as error:
        said = _say_locked(error)
        return private(show_look_up(request, number=number, problem=said, status=error.status))
    hold_order(request, Order.objects.get(id=found.id))
    return redirect("market_order", number=found.number)


def _say_locked(error: GongdaoError) -> str:
    if isinstance(error, TooManyAttempts):
        return str(error)
    return _("订单号或查询码不对。请对照下单时存的再试一次。")


@require_safe
@order_page
def show(request: HttpRequest, order: Order) -> HttpResponse:
    """Where the order stands, and what comes next."""
    at, stores = now(), get_stores()
    offer = find_shown(order.listing_id, order.listing_version).offer
    tests = read_tests(stores=stores, order_id=order.id, at=at) if order.revealed_at else []
    refunds = find_refunds(order)
    context = {
        "order": order,
        "sight": make_sight(order, offer, at),
        "code": query_code(stores=stores, order=order, at=at),
        "tests": tests,
        "last_test": tests[-1] if tests else None,
        "events": make_events(order, tests, refunds),
        "refunds": refunds,
        "blocks": make_blocks(offer, order.placed_at),
        **_question(order, at),
        "snapshot": bytes(order.snapshot_digest).hex(),
        "here": "orders",
    }
    return render(request, "pages/market_order.html", context)


def _question(order: Order, at: datetime) -> dict[str, Any]:
    """Whether the order is held back, and the question where it still waits for an answer."""
    if not is_held_back(order, at):
        return {"held_back": False, "asks": False}
    words = {"ask": QUESTION, "yes": ANSWER_YES, "no": ANSWER_NO, "warning": WARNING}
    question = {name: translated(text) for name, text in words.items()}
    asks = not RiskAnswer.objects.filter(order=order).exists()
    return {"held_back": True, "asks": asks, "question": question}


@require_safe
@order_page
def pay(request: HttpRequest, order: Order) -> HttpResponseBase:
    """What is paid, to whom and how; the button leads to the payment service."""
    at = now()
    offer = find_shown(order.listing_id, order.listing_version).offer
    sight = make_sight(order, offer, at)
    if sight.state not in (OrderState.PLACED, OrderState.EXPIRED):
        return redirect("market_order", number=order.number)
    intent = Intent.objects.get(out_trade_no=order.number)
    step, problem = _start(request, order, sight, intent.gateway)
    context = {
        "order": order,
        "sight": sight,
        "gateway": gateway_name(intent.gateway),
        "sandbox": intent.gateway == "sandbox",
        "off": find_off(order_id=order.id),
        "step": step,
        "qr": _draw(step.qr) if step else "",
        "problem": problem,
        "here": "orders",
    }
    status = 502 if problem else 200
    response = render(request, "pages/market_pay.html", context, status=status)
    if step and step.fields:
        there = urlsplit(step.url)
        allowed = {"form-action": [f"{there.scheme}://{there.netloc}"]}
        # django-csp's decorator takes fixed values; the service's address differs by gateway
        response._csp_update = allowed  # type: ignore[attr-defined]  # read by its middleware
    return response


def _start(
    request: HttpRequest, order: Order, sight: OrderSight, gateway: str
) -> tuple[PayStep | None, str]:
    """The next step at the payment service, or why there is none now."""
    placed = Placed(
        order.number,
        "",
        sight.total,
        sight.offer.title,
        order.reserved_until,
        order.promise_by,
    )
    try:
        return pay_step(find_gateway(gateway), placed, network_of(request)), ""
    except InputError:
        return None, _("这种支付方式现在没有开通。您没有付款，可以重新下单换一种。")
    except GatewayError:
        return None, _("支付渠道现在没有回应，您还没有付款。请过一会儿再试。")


def _draw(text: str) -> str:
    """``text`` as a QR code for the picture's address; empty for nothing."""
    if not text:
        return ""
    return str(segno.make(text, micro=False, error="m").svg_data_uri(border=4, light="#fff"))


@require_POST
@order_page
def ask(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The buyer says that he paid: ask the payment service at once instead of waiting for it."""
    intent = Intent.objects.get(out_trade_no=order.number)
    count_attempt(stores=get_stores(), limit=ASKING, who=order.number, at=now())
    try:
        found = ask_now(intent.gateway, order.number)
    except (GatewayError, InputError):
        messages.warning(request, _("支付渠道现在没有回应。钱不会丢：它一说收到，这里就变。"))
    else:
        if not found and not intent.trade_no:
            messages.info(request, _("支付渠道说还没有收到这笔钱。刚付的话，请等半分钟再看。"))
    return redirect("market_order", number=order.number)


@require_POST
@order_page
def leave(request: HttpRequest, order: Order) -> HttpResponseBase:
    """Forget the order on this device; number and code open it again."""
    drop_order(request, order)
    messages.success(request, _("这台设备不再记得这个订单。用订单号和查询码可以再打开。"))
    return redirect("market_orders")


urlpatterns = [
    path("", look_up, name="market_orders"),
    path("<str:number>/", show, name="market_order"),
    path("<str:number>/pay/", pay, name="market_pay"),
    path("<str:number>/ask/", ask, name="market_ask"),
    path("<str:number>/leave/", leave, name="market_leave"),
]
