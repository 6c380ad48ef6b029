"""The rare stops of a case's clock: for a reason that its rule names, by its owner, with words, and
never without an end. When that comes the clock runs on by itself; both sides are told of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import DisputeRefused, InputError, NotYourMove
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.clocks import BadClock, Clock, StopReason, allowed_stops
from gongdao.disputes.clocks import resume_clock as run_on
from gongdao.disputes.clocks import stop_clock as stand_still
from gongdao.disputes.each_case import Round, each_case
from gongdao.disputes.events import (
    NOBODY,
    Docket,
    Party,
    clock_of,
    end_stop,
    set_clock,
    stop_key,
)
from gongdao.disputes.hand_over import check_impartial
from gongdao.disputes.locks import lock_case
from gongdao.disputes.models import Case
from gongdao.disputes.notices import RESUMED, STOPPED
from gongdao.disputes.say import add_post
from gongdao.disputes.states import Mover
from gongdao.market.models import Order
from gongdao.rules.dispute_kinds import DisputeStop

_OVER = """
SELECT id FROM dispute_case
WHERE state = 'open' AND clock_stopped_at IS NOT NULL AND clock_stop_until <= %s
ORDER BY clock_stop_until LIMIT %s
"""
"""Index dispute_case_stopped."""
LONGEST_REFERENCE = 100
_HOUR = timedelta(hours=1)
_BOTH = (Mover.BUYER, Mover.MERCHANT)


@dataclass(frozen=True)
class Stop:
    """Why a clock is to stand still, and for how many hours (None: the most that is left).
    ``words`` are for both sides; ``reference`` is the number of the paper, where the reason's rule
    asks for one."""

    reason: StopReason
    words: str
    hours: int | None = None
    reference: str = ""


@dataclass(frozen=True)
class Allowed:
    """One reason for which a clock may be stopped now: ``most`` of its rule, ``left`` of it in this
    case (with ``reference`` for a paper that was not named before)."""

    reason: StopReason
    name: str
    name_en: str
    most: timedelta
    left: timedelta
    reference: bool


def stop_clock(*, stores: Stores, case_id: UUID, by: UUID, stop: Stop, at: datetime) -> Case:
    """Its owner lets the clock stand still until a time that both sides are told.

    Raise NotYourMove where the case is not his, ConflictOfInterest, InputError where words or the
    paper's number are missing or the hours are more than is left, DisputeRefused for a reason that
    the clock's rule does not name, or where the clock does not run.
    """
    _check(stop)
    with transaction.atomic():
        case, order = lock_case(case_id)
        _check_owner(case, order, by)
        docket, acting = Docket(stores, case, order, at), Party(Mover.PLATFORM, by)
        rule = allowed_stops(clock_of(case), on=case.rules_on).get(stop.reason)
        if rule is None:
            raise _not_now()
        reference = _reference(stop, rule)
        clock = _stopped(case, stop, rule, reference, at)
        set_clock(case, clock)
        case.clock_stop_reference = reference
        assert clock.stop_until is not None
        until = clock.stop_until.isoformat()
        docket.note("stopped", acting, reason=stop.reason.value, until=until, rule=rule.ref)
        paper = _("文书编号：{reference}").format(reference=reference) if reference else ""
        words = "\n".join(one for one in (stop.words.strip(), paper) if one)
        add_post(docket=docket, by=acting, words=words, files=())
        docket.tell_of(_BOTH, STOPPED)
        docket.write()
    return case


def _reference(stop: Stop, rule: DisputeStop) -> str:
    if not rule.reference:
        return ""
    if not stop.reference.strip():
        raise InputError(_("请写明文书的编号。"), field="reference")
    return stop.reference.strip()


def _stopped(case: Case, stop: Stop, rule: DisputeStop, reference: str, at: datetime) -> Clock:
    clock, stood = clock_of(case), _stood(case, stop.reason, reference)
    left = rule.hours * _HOUR - stood
    _check_length(stop, left)
    length = left if stop.hours is None else min(stop.hours * _HOUR, left)
    try:
        return stand_still(
            clock, at=at, reason=stop.reason, on=case.rules_on, length=length, stood=stood
        )
    except BadClock:
        raise _not_now() from None


def _not_now() -> DisputeRefused:
    return DisputeRefused(Phrase("按公布的规则，这个时限现在不能因此停止。"))


def resume_clock(*, stores: Stores, case_id: UUID, by: UUID, at: datetime) -> Case:
    """Its owner lets a stopped clock run on before its end, with what was left of it. Raise
    NotYourMove where the case is not his, ConflictOfInterest, DisputeRefused where it runs."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        _check_owner(case, order, by)
        docket = Docket(stores, case, order, at)
        _run_on(docket, Party(Mover.PLATFORM, by))
        docket.write()
    return case


def resume_due_clocks(*, stores: Stores, at: datetime, most: int = 200) -> Round:
    """Let every clock run on whose stop is over, counted from its end, however late it is looked
    at: nobody gains by that, and both sides knew the moment."""
    with connection.cursor() as cursor:
        cursor.execute(_OVER, (at, most))
        found = [case_id for (case_id,) in cursor.fetchall()]

    def resume(case: Case, order: Order) -> str:
        if case.clock_stop_until is None or case.clock_stop_until > at:
            return ""
        docket = Docket(stores, case, order, at)
        _run_on(docket, NOBODY)
        docket.write()
        return "resumed"

    return each_case(found, resume)


def find_stops(case: Case) -> list[Allowed]:
    """For what the clock of an open case may be stopped, and how much of each is left."""
    return [
        Allowed(
            reason=reason,
            name=rule.name,
            name_en=rule.name_en,
            most=rule.hours * _HOUR,
            left=max(rule.hours * _HOUR - _stood(case, reason, ""), 0 * _HOUR),
            reference=rule.reference,
        )
        for reason, rule in allowed_stops(clock_of(case), on=case.rules_on).items()
    ]


def _check(stop: Stop) -> None:
    if not stop.words.strip():
        raise InputError(_("请写明为什么让计时停下，双方都看得到。"), field="words")
    if len(stop.reference) > LONGEST_REFERENCE or "\0" in stop.reference:
        raise InputError(_("文书编号太长。"), field="reference")


def _check_length(stop: Stop, left: timedelta) -> None:
    if left <= timedelta(0):
        raise InputError(_("这个原因能停的时间，这个案件已经用完了。"), field="hours")
    hours = -(-left // _HOUR)
    if stop.hours is not None and not 1 <= stop.hours <= hours:
        raise InputError(_("停多久要在 1 到 {most} 小时之间。").format(most=hours), field="hours")


def _check_owner(case: Case, order: Order, by: UUID) -> None:
    check_impartial(case=case, order=order, user_id=by)
    if case.owner_id != by:
        raise NotYourMove


def _run_on(docket: Docket, by: Party) -> None:
    case = docket.case
    if case.clock_stop_until is None:
        raise DisputeRefused(Phrase("这个时限没有停止。"))
    clock = run_on(clock_of(case), at=min(docket.at, case.clock_stop_until))
    end_stop(case, docket.at)
    set_clock(case, clock)
    docket.note("resumed", by, due_at=clock.due_at.isoformat())
    docket.tell_of(_BOTH, RESUMED)


def _stood(case: Case, reason: StopReason, reference: str) -> timedelta:
    """How long a clock of the case stood still before for a reason, by one paper."""
    return timedelta(seconds=case.stood.get(stop_key(reason.value, reference), 0))
