"""Orders: place one, see where it stands, read what was bought, test it, confirm it.

An order is opened by its query code in ``X-Query-Code``, or by a key of the account that placed it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from gongdao.core.errors import InputError, OrderLocked, OrderRefused
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.api.by_method import ByMethod
from gongdao.front.api.caller import address_of, has_key, need_key
from gongdao.front.api.lean_handler import as_json
from gongdao.front.api.paging import answer_page, only
from gongdao.front.api.read_body import Body
from gongdao.front.clock import now
from gongdao.front.gateways import find_gateway, pay_step
from gongdao.front.stores import get_stores
from gongdao.market.api_keys import Scope
from gongdao.market.coupon_tries import limiting_guesses
from gongdao.market.coupons import LONGEST_CODE, find_off
from gongdao.market.deliver_by_hand import Handed, read_handed
from gongdao.market.find_order import FoundOrder, find_order
from gongdao.market.models import Order
from gongdao.market.offer import Delivery
from gongdao.market.order_receipt import Pieces, make_order_receipt
from gongdao.market.own_orders import as_found, find_asked, find_own_order, find_titles, query_code
from gongdao.market.place_order import Placed, Wanted, place_order
from gongdao.market.record_test import LONGEST_NOTE, ToldTest, record_test
from gongdao.market.release_orders import confirm_receipt
from gongdao.market.reveal_order import reveal_order
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.market.words import standing_words
from gongdao.payments.models import Intent
from gongdao.payments.port import Gateway, GatewayError
from gongdao.vault.reveal import RevealedSecret

FIELDS = (
    "listing",
    "version",
    "quantity",
    "contact",
    "terms",
    "pay_with",
    "answers",
    "client_ip",
    "coupon",
    "no_return",
)
LONGEST_KEY = 100
_CODE_HEADER = "HTTP_X_QUERY_CODE"


def place(request: HttpRequest) -> HttpResponse:
    """Place an order. With an `Idempotency-Key` the same request again answers the same order."""
    buyer = need_key(request, Scope.BUYER).user_id if has_key(request) else None
    body = Body(request)
    body.only(*FIELDS)
    gateway = find_gateway(body.text("pay_with", longest=16))
    address = _client_ip(body) or address_of(request)
    wanted = Wanted(
        listing_id=body.uuid("listing"),
        version=body.whole("version", 1, 1_000_000),
        quantity=body.whole("quantity", 1, 500),
        contact=body.text("contact", longest=254),
        terms=body.whole("terms", 1, 1_000_000),
        gateway=gateway.name,
        account=gateway.account,
        answers=body.texts("answers"),
        coupon=body.text("coupon", longest=LONGEST_CODE, default=""),
        no_return=body.truth("no_return", default=False),
        buyer_id=buyer,
        request=_request_digest(request, buyer),
    )
    at = now()
    with limiting_guesses(
        stores=get_stores(),
        code=wanted.coupon,
        listing_id=wanted.listing_id,
        caller=f"account/{buyer}" if buyer else address_of(request),
        at=at,
    ):
        placed = _place(wanted, at)
    try:
        way = _way_to_pay(gateway, placed, address)
    except GatewayError:  # the order is there: its code must not be lost with the answer
        way = None
    return as_json(
        {
            "number": placed.number,
            "query_code": placed.code,
            "total": str(placed.total),
            "off": str(placed.off) if placed.off else None,
            "currency": placed.total.currency,
            "reserved_until": say_time(placed.reserved_until),
            "promise_by": say_time(placed.promise_by),
            "pay": way,
        },
        status=201,
    )


def _way_to_pay(gateway: Gateway, placed: Placed, address: str) -> dict[str, Any]:
    step = pay_step(gateway, placed, address)
    return {"url": step.url, "fields": dict(step.fields), "qr": step.qr}


def pay(request: HttpRequest, number: str) -> HttpResponse:
    """The way to pay for an order that waits for money, asked for again."""
    body = Body(request)
    body.only("client_ip")
    address = _client_ip(body) or address_of(request)
    order = Order.objects.get(id=_open(request, number).id)
    if order.state != OrderState.PLACED:
        raise OrderRefused(Phrase("这一单现在不用付款。"))
    gateway = find_gateway(Intent.objects.get(out_trade_no=order.number).gateway)
    return as_json({"number": order.number, "pay": _way_to_pay(gateway, _placed(order), address)})


def _place(wanted: Wanted, at: datetime) -> Placed:
    """Place the order; where this very request was answered before, its order again."""
    try:
        return place_order(stores=get_stores(), wanted=wanted, at=at)
    except IntegrityError:
        asked = find_asked(wanted.request) if wanted.request else None
        if asked is None:
            raise
    return _placed(asked)


def _placed(order: Order) -> Placed:
    """An order as it was when it had just been placed."""
    return Placed(
        order.number,
        query_code(stores=get_stores(), order=order, at=now()),
        Money(order.total_minor, order.currency),
        find_shown(order.listing_id, order.listing_version).offer.title,
        order.reserved_until,
        order.promise_by,
        find_off(order_id=order.id),
    )


def _client_ip(body: Body) -> str:
    """Where the buyer himself sits, where a shop's server asks for him: one service wants it."""
    text = body.text("client_ip", longest=45, default="")
    try:
        return str(ipaddress.ip_address(text)) if text else ""
    except ValueError:
        raise InputError(_("不是 IP 地址。"), field="client_ip") from None


def idempotency_key(request: HttpRequest) -> str | None:
    """What the caller named this request; InputError for a name that cannot be one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY:
        raise InputError(
            _("1 到 {most} 个字符。").format(most=LONGEST_KEY), field="Idempotency-Key"
        )
    return str(key)


def _request_digest(request: HttpRequest, buyer: UUID | None) -> bytes | None:
    key = idempotency_key(request)
    if key is None:
        return None
    whose = buyer.bytes + b"\0" if buyer else b""
    return sha256(whose + key.encode("utf-8", "replace") + b"\0" + request.body).digest()


def _open(request: HttpRequest, number: str) -> FoundOrder:
    """The order of the address, for whoever brings its code, or a key of the account it is of."""
    code = request.META.get(_CODE_HEADER, "")
    if code and "\0" not in number + code:
        return find_order(stores=get_stores(), number=number, code=code, at=now())
    if not has_key(request):
        raise OrderLocked
    buyer = need_key(request, Scope.BUYER).user_id
    number = number.strip().upper().replace("\0", "")
    order = find_own_order(number=number, held=(), buyer_id=buyer)
    if order is None:
        raise OrderLocked
    return as_found(order)


def mine(request: HttpRequest) -> HttpResponse:
    """The orders of the account, newest first."""
    only(request, "page", "per_page")
    buyer = need_key(request, Scope.BUYER).user_id
    return answer_page(request, Order.objects.filter(buyer_id=buyer).order_by("-id"), write_orders)


def show(request: HttpRequest, number: str) -> HttpResponse:
    """Where an order stands."""
    found = _open(request, number)
    return as_json(write_orders([Order.objects.get(id=found.id)])[0])


def write_orders(orders: Sequence[Order]) -> list[dict[str, Any]]:
    """Orders as JSON; nothing of what the buyer entered."""
    titles = find_titles(orders)
    return [
        {
            "number": one.number,
            "state": str(one.state),
            "why": one.why,
            "why_words": str(standing_words(OrderState(one.state), one.why)),
            "listing": str(one.listing_id),
            "version": one.listing_version,
            "title": titles[one.id],
            "quantity": one.quantity,
            "total": str(Money(one.total_minor, one.currency)),
            "currency": one.currency,
            "promise_by": say_time(one.promise_by),
            "placed_at": say_time(one.placed_at),
            "reserved_until": say_time(one.reserved_until),
            "paid_at": say_time(one.paid_at),
            "delivered_at": say_time(one.delivered_at),
            "revealed_at": say_time(one.revealed_at),
            "protected_until": say_time(one.protected_until),
            "ended_at": say_time(one.ended_at),
            "snapshot_sha256": bytes(one.snapshot_digest).hex(),
            "log_subject": one.log_subject,
        }
        for one in orders
    ]


def say_time(at: datetime | None) -> Any:
    """RFC 3339 in UTC; null for what has not happened."""
    return None if at is None else at.astimezone(UTC).isoformat()


def read_secrets(request: HttpRequest, number: str) -> HttpResponse:
    """What was bought, once it is delivered; that it was read is recorded. A supplier's or a
    person's delivery has one field, ``text``, and no batch."""
    order = _open(request, number)
    pieces = read_pieces(order)
    told = [_write_secret(one) for one in pieces.secrets]
    told += [_write_handed(one) for one in pieces.handed]
    return as_json({"number": order.number, "secrets": told})


def _write_secret(one: RevealedSecret) -> dict[str, Any]:
    return {
        "place": one.place,
        "fields": one.fields,
        "commitment": one.commitment.hex(),
        "salt": one.salt.hex(),
        "batch": str(one.batch),
        "index": one.index,
        "replaced": one.replaced,
    }


def _write_handed(one: Handed) -> dict[str, Any]:
    return {
        "place": one.place,
        "fields": {"text": one.text},
        "commitment": one.commitment.hex(),
        "salt": one.salt.hex(),
        "batch": None,
        "index": None,
        "replaced": False,
    }


def test(request: HttpRequest, number: str) -> HttpResponse:
    """What came of the buyer's test right after the reveal; kept, and committed to in the log."""
    body = Body(request)
    body.only("works", "recorded", "note")
    recorded = body.truth("recorded") if body.has("recorded") else None
    note = body.text("note", longest=LONGEST_NOTE, default="")
    result = ToldTest(body.truth("works"), recorded, note)
    order = _open(request, number)
    kept = record_test(stores=get_stores(), order_id=order.id, result=result, at=now())
    return as_json({"number": order.number, "kept": kept})


def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The buyer says that it works: the money goes to the merchant."""
    order = _open(request, number)
    done = confirm_receipt(stores=get_stores(), order_id=order.id, at=now())
    return as_json({"number": order.number, "released": done})


def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt without secrets and salts: it can be shown to anybody."""
    found = _open(request, number)
    return _answer_receipt(found, Pieces())


def whole_receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt with secrets and salts in it; that they were read is recorded."""
    found = _open(request, number)
    return _answer_receipt(found, read_pieces(found))


def read_pieces(order: FoundOrder, who: str = "api") -> Pieces:
    """Everything that was delivered in the order, read out on the record. Raise NotDelivered."""
    at, stores = now(), get_stores()
    if find_shown(order.listing_id, order.version).offer.delivery is Delivery.SECRET:
        return Pieces(secrets=reveal_order(stores=stores, order=order, who=who, at=at))
    return Pieces(handed=read_handed(stores=stores, order_id=order.id, at=at))


def _answer_receipt(found: FoundOrder, pieces: Pieces) -> HttpResponse:
    row = Order.objects.get(id=found.id)
    data = make_order_receipt(stores=get_stores(), order=row, opened=pieces)
    return HttpResponse(data, content_type="application/json")


urlpatterns = [
    path("", ByMethod(GET=mine, POST=place)),
    path("/<str:number>", ByMethod(GET=show)),
    path("/<str:number>/pay", ByMethod(POST=pay)),
    path("/<str:number>/secrets", ByMethod(POST=read_secrets)),
    path("/<str:number>/receipt", ByMethod(GET=receipt, POST=whole_receipt)),
    path("/<str:number>/test", ByMethod(POST=test)),
    path("/<str:number>/confirm", ByMethod(POST=confirm)),
]
