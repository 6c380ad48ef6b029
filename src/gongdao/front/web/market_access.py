"""Who may see an order: the session that opened it with its code, or the account that placed it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from gongdao.front.web.market_order_view import OrderLine, make_lines
from gongdao.market.models import Order
from gongdao.market.own_orders import HeldOrder, find_own_order, hold_of, list_own_orders

P = ParamSpec("P")
OrderView = Callable[Concatenate[HttpRequest, Order, P], HttpResponseBase]
_HELD = "orders"
_MOST_HELD = 50
_LISTED = 20


def held_orders(request: HttpRequest) -> list[HeldOrder]:
    """The orders that this session opened, latest last."""
    written = (one.split(":") for one in request.session.get(_HELD, []))
    return [HeldOrder(UUID(id_), int(turn), number) for id_, turn, number in written]


def hold_order(request: HttpRequest, order: Order) -> None:
    """Let this session see the order; a new session key keeps a planted one from it."""
    request.session.cycle_key()
    _keep(request, [*_others(request, order), hold_of(order)])


def drop_order(request: HttpRequest, order: Order) -> None:
    """Forget the order on this device."""
    _keep(request, _others(request, order))


def _others(request: HttpRequest, order: Order) -> list[HeldOrder]:
    return [one for one in held_orders(request) if one.id != order.id]


def _keep(request: HttpRequest, held: list[HeldOrder]) -> None:
    request.session[_HELD] = [
        f"{one.id}:{one.code_round}:{one.number}" for one in held[-_MOST_HELD:]
    ]


def buyer_id(request: HttpRequest) -> UUID | None:
    """The account that is signed in."""
    return request.user.pk if request.user.is_authenticated else None


def order_page(view: OrderView[P]) -> Callable[..., HttpResponseBase]:
    """A page of one order. Who may not see it meets the same form for an order that exists and for
    one that does not."""

    @wraps(view)
    def answer(
        request: HttpRequest, number: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        number = number.strip().upper()
        order = find_own_order(number=number, held=held_orders(request), buyer_id=buyer_id(request))
        if order is None:
            return private(show_look_up(request, number=number))
        return private(view(request, order, *args, **kwargs))

    return answer


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Let no search engine keep it."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def show_look_up(
    request: HttpRequest, *, number: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    """The form for number and query code, and the orders that this device or account holds."""
    lines: list[OrderLine] = []
    if not problem:
        orders = list_own_orders(
            held=held_orders(request), buyer_id=buyer_id(request), most=_LISTED
        )
        lines = make_lines(orders)
    context = {"number": number, "problem": problem, "orders": lines, "here": "orders"}
    return render(request, "pages/market_look_up.html", context, status=status)
