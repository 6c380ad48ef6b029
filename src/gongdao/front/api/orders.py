"""Orders: place one, see where it stands, read what was bought, confirm it."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from gongdao.core.errors import InputError, OrderLocked
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.api.lean_handler import as_json
from gongdao.front.api.read_body import Body
from gongdao.front.clock import now
from gongdao.front.gateways import find_gateway, pay_step
from gongdao.front.stores import get_stores
from gongdao.market.find_order import FoundOrder, find_order
from gongdao.market.own_orders import find_asked, query_code
from gongdao.market.place_order import Placed, Wanted, place_order
from gongdao.market.release_orders import confirm_receipt
from gongdao.market.reveal_order import reveal_order
from gongdao.market.shown import find_shown

_FIELDS = ("listing", "version", "quantity", "contact", "terms", "pay_with", "answers")
_CODE_HEADER = "HTTP_X_QUERY_CODE"
_LONGEST_KEY = 100


@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Place an order. With an `Idempotency-Key` the same request again answers the same order."""
    body = Body(request)
    body.only(*_FIELDS)
    gateway = find_gateway(body.text("pay_with", longest=16))
    wanted = Wanted(
        listing_id=body.uuid("listing"),
        version=body.whole("version", 1, 1_000_000),
        quantity=body.whole("quantity", 1, 500),
        contact=body.text("contact", longest=254),
        terms=body.whole("terms", 1, 1_000_000),
        gateway=gateway.name,
        account=gateway.account,
        answers=body.texts("answers"),
        request=_request_digest(request),
    )
    placed = _place(wanted, now())
    step = pay_step(gateway, placed)
    return as_json(
        {
            "number": placed.number,
            "query_code": placed.code,
            "total": str(placed.total),
            "currency": placed.total.currency,
            "reserved_until": placed.reserved_until.astimezone(UTC).isoformat(),
            "promise_by": placed.promise_by.astimezone(UTC).isoformat(),
            "pay": {"url": step.url, "fields": dict(step.fields), "qr": step.qr},
        },
        status=201,
    )


def _place(wanted: Wanted, at: datetime) -> Placed:
    """Place the order; where this very request was answered before, its order again."""
    try:
        return place_order(stores=get_stores(), wanted=wanted, at=at)
    except IntegrityError:
        asked = find_asked(wanted.request) if wanted.request else None
        if asked is None:
            raise
    return Placed(
        asked.number,
        query_code(stores=get_stores(), order=asked, at=at),
        Money(asked.total_minor, asked.currency),
        find_shown(asked.listing_id, asked.listing_version).offer.title,
        asked.reserved_until,
        asked.promise_by,
    )


def _request_digest(request: HttpRequest) -> bytes | None:
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise InputError(
            _("1 到 {most} 个字符。").format(most=_LONGEST_KEY), field="Idempotency-Key"
        )
    return sha256(key.encode() + b"\0" + request.body).digest()


def _open(request: HttpRequest, number: str) -> FoundOrder:
    code = request.META.get(_CODE_HEADER, "")
    if not code:
        raise OrderLocked
    return find_order(stores=get_stores(), number=number, code=code, at=now())


@require_GET
def show(request: HttpRequest, number: str) -> HttpResponse:
    """Where an order stands."""
    order = _open(request, number)
    return as_json({"number": order.number, "state": order.state.value, "quantity": order.quantity})


@require_POST
def read_secrets(request: HttpRequest, number: str) -> HttpResponse:
    """The secrets of a delivered order; that they were read is recorded."""
    order = _open(request, number)
    secrets = reveal_order(stores=get_stores(), order=order, who="api", at=now())
    told = [
        {
            "place": one.place,
            "fields": one.fields,
            "commitment": one.commitment.hex(),
            "salt": one.salt.hex(),
            "batch": str(one.batch),
            "index": one.index,
            "replaced": one.replaced,
        }
        for one in secrets
    ]
    return as_json({"number": order.number, "secrets": told})


@require_POST
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The buyer says that it works: the money goes to the merchant."""
    order = _open(request, number)
    done = confirm_receipt(stores=get_stores(), order_id=order.id, at=now())
    return as_json({"number": order.number, "released": done})


urlpatterns = [
    path("", place),
    path("/<str:number>", show),
    path("/<str:number>/secrets", read_secrets),
    path("/<str:number>/confirm", confirm),
]
