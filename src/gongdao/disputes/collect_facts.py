"""Fill in what is recorded of an order already: the buyer is asked for nothing the platform knows.

Facts from the order and what it was shown, the payment, the vault, the supplier, the issuer and
earlier cases. What only people can say is not here; what the buyer told of his test is, under his
own name as source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.disputes.conditions import names_of
from gongdao.disputes.decide_liability import Mode, Remedy
from gongdao.disputes.facts import Fact, FactName, Facts, Source, Value
from gongdao.disputes.merchant_record import MerchantRecord, read_records
from gongdao.disputes.models import Case
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.told_facts import NOTHING_TOLD, Told
from gongdao.market.cancel_order import find_cancel
from gongdao.market.confirm_payment import RESTORED_UNKNOWN
from gongdao.market.decide_price import Support
from gongdao.market.decide_top_up import RUNNING
from gongdao.market.lift_restored import BEHIND_LOG
from gongdao.market.models import Order
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.price_history import get_price_history, judge_shown_price
from gongdao.market.promise import ServiceHours
from gongdao.market.record_test import read_tests
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.rules.dispute_kinds import Liability
from gongdao.rules.load import load_rules
from gongdao.vault.queries import count_available
from gongdao.vault.run_sql import run_prepared

_N, _S = FactName, Source
_RANK = ("used", "invalid", "valid")
"""Of several secrets the worst answer counts."""
_NO_DEFECT = frozenset(
    {ReasonCode.LATE, ReasonCode.NOT_DELIVERED, ReasonCode.CANCELLED_BY_MERCHANT}
)
_INCIDENTS = frozenset({"secrets_missing", "payment_unknown", BEHIND_LOG, RESTORED_UNKNOWN})
"""Findings at an order, and reasons why its money went back, that are the platform's own fault and
touch its delivery. A refund or a payment to the merchant that does not go on proves nothing of the
delivery."""
_ASKED = frozenset({"query", "bill"})
"""How a payment is heard of that its service did not tell."""
_COLUMNS = (
    *("paid", "returned", "surplus", "compensated", "units", "twice", "opened_by_others", "issuer"),
    *("used_by", "told", "told_at", "top_ups", "asked_at", "vouched", "findings", "heard"),
    *("deliver_from", "paid_out"),
    *("claims_30d", "used_claims_90d", "disproved_180d", "open_cases"),
    *("linked", "linked_orders_30d"),
)
"""Of ``sql/order_facts.sql``, in their order."""
_TEST_STOCK = """
SELECT b.id FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id
JOIN vault_batch b ON b.id = u.batch_id
JOIN LATERAL (
  SELECT v.content ->> 'kind' AS kind FROM market_listingversion v
  WHERE v.listing_id = %(listing)s AND v.published_at <= b.began_at
  ORDER BY v.number DESC LIMIT 1) AS shown ON shown.kind = 'test_card'
WHERE c.owner_kind = 'order' AND c.owner_id = %(order)s AND c.state = 'allocated' LIMIT 1
"""
"""A batch that was imported while the listing said of itself that it sells test cards."""


@dataclass(frozen=True)
class Asked:
    """What the buyer chose: why, what he wants (``refund`` or ``replacement``), and how much of
    what he paid; None asks for all of it."""

    reason: ReasonCode
    wanted: str = "refund"
    minor: int | None = None
    told: Told = NOTHING_TOLD
    """What he stated in the fields of the form."""


@dataclass(frozen=True)
class _Book:
    """Writes facts of one moment."""

    order: Order
    at: datetime

    def fact(self, name: FactName, value: Value, source: Source, *evidence: str) -> Fact:
        return Fact(name, value, source, self.at, evidence or (f"order:{self.order.number}",))


def collect_facts(
    *,
    stores: Stores,
    order: Order,
    asked: Asked,
    case_id: UUID | None,
    at: datetime,
    records: Mapping[UUID, MerchantRecord] = MappingProxyType({}),
) -> Facts:
    """All that is recorded of ``order`` at this moment. ``case_id`` is the case itself, which the
    counts of the buyer's earlier ones leave out; ``records`` holds what was read of merchants for
    this moment already. One to six statements."""
    book = _Book(order, at)
    row = _read(order, case_id, at)
    record = records.get(order.merchant_id)
    if record is None:
        record = read_records([order.merchant_id], at)[order.merchant_id]
    offer = find_shown(order.listing_id, order.listing_version).offer
    found = [
        *_asked_facts(book, asked, row["paid"]),
        *_money_facts(book, row),
        *_delivery_facts(book, row, offer),
        *_issuer_facts(book, row),
        *_supplier_facts(book, row),
        *_incident_facts(book, row),
        *_price_facts(book, offer),
        *_history_facts(book, row, record),
    ]
    if order.revealed_at is not None:
        found += _test_facts(book, stores, row)
    if asked.reason is ReasonCode.TEST_CARD:
        found += _test_stock_facts(book)
    if asked.wanted == "replacement":
        found.append(_stock_fact(book))
    if not any(one.name is _N.AFFECTED_UNITS for one in found):
        affected = int(row["twice"]) or (1 if order.quantity == 1 else 0)
        found += [book.fact(_N.AFFECTED_UNITS, affected, _S.PLATFORM)] if affected else []
    return Facts(tuple(found))


def _read(order: Order, case_id: UUID | None, at: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "order": order.id,
        "merchant": order.merchant_id,
        "buyer": order.buyer_id,
        "buyer_digest": bytes(order.buyer_digest),
        "case": case_id or UUID(int=0),
        "at": at,
        "disproving": _disproving_rows(),
    }
    row = run_prepared(load_sql("gongdao.disputes", "order_facts"), values)[0]
    return dict(zip(_COLUMNS, row, strict=True))


@lru_cache(maxsize=1)
def _disproving_rows() -> list[str]:
    """The rows, of every table in every version, by which the issuer's word alone refuses a claim:
    as verdicts name them."""
    tables = (one for one in load_rules().all() if isinstance(one, Liability))
    return sorted(
        f"{table.ref}/{row.code}"
        for table in tables
        for row in table.rows
        if row.mode == Mode.AUTOMATIC.value
        and row.remedy == Remedy.NONE.value
        and any(_N.ISSUER_SAYS in names_of(one) for one in row.when)
    )


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
    # The record, not the order's reason: that one changes when a refund is slow.
    return "merchant" if back and find_cancel(order.id) is not None else "none"


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
    # A supplier that nobody vouched for may be the merchant's own server.
    by = _S.SUPPLIER if row["vouched"] else _S.MERCHANT
    states = {state for state, _face, _done in tops}
    running = {one.value for one in RUNNING}
    if states <= {"done", "partial"}:
        said = "delivered"
    elif states & {"rejected", "failed"}:
        said = "rejected"
    else:
        said = "unknown" if states & running else "none"
    yield book.fact(_N.SUPPLIER_STATE, said, by)
    if row["asked_at"] is not None:
        yield book.fact(_N.SUPPLIER_ASKED_AT, row["asked_at"], _S.PLATFORM)
    if said == "delivered":
        yield book.fact(_N.LISTING_FACE_MINOR, sum(face for _s, face, _d in tops), _S.PLATFORM)
        yield book.fact(_N.DELIVERED_FACE_MINOR, sum(done for _s, _f, done in tops), by)


def _incident_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    codes = set(row["findings"] or ())
    yield book.fact(_N.PLATFORM_INCIDENT, bool(codes & _INCIDENTS), _S.PLATFORM)
    paid_at, by = book.order.paid_at, promised_by(book.order, row["deliver_from"])
    # Not told, and found by asking only when the goods were due already: nobody could deliver.
    untold = row["heard"] in _ASKED and paid_at is not None and paid_at > by
    yield book.fact(_N.GATEWAY_INCIDENT, untold, _S.PLATFORM)


def _price_facts(book: _Book, offer: Offer) -> Iterator[Fact]:
    if offer.compared_price is None:
        return
    order = book.order
    history = get_price_history(
        listing_id=order.listing_id, merchant_id=order.merchant_id, at=order.placed_at
    )
    judged = judge_shown_price(offer, history, order.placed_at)
    if judged is None or judged.support is Support.EXPLAINED:
        return  # deals support it or do not; whether words are true is for a person
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


def _test_stock_facts(book: _Book) -> Iterator[Fact]:
    """That what was delivered had been put on the shelf as test cards; where it was not, nothing is
    known, since a merchant may put anything there."""
    with connection.cursor() as cursor:
        values = {"listing": book.order.listing_id, "order": book.order.id}
        cursor.execute(_TEST_STOCK, values)
        row = cursor.fetchone()
    if row is not None:
        yield book.fact(_N.TEST_SECRET, True, _S.PLATFORM, f"batch:{row[0]}")


def _stock_fact(book: _Book) -> Fact:
    order = book.order
    shown = find_shown(order.listing_id, order.listing_version)
    there = 0
    if shown.sku_id is not None and shown.offer.delivery is Delivery.SECRET:
        there = count_available([shown.sku_id], most=order.quantity).get(shown.sku_id, 0)
    return book.fact(_N.REPLACEMENT_IN_STOCK, there >= order.quantity, _S.PLATFORM)


_BUYER_COUNTS = {
    _N.BUYER_CLAIMS_30D: "claims_30d",
    _N.BUYER_USED_CLAIMS_90D: "used_claims_90d",
    _N.BUYER_DISPROVED_180D: "disproved_180d",
    _N.BUYER_OPEN_CASES: "open_cases",
    _N.LINKED_ORDERS_30D: "linked_orders_30d",
}


def _history_facts(book: _Book, row: dict[str, Any], record: MerchantRecord) -> Iterator[Fact]:
    yield book.fact(_N.PARTIES_LINKED, row["linked"], _S.PLATFORM)
    for name, column in _BUYER_COUNTS.items():
        yield book.fact(name, row[column], _S.PLATFORM)
    for name, count in record.items():
        yield book.fact(name, count, _S.PLATFORM)


def asked_of(case: Case) -> Asked:
    """What the buyer of ``case`` asks for."""
    return Asked(ReasonCode(case.reason), case.wanted, case.amount_minor)
