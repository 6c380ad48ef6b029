"""Fill in what is recorded of an order already: the buyer is asked for nothing the platform knows.

Facts from the order and what it was shown, the payment, the vault, the supplier, the issuer and
earlier cases. What only people can say is not here; what the buyer told of his test is, under his
own name as source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.disputes.facts import Fact, FactName, Facts, Source, Value
from gongdao.disputes.models import Case
from gongdao.disputes.states import ReasonCode
from gongdao.market.decide_top_up import RUNNING
from gongdao.market.models import Order
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.price_history import get_price_history, judge_shown_price
from gongdao.market.promise import ServiceHours
from gongdao.market.record_test import read_tests
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.vault.queries import count_available

_N, _S = FactName, Source
_RANK = ("used", "invalid", "valid")
"""Of several secrets the worst answer counts."""
_NO_DEFECT = frozenset(
    {ReasonCode.LATE, ReasonCode.NOT_DELIVERED, ReasonCode.CANCELLED_BY_MERCHANT}
)
_INCIDENTS = frozenset({"secrets_missing", "payment_unknown"})
"""Findings of the watchdog that are the platform's own fault."""


@dataclass(frozen=True)
class Asked:
    """What the buyer chose: why, what he wants (``refund`` or ``replacement``), and how much of
    what he paid; None asks for all of it."""

    reason: ReasonCode
    wanted: str = "refund"
    minor: int | None = None


@dataclass(frozen=True)
class _Book:
    """Writes facts of one moment."""

    order: Order
    at: datetime

    def fact(self, name: FactName, value: Value, source: Source, *evidence: str) -> Fact:
        return Fact(name, value, source, self.at, evidence or (f"order:{self.order.number}",))


def collect_facts(
    *, stores: Stores, order: Order, asked: Asked, case_id: UUID | None, at: datetime
) -> Facts:
    """All that is recorded of ``order`` at this moment. ``case_id`` is the case itself, which the
    counts of earlier ones leave out. Three to six statements."""
    book = _Book(order, at)
    row = _read(order)
    offer = find_shown(order.listing_id, order.listing_version).offer
    found = [
        *_asked_facts(book, asked, row["paid"]),
        *_money_facts(book, row),
        *_delivery_facts(book, row, offer),
        *_issuer_facts(book, row),
        *_supplier_facts(book, row),
        *_incident_facts(book, row),
        *_price_facts(book, offer),
        *_history_facts(book, case_id, bool(row["linked"])),
    ]
    if order.revealed_at is not None:
        found += _test_facts(book, stores, row)
    if asked.wanted == "replacement":
        found.append(_stock_fact(book))
    if not any(one.name is _N.AFFECTED_UNITS for one in found):
        affected = int(row["twice"]) or (1 if order.quantity == 1 else 0)
        found += [book.fact(_N.AFFECTED_UNITS, affected, _S.PLATFORM)] if affected else []
    return Facts(tuple(found))


def _read(order: Order) -> dict[str, Any]:
    values: dict[str, Any] = {
        "order": order.id,
        "merchant": order.merchant_id,
        "buyer": order.buyer_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_sql("gongdao.disputes", "order_facts"), values)
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchone(), strict=True))


def _asked_facts(book: _Book, asked: Asked, paid: int) -> Iterator[Fact]:
    yield book.fact(_N.JUDGED_AT, book.at, _S.PLATFORM)
    yield book.fact(_N.WANTED, asked.wanted, _S.PLATFORM)
    wanted = paid if asked.minor is None else min(asked.minor, paid)
    yield book.fact(_N.ASKED_MINOR, wanted, _S.PLATFORM)
    yield book.fact(_N.DEFECT_CLAIMED, asked.reason not in _NO_DEFECT, _S.PLATFORM)
    yield book.fact(_N.NO_RETURN_CONFIRMED, False, _S.PLATFORM)


def _money_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    yield book.fact(_N.PAID_MINOR, row["paid"], _S.GATEWAY)
    yield book.fact(_N.RETURNED_MINOR, row["returned"], _S.PLATFORM)
    yield book.fact(_N.COMPENSATED_MINOR, row["compensated"], _S.PLATFORM)
    yield book.fact(_N.SURPLUS_MINOR, row["surplus"], _S.GATEWAY)
    yield book.fact(_N.PAID_OUT, bool(row["paid_out"]), _S.PLATFORM)
    if book.order.paid_at is not None:
        yield book.fact(_N.PAID_AT, book.order.paid_at, _S.GATEWAY)


def _delivery_facts(book: _Book, row: dict[str, Any], offer: Offer) -> Iterator[Fact]:
    order, tops = book.order, row["top_ups"] or []
    yield book.fact(_N.QUANTITY, order.quantity, _S.PLATFORM)
    done = order.delivered_at is not None
    units = min(int(row["units"]), order.quantity)
    if tops:
        units = sum(state in ("done", "partial") for state, _face, _minor in tops)
    yield book.fact(_N.DELIVERED_UNITS, units, _S.PLATFORM)
    yield book.fact(_N.DELIVERED, done and units >= order.quantity, _S.PLATFORM)
    yield book.fact(_N.PROMISE_BY, promised_by(order, row["deliver_from"]), _S.PLATFORM)
    if order.delivered_at is not None:
        yield book.fact(_N.DELIVERED_AT, order.delivered_at, _S.PLATFORM)
        inside = is_open(offer.hours, order.delivered_at)
        yield book.fact(_N.DELIVERED_IN_HOURS, inside, _S.PLATFORM)
    yield book.fact(_N.REVEALED, order.revealed_at is not None, _S.PLATFORM)
    if order.revealed_at is not None:
        yield book.fact(_N.REVEALED_AT, order.revealed_at, _S.PLATFORM)
    yield book.fact(_N.LISTING_SAYS_TEST, offer.kind is GoodsKind.TEST_CARD, _S.PLATFORM)
    yield book.fact(_N.SECRET_IN_TWO_ORDERS, row["twice"] > 0, _S.PLATFORM)
    first, revealed = row["opened_by_others"], order.revealed_at
    opened = first is not None and (revealed is None or first < revealed)
    yield book.fact(_N.SECRET_OPENED_BY_OTHERS, opened, _S.PLATFORM)
    yield book.fact(_N.CANCELLED_BY, _cancelled_by(order), _S.PLATFORM)
    face = None if tops else read_face(offer)
    if face is not None:
        yield book.fact(_N.LISTING_FACE_MINOR, face.minor, _S.PLATFORM)


def promised_by(order: Order, deliver_from: datetime | None) -> datetime:
    """By when the goods are due; time that the platform took to ask the buyer is not counted."""
    if deliver_from is None:
        return order.promise_by
    return max(order.promise_by, deliver_from + (order.promise_by - order.placed_at))


def is_open(hours: ServiceHours, at: datetime) -> bool:
    """Whether the listing's service hours run at this moment."""
    day = beijing(at).date()
    return any(start <= at < end for start, end in hours.spans(day))


def read_face(offer: Offer) -> Money | None:
    """What a card is worth by its listing, where the denomination is an amount of money."""
    try:
        return Money.parse(offer.denomination, offer.price.currency)
    except InputError:
        return None


def _cancelled_by(order: Order) -> str:
    if order.why == "buyer_withdrew":
        return "buyer"
    back = order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
    return "merchant" if back and order.why == "cancelled_by_merchant" else "none"


def _issuer_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    answers: Sequence[tuple[str, str]] = row["issuer"] or ()
    told = [status for status, _at in answers]
    worst = next((one for one in _RANK if one in told), "unknown")
    if worst == "unknown":
        yield book.fact(_N.ISSUER_STATUS, worst, _S.ISSUER, "issuer:no_answer")
        return
    yield book.fact(_N.ISSUER_STATUS, worst, _S.ISSUER)
    if worst != "valid":
        yield book.fact(_N.AFFECTED_UNITS, told.count(worst), _S.PLATFORM)
    seen, used_by = book.order.revealed_at, row["used_by"]
    # An answer "used" dates the use from above alone: it tells where it came before the reveal.
    tells = worst == "used" and seen is not None and used_by is not None and used_by <= seen
    yield book.fact(_N.ISSUER_TELLS_TIME, tells, _S.ISSUER)
    if tells:
        yield book.fact(_N.ISSUER_USED_AT, used_by, _S.ISSUER)


def _supplier_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    tops = row["top_ups"] or []
    if not tops:
        yield book.fact(_N.SUPPLIER_STATE, "none", _S.PLATFORM)
        return
    states = {state for state, _face, _done in tops}
    running = {one.value for one in RUNNING}
    if states <= {"done", "partial"}:
        said = "delivered"
    elif states & {"rejected", "failed"}:
        said = "rejected"
    else:
        said = "unknown" if states & running else "none"
    yield book.fact(_N.SUPPLIER_STATE, said, _S.SUPPLIER)
    if row["asked_at"] is not None:
        yield book.fact(_N.SUPPLIER_ASKED_AT, row["asked_at"], _S.SUPPLIER)
    if said == "delivered":
        yield book.fact(_N.LISTING_FACE_MINOR, sum(face for _s, face, _d in tops), _S.PLATFORM)
        yield book.fact(_N.DELIVERED_FACE_MINOR, sum(done for _s, _f, done in tops), _S.SUPPLIER)


def _incident_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    codes = set(row["findings"] or ())
    yield book.fact(_N.PLATFORM_INCIDENT, bool(codes & _INCIDENTS), _S.PLATFORM)
    yield book.fact(_N.GATEWAY_INCIDENT, "refund_stuck" in codes, _S.PLATFORM)


def _price_facts(book: _Book, offer: Offer) -> Iterator[Fact]:
    if offer.compared_price is None:
        return
    order = book.order
    history = get_price_history(
        listing_id=order.listing_id, merchant_id=order.merchant_id, at=order.placed_at
    )
    judged = judge_shown_price(offer, history, order.placed_at)
    if judged is None:
        return
    yield book.fact(_N.PRICE_SUPPORTED, judged.allowed, _S.PLATFORM)
    unit = order.total_minor // order.quantity
    over = 0
    if not judged.allowed and judged.ceiling is not None:
        over = max(unit - judged.ceiling.minor, 0) * order.quantity
    yield book.fact(_N.OVERCHARGE_MINOR, over, _S.PLATFORM)


def _test_facts(book: _Book, stores: Stores, row: dict[str, Any]) -> Iterator[Fact]:
    if row["told"] is None:
        yield book.fact(_N.TEST_TOLD, "none", _S.PLATFORM)
        return
    yield book.fact(_N.TEST_TOLD, "works" if row["told"] else "fails", _S.PLATFORM)
    yield book.fact(_N.TEST_TOLD_AT, row["told_at"], _S.PLATFORM)
    said = [one.recorded for one in read_tests(stores=stores, order_id=book.order.id, at=book.at)]
    if said[-1] is not None:
        yield book.fact(_N.RECORDING_BEFORE_REVEAL, said[-1], _S.BUYER)


def _stock_fact(book: _Book) -> Fact:
    order = book.order
    shown = find_shown(order.listing_id, order.listing_version)
    there = 0
    if shown.sku_id is not None and shown.offer.delivery is Delivery.SECRET:
        there = count_available([shown.sku_id], most=order.quantity).get(shown.sku_id, 0)
    return book.fact(_N.REPLACEMENT_IN_STOCK, there >= order.quantity, _S.PLATFORM)


_COUNTS = (
    _N.BUYER_CLAIMS_30D,
    _N.BUYER_USED_CLAIMS_90D,
    _N.BUYER_DISPROVED_180D,
    _N.BUYER_OPEN_CASES,
    _N.MERCHANT_ORDERS_90D,
    _N.MERCHANT_USED_UPHELD_90D,
    _N.MERCHANT_SILENCES_30D,
    _N.MERCHANT_EMPTY_ANSWERS_30D,
    _N.MERCHANT_EXCUSES_FALLEN_90D,
    _N.LINKED_ORDERS_30D,
)
"""The columns of ``sql/history.sql``, in their order."""


def _history_facts(book: _Book, case_id: UUID | None, linked: bool) -> Iterator[Fact]:
    order = book.order
    values: dict[str, Any] = {
        "buyer": bytes(order.buyer_digest),
        "merchant": order.merchant_id,
        "case": case_id or UUID(int=0),
        "linked": linked,
        "at": book.at,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_sql("gongdao.disputes", "history"), values)
        row = cursor.fetchone()
    counts = dict(zip(_COUNTS, map(int, row), strict=True))
    yield book.fact(_N.PARTIES_LINKED, linked, _S.PLATFORM)
    for name, count in counts.items():
        yield book.fact(name, count, _S.PLATFORM)


def asked_of(case: Case) -> Asked:
    """What the buyer of ``case`` asks for."""
    return Asked(ReasonCode(case.reason), case.wanted, case.amount_minor)
