"""The one clock of an open case: who has to move, by when, and what silence means. Pure.

Lengths are rules (``dispute_clock/…``); hours are exact, working days follow the published
calendar and end at 24:00 Beijing time. A clock may be stopped only for a reason that its rule
names; what was left runs on afterwards. A clock that runs out is not a result yet: the caller
judges the facts again first, and silence counts against a party only if a confirmed notice
reached it. A stop has an end that is known when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from gongdao.core.clock import beijing, say_minute
from gongdao.core.language import Bilingual
from gongdao.core.language import gettext as _
from gongdao.disputes.states import STEPS, Deed, Mover, Silence, Step
from gongdao.rules.calendar import Calendar
from gongdao.rules.count import count_deadline
from gongdao.rules.dispute_kinds import DisputeClock, DisputeStop
from gongdao.rules.dispute_queries import dispute_clock, dispute_stop
from gongdao.rules.load import Rules
from gongdao.rules.model import Deadline, Unit
from gongdao.rules.queries import calendar_of, work_calendar

UNTIL = "until"
"""Unit of a clock that runs to a time which the case names (the promise); its amount is 1."""
CHINA = "china_working_days"
"""Calendar of working days; hours have none (empty)."""


class BadClock(ValueError):
    """A clock that cannot be: no time named, a reason that is not allowed, stopped twice."""


class StopReason(StrEnum):
    """The only reasons for which a clock may stand still; each clock's rule names which."""

    OUTAGE = "outage"
    """The platform could not be reached, so nobody could answer."""
    ISSUER_ASKED = "issuer_asked"
    GATEWAY_ASKED = "gateway_asked"
    LEGAL_HOLD = "legal_hold"
    """An authority ordered that nothing moves."""


@dataclass(frozen=True)
class Clock:
    """The running clock of an open case, or a stopped one (``stopped_at``, ``stop_reason``, and
    ``stop_until``, when it runs on by itself).

    ``code`` names its rule (``dispute_clock/<code>``), ``rule`` the version; ``unit`` is ``hours``,
    ``working_days`` or ``until``; ``counted`` shows the counting in both languages.
    """

    code: str
    rule: str
    who: Mover
    started_at: datetime
    due_at: datetime
    amount: int
    unit: str
    calendar: str
    silence: Silence
    counted: Bilingual
    stopped_at: datetime | None = None
    stop_reason: StopReason | None = None
    stop_until: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether it runs; a stopped clock cannot become due."""
        return self.stopped_at is None


def start_clock(
    *, step: Step, at: datetime, on: date, until: datetime | None = None, rules: Rules | None = None
) -> Clock:
    """The clock of ``step``, started at ``at`` by the rules in force on ``on`` (the order's day).

    ``until``: when it ends, for the step whose rule has no length (DELIVERY_DUE:
    ``Finding.again_at``). Raise BadClock for CLOSED and NEW, a start without a zone, or where
    ``until`` is missing or past.
    """
    kind = STEPS.get(step)
    if kind is None or at.tzinfo is None:
        raise BadClock(f"no clock for {step}, or a start without a zone")
    rule = dispute_clock(kind.clock, on, rules=rules)
    if rule.length is None or rule.unit is None:
        if until is None or until <= at:
            raise BadClock(f"{step}: the time that it runs to is missing or past")
        counted = Bilingual.of(_Until(until))
        due, amount, unit, calendar = until, 1, UNTIL, ""
    else:
        due, counted = _count(rule, at, rules)
        amount, unit = rule.length, str(rule.unit)
        calendar = CHINA if rule.unit is Unit.WORKING_DAYS else ""
    return Clock(
        code=kind.clock,
        rule=rule.ref,
        who=kind.mover,
        started_at=at,
        due_at=due,
        amount=amount,
        unit=unit,
        calendar=calendar,
        silence=Silence(rule.silence),
        counted=counted,
    )


def appeal_until(*, closed_at: datetime, on: date, rules: Rules | None = None) -> datetime:
    """The last moment at which a closed case can be appealed."""
    due, _counted = _count(dispute_clock("appeal_window", on, rules=rules), closed_at, rules)
    return due


def allowed_stops(
    clock: Clock, *, on: date, rules: Rules | None = None
) -> Mapping[StopReason, DisputeStop]:
    """For what ``clock`` may be stopped, with the rule that says for how long at most."""
    stops = dispute_clock(clock.code, on, rules=rules).stops
    return {StopReason(one): dispute_stop(one, on, rules=rules) for one in stops}


def stop_clock(
    clock: Clock,
    *,
    at: datetime,
    reason: StopReason,
    on: date,
    length: timedelta | None = None,
    stood: timedelta = timedelta(0),
    rules: Rules | None = None,
) -> Clock:
    """``clock``, stopped for ``length``, or for the most that is left: the most of the reason's
    rule, less what was ``stood`` still for it before. Raise BadClock if it is stopped or due
    already (a due one that nothing was done about yet is held for an authority all the same), its
    rule does not allow ``reason``, or the length is none or more than is left."""
    due = at >= clock.due_at and reason is not StopReason.LEGAL_HOLD
    if not clock.runs or due or at < clock.started_at:
        raise BadClock("only a clock that runs and is not due can be stopped")
    allowed = allowed_stops(clock, on=on, rules=rules)
    if reason not in allowed:
        raise BadClock(f"{clock.code} may not be stopped for {reason}")
    most = timedelta(hours=allowed[reason].hours) - stood
    wanted = most if length is None else length
    if not timedelta(0) < wanted <= most:
        raise BadClock(f"{wanted} is not within the {most} that are left for {reason}")
    return replace(clock, stopped_at=at, stop_reason=reason, stop_until=at + wanted)


def resume_clock(clock: Clock, *, at: datetime) -> Clock:
    """``clock``, running on with what was left of it: hours to the second; of working days as many
    as were left after the day on which it stopped, counted by the published calendar from the day
    on which it runs on (on the same day nothing changes). Raise BadClock if it runs or ``at`` is
    before."""
    if clock.stopped_at is None or at < clock.stopped_at:
        raise BadClock("only a stopped clock can run on")
    if clock.unit == Unit.WORKING_DAYS:
        due = _working_days_on(clock.stopped_at, at, clock.due_at)
    else:
        due = clock.due_at + (at - clock.stopped_at)
    return replace(clock, due_at=due, stopped_at=None, stop_reason=None, stop_until=None)


def is_due(clock: Clock, at: datetime) -> bool:
    """Whether it runs and has run out."""
    return clock.runs and at >= clock.due_at


def late_by(clock: Clock, at: datetime) -> timedelta:
    """How late its party is at ``at``; zero while there is time, or the clock stands still."""
    return max(at - clock.due_at, timedelta(0)) if clock.runs else timedelta(0)


def deed_of_silence(clock: Clock, *, notice_confirmed: bool) -> Deed:
    """What a clock that ran out does, after judging again decided nothing. The platform's own
    silence needs no notice: it always counts."""
    ours = clock.who in (Mover.PLATFORM, Mover.PAYMENT)
    return Deed.SILENCE if ours or notice_confirmed else Deed.SILENCE_UNTOLD


def _count(rule: DisputeClock, at: datetime, rules: Rules | None) -> tuple[datetime, Bilingual]:
    calendar = work_calendar() if rules is None else calendar_of(rules)
    limit = Deadline(
        id=rule.id,
        version=rule.version,
        in_force_from=rule.in_force_from,
        source=rule.source,
        status=rule.status,
        checked=rule.checked,
        name=rule.name,
        name_en=rule.name_en,
        length=rule.length,
        unit=rule.unit,
        starts=rule.code,
        starts_zh=rule.name,
        starts_en=rule.name_en,
        acts=rule.who,
        says=rule.says,
        says_en=rule.says_en,
    )
    counted = count_deadline(start=at, rule=limit, calendar=calendar)
    return counted.due, Bilingual.of(_Counted(limit, at, calendar))


def _working_days_on(stopped: datetime, at: datetime, due: datetime) -> datetime:
    """When a clock is due that stood still from ``stopped`` to ``at``: the working days that were
    left after the day of the stop come after the day on which it runs on. One that stopped on its
    last day has that day's rest left, which is a working day again."""
    calendar, last = work_calendar(), beijing(due).date()
    day, today = beijing(stopped).date(), beijing(at).date()
    if day == today:
        return due
    left = sum(calendar.works(day + timedelta(days=n)) for n in range(1, (last - day).days + 1))
    there = today
    while left or not calendar.works(there):
        there += timedelta(days=1)
        left -= calendar.works(there) if left else 0
    return due + (there - last)


class _Counted:
    """Says the counting in the language in use."""

    def __init__(self, limit: Deadline, at: datetime, calendar: Calendar) -> None:
        self.limit, self.at, self.calendar = limit, at, calendar

    def __str__(self) -> str:
        return count_deadline(start=self.at, rule=self.limit, calendar=self.calendar).counted


class _Until:
    """Says until when, in the language in use."""

    def __init__(self, until: datetime) -> None:
        self.until = until

    def __str__(self) -> str:
        return _("到 {due} 为止，届时重新判断。").format(due=say_minute(self.until))
