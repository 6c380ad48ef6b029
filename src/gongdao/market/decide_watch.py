"""Whether an order's status and its promise agree, and what is done where they do not (A13). Pure.

One order in, at most one finding out: the disagreement as a code, the deed, and the reason that the
buyer reads. The deed is judged again under the order's lock before it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.core.money import Money
from gongdao.market.decide_top_up import RUNNING, TopUpState
from gongdao.market.offer import Delivery
from gongdao.market.states import OrderState

EXPIRY_SLACK = timedelta(seconds=10)
"""Reservations are given back every few seconds; later than that one was overlooked."""


class WatchDeed(StrEnum):
    """What the watchdog does."""

    EXPIRE = "expire"
    HONOUR = "honour"
    """Money is there of which the order does not know: it goes back."""
    DELIVER = "deliver"
    """Give the units now; where there are none the money goes back."""
    GIVE_BACK = "give_back"
    REFUND_AGAIN = "refund_again"
    """The order says that money goes back, and nobody was asked to pay it."""
    PUSH_REFUND = "push_refund"
    TELL = "tell"
    """Nothing can be done but wait; say why."""
    PERSON = "person"
    """Say why, and put it on the operator's desk."""


@dataclass(frozen=True)
class WatchLimits:
    """The published limits: see ``policy/late_grace`` and those beside it."""

    late_grace: timedelta
    late_percent: int
    top_up_patience: timedelta
    refund_told_after: timedelta
    answer_within: timedelta


@dataclass(frozen=True)
class WatchFacts:
    """What is recorded of an order. ``units``: how many pieces it has; ``credited``: its payment
    was believed; ``held``: minor units that wait for it; ``refund`` and ``top_up``: the least happy
    state among its refunds and pieces, None where there are none."""

    state: OrderState
    why: str
    delivery: Delivery
    quantity: int
    units: int
    credited: bool
    held: int
    placed_at: datetime
    reserved_until: datetime
    promise_by: datetime
    paid_at: datetime | None
    risk: str = ""
    answered: bool = False
    deliver_from: datetime | None = None
    refund: str | None = None
    refund_since: datetime | None = None
    top_up: TopUpState | None = None
    doubt: str = ""
    supplied: bool = True


@dataclass(frozen=True)
class Verdict:
    """A disagreement, what is done about it, and the reason the buyer reads."""

    code: str
    deed: WatchDeed
    why: str


S, D = OrderState, WatchDeed


def judge_order(facts: WatchFacts, limits: WatchLimits, at: datetime) -> Verdict | None:
    """The first disagreement of an order at ``at``; None where status and promise agree."""
    if facts.state in (S.PLACED, S.EXPIRED):
        return _judge_unpaid(facts, at)
    if facts.state is S.PAID:
        return _judge_paid(facts, limits, at)
    if facts.state in (S.DELIVERED, S.COMPLETED):
        if facts.units < facts.quantity and facts.top_up is None:
            deed = D.DELIVER if facts.state is S.DELIVERED else D.PERSON
            return Verdict("secrets_missing", deed, "secrets_missing")
        return _doubt(facts)
    if facts.state is S.REFUNDING:
        return _judge_refund(facts, limits, at) or _doubt(facts)
    return _doubt(facts)


def _judge_unpaid(facts: WatchFacts, at: datetime) -> Verdict | None:
    if facts.credited:
        return Verdict("payment_unknown", D.HONOUR, "payment_unknown")
    if facts.state is S.PLACED and at >= facts.reserved_until + EXPIRY_SLACK:
        return Verdict("past_reservation", D.EXPIRE, "not_paid_in_time")
    return None


def _judge_paid(facts: WatchFacts, limits: WatchLimits, at: datetime) -> Verdict | None:
    if facts.risk and not _is_cleared(facts, at):
        assert facts.paid_at is not None
        if not facts.answered and at >= facts.paid_at + limits.answer_within:
            return Verdict("risk_unanswered", D.GIVE_BACK, "risk_unanswered")
        why = "delivery_delayed" if facts.answered else facts.risk
        return _told(facts, why, "risk_waits")
    if facts.delivery is Delivery.SECRET:
        return Verdict("not_delivered", D.DELIVER, "delivered")
    if facts.delivery is Delivery.SUPPLIER:
        return _judge_top_up(facts, limits, at)
    by = promised(facts)
    if at >= by + limits.late_grace:
        return Verdict("promise_broken", D.GIVE_BACK, "not_delivered_in_time")
    if at >= by:
        return _told(facts, "late_merchant", "promise_passed")
    return _told(facts, "waiting_for_delivery", "waits")


def _judge_top_up(facts: WatchFacts, limits: WatchLimits, at: datetime) -> Verdict | None:
    by = promised(facts)
    if not facts.supplied:
        if at >= by + limits.late_grace:
            return Verdict("no_supplier", D.GIVE_BACK, "not_delivered_in_time")
        return Verdict("no_supplier", D.PERSON, "top_up_no_supplier")
    running = facts.top_up is None or facts.top_up in RUNNING
    if at >= by + limits.top_up_patience:  # also where its pieces ended and nobody settled it
        return Verdict("top_up_too_long", D.GIVE_BACK, "top_up_too_long")
    if facts.top_up is TopUpState.UNKNOWN:
        return _told(facts, "top_up_unknown", "top_up_unknown")
    if running and at >= by:
        return _told(facts, "late_supplier", "promise_passed")
    return None


def _judge_refund(facts: WatchFacts, limits: WatchLimits, at: datetime) -> Verdict | None:
    if facts.held:
        return Verdict("refund_lost", D.REFUND_AGAIN, facts.why)
    if facts.refund == "stuck":
        return Verdict("refund_stuck", D.PUSH_REFUND, "refund_waits_for_person")
    slow = facts.refund_since is not None and at >= facts.refund_since + limits.refund_told_after
    if slow and facts.refund == "requested":
        return Verdict("refund_slow", D.PERSON, "refund_waits_for_service")
    if facts.refund in (None, "confirmed"):  # nothing is under way that could end it
        return Verdict("refund_lost", D.PERSON, facts.why)
    return None


def _doubt(facts: WatchFacts) -> Verdict | None:
    return Verdict("supplier_doubt", D.PERSON, facts.why) if facts.doubt else None


def _told(facts: WatchFacts, why: str, code: str) -> Verdict | None:
    return None if facts.why == why else Verdict(code, D.TELL, why)


def _is_cleared(facts: WatchFacts, at: datetime) -> bool:
    return facts.answered and facts.deliver_from is not None and at >= facts.deliver_from


def promised(facts: WatchFacts) -> datetime:
    """By when the goods are due. Time that we took to ask the buyer is not the merchant's."""
    if facts.deliver_from is None:
        return facts.promise_by
    return max(facts.promise_by, facts.deliver_from + (facts.promise_by - facts.placed_at))


def decide_late(
    total: Money, promise_by: datetime, delivered_at: datetime, limits: WatchLimits
) -> Money:
    """What goes back to the buyer because his goods came late; zero where they did not. Rounded up
    to a whole minor unit."""
    if delivered_at <= promise_by:
        return Money(0, total.currency)
    return Money(-(-total.minor * limits.late_percent // 100), total.currency)
