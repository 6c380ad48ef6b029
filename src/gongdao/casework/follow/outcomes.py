"""What can come of a filing, how it is recorded, and what it opens. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gongdao.casework.follow.deadlines import WHOSE
from gongdao.casework.follow.filings import Filing, check_filing
from gongdao.casework.words import OUTCOME_NAMES, STEP_NAMES
from gongdao.channels.clocks import Clock
from gongdao.channels.recommend import Step
from gongdao.channels.route import Routes, State
from gongdao.core.clock import beijing, say_minute
from gongdao.core.codes import Outcome
from gongdao.core.errors import InputError
from gongdao.core.language import Bilingual, Phrase
from gongdao.core.money import Money
from gongdao.rules import queries

_DESK = (
    Outcome.NO_ANSWER,
    Outcome.PROMISED,
    Outcome.REFUSED,
    Outcome.SHIFTED,
    Outcome.PARTIAL,
    Outcome.SOLVED,
    Outcome.WITHDRAWN,
)
_OFFICE = (
    Outcome.NO_ANSWER,
    Outcome.ACCEPTED,
    Outcome.REJECTED,
    Outcome.PARTIAL,
    Outcome.SOLVED,
    Outcome.WITHDRAWN,
)
_MARK_ONLY = (Outcome.NO_ANSWER, Outcome.ACCEPTED, Outcome.REJECTED, Outcome.WITHDRAWN)
RECORDABLE: dict[str, tuple[Outcome, ...]] = {
    "in_platform": (Outcome.ACCEPTED, Outcome.REJECTED, *_DESK),
    "management": (Outcome.REJECTED, *_DESK),
    "social": _DESK,
    "payment": (Outcome.ACCEPTED, Outcome.REJECTED, *_DESK),
    "board": _DESK,
    "consumer_association": _OFFICE,
    "regulator_complaint": _OFFICE,
    "regulator_report": _MARK_ONLY,
    "court": _OFFICE,
    "police": _MARK_ONLY,
}
"""What can come of a filing, by channel; a report or the police give no money back."""
PAYS = frozenset({Outcome.PARTIAL, Outcome.SOLVED})
"""Outcomes with which money may come back."""


@dataclass(frozen=True)
class Choice:
    """One outcome to choose from. ``amount``: ``""`` none is asked, ``may`` or ``must`` be told."""

    outcome: Outcome
    name: Phrase
    amount: str


def choices(channel: str) -> tuple[Choice, ...]:
    """What can be recorded for a filing at ``channel``; raise InputError for an unknown one."""
    if channel not in RECORDABLE:
        raise InputError(Phrase("没有这个渠道"), field="channel")
    amounts = {Outcome.PARTIAL: "must", Outcome.SOLVED: "may"}
    return tuple(
        Choice(one, Phrase.named(OUTCOME_NAMES[one]), amounts.get(one, ""))
        for one in RECORDABLE[channel]
    )


def record_outcome(
    filing: Filing,
    *,
    outcome: Outcome,
    at: datetime,
    as_of: datetime,
    returned: Money | None = None,
) -> Filing:
    """``filing`` with what came of it at ``at``. Raise InputError for an outcome that the channel
    does not give, a time before the filing or after ``as_of``, a part without its amount, or an
    amount where none can have come."""
    if outcome not in (choice.outcome for choice in choices(filing.channel)):
        raise InputError(Phrase("这个渠道不会有这样的结果"), field="outcome")
    if outcome is Outcome.PARTIAL and returned is None:
        raise InputError(Phrase("请填退回了多少"), field="returned")
    if returned is not None and (outcome not in PAYS or returned.minor <= 0):
        raise InputError(Phrase("这个结果没有退回的金额，或者金额不是正数"), field="returned")
    done = replace(filing, outcome=outcome, outcome_at=at, returned=returned)
    return check_filing(done, as_of=as_of)


class NextKind(StrEnum):
    """What a line is about."""

    STEP = "step"
    OPENED = "opened"
    CLOSED = "closed"
    CLOCK = "clock"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Next:
    """One line of what follows: ``code`` is the channel, step or deadline id it is about."""

    kind: NextKind
    code: str
    says: Phrase


def find_next(
    *,
    before: Routes,
    after: Routes,
    steps_before: Sequence[Step] = (),
    steps_after: Sequence[Step] = (),
    as_of: datetime,
) -> tuple[Next, ...]:
    """What recording something changed: the new first step, channels that opened or closed, and
    deadlines that began or stopped. Empty where nothing changed."""
    lines = list[Next]()
    first = steps_after[0] if steps_after else None
    if first and (not steps_before or steps_before[0].code != first.code):
        says = Phrase("接下来：{name}。{why}", name=_name(first.code), why=first.why)
        lines.append(Next(NextKind.STEP, first.code, says))
    for route in after.routes:
        was, name = before.state(route.channel), _name(route.channel)
        if was is not State.OPEN and route.state is State.OPEN:
            says = Phrase("现在可以：{name}。{why}", name=name, why=route.why)
            lines.append(Next(NextKind.OPENED, route.channel, says))
        elif was is State.OPEN and route.state is not State.OPEN:
            says = Phrase("{name}：{why}", name=name, why=route.why)
            lines.append(Next(NextKind.CLOSED, route.channel, says))
    return (*lines, *_clocks(before.clocks, after.clocks, as_of))


def _clocks(before: Sequence[Clock], after: Sequence[Clock], as_of: datetime) -> list[Next]:
    """Deadlines that began or stopped; one that only starts later is named with its new end."""
    old = {(c.channel, c.deadline, c.since) for c in before}
    still = {(c.channel, c.deadline) for c in after}
    lines = []
    on = beijing(as_of).date()
    for clock in after:
        rule = queries.deadline(clock.deadline, on)
        if (clock.channel, clock.deadline, clock.since) not in old:
            says = Phrase(
                "{who}的期限“{name}”到 {due}",
                who=Phrase.named(WHOSE[rule.acts]),
                name=Bilingual(rule.name, rule.name_en),
                due=say_minute(clock.count.due),
            )
            lines.append(Next(NextKind.CLOCK, rule.id, says))
    for clock in before:
        rule = queries.deadline(clock.deadline, on)
        if (clock.channel, clock.deadline) not in still:
            name = Bilingual(rule.name, rule.name_en)
            says = Phrase("期限“{name}”不再计算", name=name)
            lines.append(Next(NextKind.STOPPED, rule.id, says))
    return lines


def _name(code: str) -> Phrase:
    return Phrase.named(STEP_NAMES[code])
