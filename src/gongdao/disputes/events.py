"""What a verb does to one case, written together: the case's row, its events, the leaves.

A verb opens a docket on the locked case, says what happens, and writes it once at its end: every
step is an event that everyone concerned can read, and a leaf that commits to that event. A case
goes from one step to the next through ``move`` alone, so that it is never left without a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.errors import DisputeRefused, NotYourMove
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.disputes.clocks import UNTIL, Clock, StopReason, start_clock
from gongdao.disputes.facts import Fact
from gongdao.disputes.merchant_record import MerchantRecord
from gongdao.disputes.models import Case, Event, Notice, Remedy
from gongdao.disputes.notices import LIMITED
from gongdao.disputes.order_money import OrderMoney, read_money
from gongdao.disputes.states import BY, STEPS, Deed, Mover, Outcome, Step, next_step
from gongdao.disputes.table_rows import insert_rows, plain_row, update_row
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.confirm_payment import delivered_leaves
from gongdao.market.market_key import order_keys
from gongdao.market.models import Order
from gongdao_verify.order_form import REPLACED


@dataclass(frozen=True)
class Party:
    """Who acts: which side, and the account behind it (None: a guest, or the platform itself)."""

    side: Mover
    id: UUID | None = None


NOBODY = Party(Mover.NOBODY)
"""What happens by itself: a clock, a rule."""


@dataclass
class Docket:
    """A case and its order, both locked, and what is to be written of them."""

    stores: Stores
    case: Case
    order: Order
    at: datetime
    told: tuple[Fact, ...] = ()
    """What a party states now in the fields of its form (`told_facts`)."""
    files: int = 0
    """How many files come with the words of this deed."""
    records: Mapping[UUID, MerchantRecord] = field(default_factory=dict)
    """What was read of merchants for this moment already (a sweep reads it once for all cases)."""
    money: OrderMoney | None = None
    """How the order's money stands, where that was read and nothing moved it since."""
    begins: bool = field(init=False)
    """Whether the case begins with this deed: nothing that belongs to it was there before."""
    steps: dict[str, list[Remedy]] = field(default_factory=dict)
    """The steps of its remedies that were planned in this deed, by their basis."""
    _kept: dict[str, Any] = field(default_factory=dict)
    """The case's row as it was written already."""
    _events: list[Event] = field(default_factory=list)
    _order_leaves: list[NewLeaf] = field(default_factory=list)
    _told: tuple[Mover, Step] | None = None
    _told_of: dict[Mover, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begins = self.case._state.adding

    def see_money(self) -> OrderMoney | None:
        """How the order's money stands; None where nothing was paid. Whoever moves money of the
        order within a deed sets ``money`` to None."""
        if self.money is None:
            self.money = read_money(self.order.id)
        return self.money

    def note(self, kind: str, by: Party = NOBODY, **data: Any) -> None:
        """Say that something happened, with codes and amounts; words are sealed elsewhere."""
        self.case.moves += 1
        event = Event(
            case=self.case,
            number=self.case.moves,
            kind=kind,
            by=by.side.value,
            by_id=by.id,
            data=data,
            at=self.at,
        )
        self._events.append(event)

    def tell_order(self, leaf: str) -> None:
        """Say in the order's own chain that it moved (``order.refund_requested``)."""
        self._order_leaves.append(NewLeaf(leaf, self.order.log_subject))

    def tell_replaced(self, commitments: Sequence[bytes]) -> None:
        """Say in the order's own chain which units it got in the place of others."""
        self._order_leaves += delivered_leaves(self.order.log_subject, commitments, REPLACED)

    def warn(self, side: Mover) -> None:
        """Tell ``side`` of a limit that begins to hold for it, with its ground (F4)."""
        self._told_of[side] = LIMITED

    def tell_of(self, sides: Collection[Mover], event: str) -> None:
        """Tell ``sides`` of ``event`` (``notices``)."""
        self._told_of |= dict.fromkeys(sides, event)

    def move(self, deed: Deed, by: Party = NOBODY, until: datetime | None = None) -> Step:
        """Go where ``deed`` leads, with a clock of its own, or to the end; raise NotYourMove where
        it leads nowhere from here or is not for ``by`` to do, DisputeRefused while an authority
        holds the case. ``until`` is for a step that rests until a time of its own."""
        step = Step(self.case.step)
        if by.side is not Mover.NOBODY and by.side not in BY.get(deed, frozenset({by.side})):
            raise NotYourMove
        after = next_step(step=step, deed=deed)
        if after is None:
            raise NotYourMove
        if not step.same_clock(deed) and is_held(self.case, self.at):
            raise DisputeRefused(Phrase("这个案件现在不动：计时继续以前，只能说明，不能处理。"))
        if not step.same_clock(deed):
            self.go_to(after, until)
        return after

    def go_to(self, step: Step, until: datetime | None = None) -> None:
        """Stand at ``step``: open with its clock, or closed as it was to end."""
        case = self.case
        end_stop(case, self.at)
        case.step = step.value
        if step is Step.CLOSED:
            _stop(case)
            case.closed_at = self.at
            case.outcome = case.ending or Outcome.LAPSED.value
            return
        kind = STEPS[step]
        case.state, case.outcome, case.closed_at = "open", "", None
        case.forum, case.mover = kind.forum.value, kind.mover.value
        clock = start_clock(step=step, at=self.at, on=case.rules_on, until=until)
        set_clock(case, clock)
        if kind.mover in (Mover.BUYER, Mover.MERCHANT):
            self._told = (kind.mover, step)

    def keep(self) -> None:
        """Have the case's row there, so that other rows can point at it."""
        if self.case._state.adding:
            insert_rows([self.case])
            self._kept = plain_row(self.case)

    def write(self) -> None:
        """Write case, events and leaves; call it once, at the end of the transaction. The case is
        written even where nothing happened that its parties read: money was fenced, say."""
        leaves = [_leaf(self.case, event) for event in self._events]
        leaves += self._order_leaves
        hashes = append_leaves(stores=self.stores, leaves=leaves, at=self.at)
        self.keep()
        if self._kept != plain_row(self.case):
            update_row(self.case)
        for event, digest in zip(self._events, hashes, strict=False):
            event.leaf_hash = digest
        insert_rows(self._events)
        told = dict(sorted(self._told_of.items()))
        if self._told is not None and self.case.state == "open":
            told[self._told[0]] = self._told[1].value  # says what limits begin as well
        insert_rows([self._notice(side, what) for side, what in told.items()])

    def _notice(self, side: Mover, event: str) -> Notice:
        return Notice(
            id=new_id(self.at),
            case=self.case,
            side=side.value,
            move=self.case.moves,
            event=event,
            made_at=self.at,
            next_try_at=self.at,
        )


def _leaf(case: Case, event: Event) -> NewLeaf:
    said = {"number": event.number, "kind": event.kind, "by": event.by, "data": event.data}
    return NewLeaf(f"dispute.{event.kind}", case.log_subject, secret={"event": said})


def is_held(case: Case, at: datetime) -> bool:
    """Whether an authority ordered that nothing moves in the case, and that stands: words are
    heard, and nothing else happens until it ends."""
    until = case.clock_stop_until
    held = case.clock_stop_reason == StopReason.LEGAL_HOLD.value
    return held and until is not None and at < until


def set_clock(case: Case, clock: Clock) -> None:
    """Let ``clock`` be the case's: the one that runs, or stands still."""
    case.clock_who = clock.who.value
    case.clock_started_at, case.clock_due_at = clock.started_at, clock.due_at
    case.clock_count, case.clock_unit = clock.amount, clock.unit
    case.clock_rule = clock.rule
    case.clock_calendar, case.clock_silence = clock.calendar, clock.silence.value
    case.clock_stopped_at = clock.stopped_at
    case.clock_stop_reason = clock.stop_reason.value if clock.stop_reason else ""
    case.clock_stop_until = clock.stop_until


def stop_key(reason: str, reference: str) -> str:
    """How a case names the stops that count together (``Case.stood``)."""
    return f"{reason}:{reference}"


def end_stop(case: Case, at: datetime) -> None:
    """Where a clock of the case stands still, count how long it did; for what comes after it."""
    since, until = case.clock_stopped_at, case.clock_stop_until
    if since is None or until is None:
        return
    key = stop_key(case.clock_stop_reason, case.clock_stop_reference)
    seconds = max((min(at, until) - since).total_seconds(), 0)
    case.stood = {**case.stood, key: case.stood.get(key, 0) + round(seconds)}
    case.clock_stop_reference = ""


def _stop(case: Case) -> None:
    case.state, case.mover, case.clock_who = "closed", Mover.NOBODY.value, ""
    case.clock_started_at = case.clock_due_at = None
    case.clock_stopped_at = case.clock_stop_until = None
    case.clock_count, case.clock_unit, case.clock_calendar = 0, "", ""
    case.clock_silence = case.clock_rule = case.clock_stop_reason = ""


def clock_of(case: Case) -> Clock:
    """The clock of an open case, as it was counted; raise NotYourMove for a closed one."""
    if case.state != "open" or case.clock_started_at is None or case.clock_due_at is None:
        raise NotYourMove
    until = case.clock_due_at if case.clock_unit == UNTIL else None
    counted = start_clock(
        step=Step(case.step), at=case.clock_started_at, on=case.rules_on, until=until
    )
    reason = StopReason(case.clock_stop_reason) if case.clock_stop_reason else None
    return replace(
        counted,
        due_at=case.clock_due_at,
        stopped_at=case.clock_stopped_at,
        stop_reason=reason,
        stop_until=case.clock_stop_until,
    )


def seal_words(stores: Stores, row_id: UUID, words: str, at: datetime) -> bytes:
    """Somebody's words about what is no case's, under the market's key, bound to their row."""
    return order_keys(stores, at).seal(row_id, words.encode())


def read_words(stores: Stores, row_id: UUID, sealed: bytes | memoryview, at: datetime) -> str:
    """What ``seal_words`` was given."""
    return order_keys(stores, at).open(row_id, bytes(sealed)).decode()
