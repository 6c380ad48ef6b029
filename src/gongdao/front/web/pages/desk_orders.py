"""A merchant's orders: found, listed, written out as CSV, delivered by hand. `desk_cancel` ends
those that he cannot fulfil."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.clock import say_minute
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.market_order_view import make_lines, make_sight
from gongdao.front.web.market_words import STATE_NAMES, say_moment
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.front.web.pages.desk_cancel import cancel, name_cancel
from gongdao.ledger.csv_lines import csv_lines
from gongdao.market.cancel_order import can_cancel
from gongdao.market.deliver_by_hand import LONGEST_TEXT, deliver_by_hand
from gongdao.market.desk_orders import find_orders, is_by_hand, order_rows, read_entered
from gongdao.market.models import Order
from gongdao.market.risk import is_held_back
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.market.thread import find_thread_of_order

_PER_PAGE = 25
_MOST_PAGES = 400
_MOST_FIELDS = 20
"""More pieces than this are entered one a line in a single field."""


@require_safe
@desk_page
def orders(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The orders, newest first, or those of one state; one by its number."""
    state, number = _asked(request)
    page = _page_number(request.GET.get("page", ""))
    found = find_orders(merchant_id=desk.merchant.id, state=state, number=number)
    begin = (page - 1) * _PER_PAGE
    rows = list(found[begin : begin + _PER_PAGE + 1])
    at, shown = now(), rows[:_PER_PAGE]
    lines = [
        {"line": line, "by": _by(row, at), "late": _is_late(row, at)}
        for line, row in zip(make_lines(shown), shown, strict=True)
    ]
    return show(
        request,
        desk,
        "desk_orders",
        "orders",
        lines=lines,
        state=state,
        number=number,
        states=[(one.value, translated(name)) for one, name in STATE_NAMES.items()],
        page_no=page,
        before=page - 1,
        after=page + 1 if len(rows) > _PER_PAGE and page < _MOST_PAGES else 0,
    )


def _asked(request: HttpRequest) -> tuple[str, str]:
    state = request.GET.get("state", "")
    number = request.GET.get("number", "").replace("\0", "").strip()[:40]
    return (state if state in list(OrderState) else ""), number


def _page_number(text: str) -> int:
    plain = text.isascii() and text.isdigit() and len(text) < 5
    return max(1, min(int(text), _MOST_PAGES)) if plain else 1


def _by(row: Order, at: datetime) -> str:
    return say_moment(row.promise_by, at) if row.state == OrderState.PAID else ""


def _is_late(row: Order, at: datetime) -> bool:
    return row.state == OrderState.PAID and row.promise_by < at


@require_safe
@desk_page
def export(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The orders that the list shows, all of them, as CSV: nothing in it says who bought."""
    state, number = _asked(request)
    found = find_orders(merchant_id=desk.merchant.id, state=state, number=number)
    desk.note("orders.exported", "merchant", desk.merchant.id)
    chunks = (line.encode() for line in csv_lines(_rows(found)))
    name = f"orders-{now():%Y%m%d}.csv"
    return file_answer(chunks, name=name, media_type="text/csv; charset=utf-8")


def _rows(found: Any) -> Iterator[list[str]]:
    yield [
        *(_("订单号"), _("商品"), _("件数"), _("总价"), _("币种"), _("状态"), _("下单时间")),
        *(_("付款时间"), _("承诺时间"), _("发货时间"), _("结束时间")),
    ]
    for order, title in order_rows(found):
        times = (order.placed_at, order.paid_at, order.promise_by, order.delivered_at)
        yield [
            order.number,
            title,
            str(order.quantity),
            str(Money(order.total_minor, order.currency)),
            order.currency,
            translated(STATE_NAMES[OrderState(order.state)]),
            *(say_minute(at) if at else "" for at in (*times, order.ended_at)),
        ]


@require_safe
@desk_page
def order(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """Where an order stands, and what there is to do."""
    return _show(request, desk, desk.order(number))


def _show(
    request: HttpRequest, desk: Desk, row: Order, *, status: int = 200, **more: Any
) -> HttpResponseBase:
    at = now()
    offer = find_shown(row.listing_id, row.listing_version).offer
    by_hand = is_by_hand(row) and row.state == OrderState.PAID
    return show(
        request,
        desk,
        "desk_order",
        "orders",
        status=status,
        order=row,
        sight=make_sight(row, offer, at),
        by_hand=by_hand,
        waits_for_buyer=by_hand and is_held_back(row, at),
        asks=bool(offer.asks),
        thread=find_thread_of_order(row.id),
        may_cancel=can_cancel(row),
        cancelled=name_cancel(row),
        times=[
            {"at": moment, "what": what}
            for moment, what in (
                (row.placed_at, _("下单")),
                (row.paid_at, _("收到付款")),
                (row.delivered_at, _("发货")),
                (row.revealed_at, _("买家第一次查看")),
                (row.ended_at, _("结束")),
            )
            if moment
        ],
        **more,
    )


@require_POST
@desk_page
def entered(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """What the buyer filled in, where it is needed to deliver; that it was read is recorded."""
    row = desk.order(number)
    if not _can_deliver(row):
        return redirect("desk_order", number=row.number)
    return _show(request, desk, row, answers=_look_at_answers(desk, row), fields=_fields(row))


def _look_at_answers(desk: Desk, row: Order) -> list[tuple[str, str]]:
    """What the buyer filled in; that the merchant looked is in the record."""
    desk.note("order.entered_read", "order", row.id)
    return list(read_entered(stores=get_stores(), order=row, at=now()).items())


def _can_deliver(row: Order) -> bool:
    return row.state == OrderState.PAID and is_by_hand(row) and not is_held_back(row, now())


def _fields(row: Order, typed: Any = None) -> list[dict[str, Any]]:
    """The fields of the delivery; what was typed stands in them."""
    given = typed or {}
    if row.quantity > _MOST_FIELDS:
        return [
            {"name": "texts", "label": _("发货内容，一行一件"), "value": given.get("texts", "")}
        ]
    return [
        {
            "name": f"text_{n}",
            "label": _("第 {n} 件的发货内容").format(n=n) if row.quantity > 1 else _("发货内容"),
            "value": given.get(f"text_{n}", ""),
        }
        for n in range(1, row.quantity + 1)
    ]


@require_POST
@desk_page
def deliver(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """Hand over what was ordered, one text for each piece."""
    row = desk.order(number)
    if row.quantity > _MOST_FIELDS:
        lines = request.POST.get("texts", "").splitlines()
        texts = [line.strip() for line in lines if line.strip()]
    else:
        texts = [request.POST.get(f"text_{n}", "").strip() for n in range(1, row.quantity + 1)]
    try:
        done = deliver_by_hand(
            stores=get_stores(),
            order_id=row.id,
            merchant_id=desk.merchant.id,
            texts=texts,
            by=desk.user_id,
            at=now(),
        )
    except InputError as error:
        problem = {"id": error.place.field or "texts", "why": str(error.reason)}
        if row.quantity > _MOST_FIELDS:
            problem["id"] = "texts"
        told: dict[str, Any] = {"fields": _fields(row, request.POST), "problem": problem}
        if _can_deliver(row):
            told["answers"] = _look_at_answers(desk, row)
        return _show(request, desk, row, status=422, **told)
    if done:
        desk.note("order.delivered", "order", row.id)
        messages.success(request, _("发货了。买家看得到内容，这里不再显示。"))
    else:
        messages.warning(request, _("这个订单现在不能发货：可能已发货、已退款，或在等买家回答。"))
    return redirect("desk_order", number=row.number)


LONGEST = LONGEST_TEXT
"""Signs of one piece."""
urlpatterns = [
    path("", orders, name="desk_orders"),
    path("export.csv", export, name="desk_orders_csv"),
    path("<str:number>/", order, name="desk_order"),
    path("<str:number>/entered/", entered, name="desk_entered"),
    path("<str:number>/deliver/", deliver, name="desk_deliver"),
    path("<str:number>/cancel/", cancel, name="desk_cancel"),
]
