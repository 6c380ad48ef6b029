"""Fill in what is recorded of an order already: the buyer is asked for nothing the platform knows.

Facts from the order and what it was shown, the payment, the vault, the supplier, the issuer and
earlier cases. What only people can say is not here; what the buyer told of his test is, under his
own name as source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.disputes.conditions import names_of
from gongdao.disputes.decide_liability import Mode, Remedy
from gongdao.disputes.facts import Fact, FactName, Facts, Source, Value
from gongdao.disputes.given_before import Earlier, given_before, left_of_price
from gongdao.disputes.may_replace import claimed_places
from gongdao.disputes.merchant_record import MerchantRecord, read_records
from gongdao.disputes.models import Case
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.stock_record import face_facts, kind_facts, read_face
from gongdao.disputes.told_facts import NOTHING_TOLD, Told
from gongdao.market.cancel_order import find_cancel
from gongdao.market.confirm_payment import RESTORED_UNKNOWN
from gongdao.market.decide_price import Support, judge_compared_price
from gongdao.market.decide_top_up import RUNNING
from gongdao.market.lift_restored import BEHIND_LOG
from gongdao.market.models import Order
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.promise import ServiceHours
from gongdao.market.queries import recent_deals
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
_OPEN = frozenset({ReasonCode.OTHER, ReasonCode.REFUSED_REFUND})
"""Reasons that leave open whether anything is wrong with goods or delivery: a person weighs it."""
_INCIDENTS = frozenset({"secrets_missing", "payment_unknown", BEHIND_LOG, RESTORED_UNKNOWN})
"""Findings at an order, and reasons why its money went back, that are the platform's own fault and
touch its delivery. A refund or a payment to the merchant that does not go on proves nothing of the
delivery."""
_ASKED = frozenset({"query", "bill"})
"""How a payment is heard of that its service did not tell."""
_COLUMNS = (
    *("paid", "returned", "surplus", "compensated", "own", "earlier", "units", "disputed", "twice"),
    *("opened_by_others", "replaced_at", "looked_at", "issuer"),
    *("told", "told_at", "top_ups", "asked_at", "vouched", "findings", "heard"),
    *("deliver_from", "promised", "paid_out"),
    *("claims_30d", "used_claims_90d", "disproved_180d", "open_cases"),
    *("linked", "linked_orders_30d"),
)
"""Of ``sql/order_facts.sql``, in their order."""


@dataclass(frozen=True)
class Asked:
    """What the buyer chose: why, what he wants (``refund`` or ``replacement``), and how much of
    what he paid; None asks for all of it."""

    reason: ReasonCode
    wanted: str = "refund"
    minor: int | None = None
    told: Told = NOTHING_TOLD
    """What he stated in the fields of the form."""
    places: tuple[int, ...] = ()
    """Which pieces are bad, counted from 1; none named: nobody said, or there is one alone."""


@dataclass(frozen=True)
class _Book:
    """Writes facts of one moment."""

    order: Order
    at: datetime

    def fact(self, name: FactName, value: Value, source: Source, *evidence: str) -> Fact:
        return Fact(name, value, source, self.at, evidence or (f"order:{self.order.number}",))

    def affected(self, places: Iterable[int], by: Source) -> Iterator[Fact]:
        """That these pieces are bad."""
        named = tuple(sorted(places))
        yield self.fact(_N.AFFECTED_UNITS, len(named), by)
        yield self.fact(_N.AFFECTED_PLACES, named, by)


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
    row = _read(order, asked.places, case_id, at)
    record = records.get(order.merchant_id)
    if record is None:
        record = read_records([order.merchant_id], at)[order.merchant_id]
    offer = find_shown(order.listing_id, order.listing_version).offer
    found = [
        *_asked_facts(book, asked, row),
        *_money_facts(book, row),
        *_delivery_facts(book, row, offer),
        *_issuer_facts(book, row),
        *_supplier_facts(book, row),
        *_incident_facts(book, row),
        *_price_facts(book, offer),
        *_history_facts(book, row, record),
    ]
    if _seen_at(order, row) is not None:
        found += _test_facts(book, stores, row)
    if asked.reason is ReasonCode.TEST_CARD:
        found += kind_facts(order, at)
    if asked.reason is ReasonCode.WRONG_DENOMINATION:
        short = {one.name: one for one in face_facts(order, offer, at)}
        found = [*(one for one in found if one.name not in short), *short.values()]
    if not any(one.name is _N.AFFECTED_UNITS for one in found):
        found += _affected_facts(book, asked, row)
    facts = Facts(tuple(found))
    facts = facts.with_facts(_given_facts(book, asked, row, facts))
    if asked.wanted == "replacement":
        bad = facts.whole(_N.AFFECTED_UNITS) or order.quantity
        facts = facts.with_facts([_stock_fact(book, bad)])
    return facts


def _affected_facts(book: _Book, asked: Asked, row: dict[str, Any]) -> Iterator[Fact]:
    """Which pieces are bad: by the vault's record, or because there is one alone; else the buyer's
    word."""
    if row["twice"]:
        yield from book.affected(row["twice"], _S.PLATFORM)
    elif book.order.quantity == 1:
        yield from book.affected([1], _S.PLATFORM)
    elif asked.places:
        yield from book.affected(asked.places, _S.BUYER)


def _given_facts(book: _Book, asked: Asked, row: dict[str, Any], facts: Facts) -> Iterator[Fact]:
    """What earlier cases gave back for the same thing, where they gave anything. As long as the
    issuer has not answered about all that is claimed, another piece may be bad as well."""
    earlier = [Earlier.read(one) for one in row["earlier"] or ()]
    places = facts.places(_N.AFFECTED_PLACES)
    same, unclear = given_before(
        earlier=earlier,
        reason=asked.reason.value,
        places=places,
        paid=row["paid"],
        quantity=book.order.quantity,
    )
    if _bad_places(row) and len(row["issuer"]) < int(row["disputed"]):
        same, unclear = 0, same + unclear
    if same:
        yield book.fact(_N.GIVEN_MINOR, same, _S.PLATFORM)
    if unclear:
        yield book.fact(_N.GIVEN_UNCLEAR_MINOR, unclear, _S.PLATFORM)


def _read(
    order: Order, places: tuple[int, ...], case_id: UUID | None, at: datetime
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "order": order.id,
        "merchant": order.merchant_id,
        "buyer": order.buyer_id,
        "buyer_digest": bytes(order.buyer_digest),
        "places": list(places),
        "case": case_id or UUID(int=0),
        "at": at,
        "disproving": disproving_rows(),
    }
    row = run_prepared(load_sql("gongdao.disputes", "order_facts"), values)[0]
    return dict(zip(_COLUMNS, row, strict=True))


@lru_cache(maxsize=1)
def disproving_rows() -> list[str]:
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


def read_left(*, order: Order, places: tuple[int, ...], case_id: UUID | None, at: datetime) -> int:
    """What all cases but ``case_id`` left of the price of ``places``, in minor units."""
    return _left(order, places, _read(order, places, case_id, at))


def _left(order: Order, places: tuple[int, ...], row: dict[str, Any]) -> int:
    earlier = [Earlier.read(one) for one in row["earlier"] or ()]
    paid, quantity = row["paid"], order.quantity
    return left_of_price(earlier=earlier, places=places, paid=paid, quantity=quantity)


def _asked_facts(book: _Book, asked: Asked, row: dict[str, Any]) -> Iterator[Fact]:
    yield book.fact(_N.JUDGED_AT, book.at, _S.PLATFORM)
    yield book.fact(_N.WANTED, asked.wanted, _S.PLATFORM)
    paid, places = row["paid"], asked.places
    wanted = paid if asked.minor is None else min(asked.minor, paid)
    if places and row["earlier"]:
        wanted = min(wanted, _left(book.order, places, row))
    yield book.fact(_N.ASKED_MINOR, wanted, _S.PLATFORM)
    if asked.reason not in _OPEN:
        yield book.fact(_N.DEFECT_CLAIMED, True, _S.PLATFORM)
    yield book.fact(_N.NO_RETURN_CONFIRMED, book.order.no_return, _S.PLATFORM)


def _money_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    yield book.fact(_N.PAID_MINOR, row["paid"], _S.GATEWAY)
    # But for what this case paid: what is decided anew is all that it gives, and that is set off.
    returned = max(row["returned"] - row["own"], 0)
    yield book.fact(_N.RETURNED_MINOR, returned, _S.PLATFORM)
    yield book.fact(_N.COMPENSATED_MINOR, row["compensated"], _S.PLATFORM)
    yield book.fact(_N.SURPLUS_MINOR, row["surplus"], _S.GATEWAY)
    yield book.fact(_N.REFUND_PROMISED_MINOR, row["promised"], _S.PLATFORM)
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
    seen = _seen_at(order, row)
    yield book.fact(_N.REVEALED, seen is not None, _S.PLATFORM)
    if seen is not None:
        yield book.fact(_N.REVEALED_AT, seen, _S.PLATFORM)
    yield book.fact(_N.LISTING_SAYS_TEST, offer.kind is GoodsKind.TEST_CARD, _S.PLATFORM)
    yield book.fact(_N.SECRET_IN_TWO_ORDERS, bool(row["twice"]), _S.PLATFORM)
    opened = row["opened_by_others"] is not None
    yield book.fact(_N.SECRET_OPENED_BY_OTHERS, opened, _S.PLATFORM)
    yield book.fact(_N.CANCELLED_BY, _cancelled_by(order), _S.PLATFORM)
    face = None if tops else read_face(offer)
    if face is not None:
        listed = face.minor * order.quantity
        yield book.fact(_N.LISTING_FACE_MINOR, listed, _S.PLATFORM)


def _seen_at(order: Order, row: dict[str, Any]) -> datetime | None:
    """When the buyer first saw what is disputed; None before. Where one was replaced, the secrets
    that he has now count; of several the earliest look."""
    if row["replaced_at"] is None:
        return order.revealed_at
    looked: datetime | None = row["looked_at"]
    return looked


def promised_by(order: Order, deliver_from: datetime | None) -> datetime:
    """By when the goods are due; time that the platform took to ask the buyer is not counted."""
    if deliver_from is None:
        return order.promise_by
    return max(order.promise_by, deliver_from + (order.promise_by - order.placed_at))


def is_open(hours: ServiceHours, at: datetime) -> bool:
    """Whether the listing's service hours run at this moment."""
    day = beijing(at).date()
    return any(start <= at < end for start, end in hours.spans(day))


def _cancelled_by(order: Order) -> str:
    if order.why == "buyer_withdrew":
        return "buyer"
    back = order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
    # The record, not the order's reason: that one changes when a refund is slow.
    return "merchant" if back and find_cancel(order.id) is not None else "none"


def _issuer_facts(book: _Book, row: dict[str, Any]) -> Iterator[Fact]:
    answers: Sequence[tuple[int, str, str, str | None, str | None]] = row["issuer"] or ()
    told = [answer[1] for answer in answers]
    worst = next((one for one in _RANK if one in told), "unknown")
    if worst == "valid" and len(told) < int(row["disputed"]):
        worst = "unknown"  # of several secrets one is not answered about: it may be the bad one
    if worst == "unknown":
        yield book.fact(_N.ISSUER_STATUS, worst, _S.ISSUER, "issuer:no_answer")
        return
    asked = sorted({f"issuer:{answer[2]}" for answer in answers})
    yield book.fact(_N.ISSUER_STATUS, worst, _S.ISSUER, *asked)
    if worst != "valid":
        yield from book.affected(_bad_places(row), _S.PLATFORM)
    uses = [(answer[3], answer[4]) for answer in answers if answer[1] == "used"]
    used_at = _first_use(uses, _seen_at(book.order, row))
    yield book.fact(_N.ISSUER_TELLS_TIME, used_at is not None, _S.ISSUER, *asked)
    if used_at is not None:
        yield book.fact(_N.ISSUER_USED_AT, used_at, _S.ISSUER, *asked)


def _bad_places(row: dict[str, Any]) -> list[int]:
    """The pieces that the issuer calls used or invalid: what is decided is decided of all of them,
    and where one of them is for a person, all are."""
    return [one[0] for one in row["issuer"] or () if one[1] != "valid"]


def _first_use(
    uses: Sequence[tuple[str | None, str | None]], seen: datetime | None
) -> datetime | None:
    """When the used secrets were first used, if it is known of all whether that was before the
    buyer saw them, and is the same of all; None else. Each use: the time that the issuer tells, and
    the moment by which it was used at the latest."""
    if seen is None or not uses:
        return None
    moments = []
    for told, used_by in uses:
        by = None if used_by is None else datetime.fromisoformat(used_by)
        if by is None or (told is None and by > seen):
            return None
        moments.append(by)
    if len({one <= seen for one in moments}) > 1:
        return None
    return min(moments)


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
    judged = judge_compared_price(
        compared=offer.compared_price,
        why=offer.compared_why,
        with_=offer.compared_with,
        deals=recent_deals(order.listing_id, before=order.placed_at),
        at=order.placed_at,
    )
    if judged.ceiling is None:
        return  # no deal on record says anything
    if judged.support in (Support.EXPLAINED, Support.ONLY_WORDS):
        return  # whether what it is compared with is true is for a person
    yield book.fact(_N.PRICE_SUPPORTED, judged.allowed, _S.PLATFORM)
    unit = order.total_minor // order.quantity
    over = 0
    if not judged.allowed:
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


def _stock_fact(book: _Book, wanted: int) -> Fact:
    order = book.order
    shown = find_shown(order.listing_id, order.listing_version)
    there = 0
    if shown.sku_id is not None and shown.offer.delivery is Delivery.SECRET:
        there = count_available([shown.sku_id], most=wanted).get(shown.sku_id, 0)
    return book.fact(_N.REPLACEMENT_IN_STOCK, there >= wanted, _S.PLATFORM)


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


def asked_of(case: Case, order: Order) -> Asked:
    """What the buyer of ``case`` about ``order`` asks for."""
    places = claimed_places(case=case, order=order)
    return Asked(ReasonCode(case.reason), case.wanted, case.amount_minor, places=places)
