"""The rare stops of a case's clock: for a reason that its rule names, by its owner, with words, and
never without an end. When that comes the clock runs on by itself; both sides are told of each.

What an authority asks for stops a clock only out of the register (`authority_requests`), for as
long as its request there stands, and not its owner but the end of that request lets it run on.
Whatever made it stand still before, whichever verb lets it run, begins or opens the case again: an
open case whose order such a request names stands still (`hold_if_asked`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import DisputeRefused, InputError, NotYourMove
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.authority_models import AuthorityRequest
from gongdao.disputes.authority_register import find_hold, holds_of, standing
from gongdao.disputes.authority_states import Tell
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
    is_held,
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
    ``words`` are for both sides; ``reference`` is the number in the register of requests, where the
    reason's rule asks for a paper."""

    reason: StopReason
    words: str
    hours: int | None = None
    reference: str = ""


@dataclass(frozen=True)
class Allowed:
    """One reason for which a clock may be stopped now: ``most`` of its rule, ``left`` of it in this
    case (with ``reference`` by one request that was not named before)."""

    reason: StopReason
    name: str
    name_en: str
    most: timedelta
    left: timedelta
    reference: bool


def stop_clock(*, stores: Stores, case_id: UUID, by: UUID, stop: Stop, at: datetime) -> Case:
    """Its owner lets the clock stand still until a time that both sides are told.

    Raise NotYourMove where the case is not his, ConflictOfInterest, InputError where words are
    missing, no standing request of the register says so, or the hours are more than is left,
    DisputeRefused for a reason that the clock's rule does not name, or where it does not run.
    """
    _check(stop)
    with transaction.atomic():
        case, order = lock_case(case_id)
        _check_owner(case, order, by)
        docket, acting = Docket(stores, case, order, at), Party(Mover.PLATFORM, by)
        rule = _rule_of(case, stop.reason)
        request = _request(stop, order, at) if rule.reference else None
        if request is not None:
            stop = replace(stop, hours=None)  # as long as the paper says, and no less
        _stand(docket, acting, stop, rule, request)
        add_post(docket=docket, by=acting, words=stop.words.strip(), files=())
        docket.write()
    return case


def hold_clock(docket: Docket, request: AuthorityRequest, by: Party) -> bool:
    """Let the clock of an open case stand still for a request that stands; the caller writes the
    docket. A stop for another reason, or for a request that ends sooner, ends with it; False where
    another request holds the case as long already."""
    case, until = docket.case, docket.case.clock_stop_until
    longer = request.until is not None and until is not None and request.until > until
    if is_held(case, docket.at) and not longer:
        return False
    if until is not None:
        _end_stop(docket, by)
    stop = Stop(StopReason.LEGAL_HOLD, "", reference=request.number)
    try:
        _stand(docket, by, stop, _rule_of(docket.case, stop.reason), request)
    except (DisputeRefused, InputError):
        return False
    return True


def hold_if_asked(docket: Docket) -> bool:
    """Let the clock of an open case stand still where a request in the register holds its order's
    disputes; the caller writes the docket. Whether one holds it from now on."""
    if docket.case.state != "open":
        return False
    holds = holds_of(order_id=docket.order.id, at=docket.at)
    return bool(holds) and hold_clock(docket, holds[0], NOBODY)


def _rule_of(case: Case, reason: StopReason) -> DisputeStop:
    rule = allowed_stops(clock_of(case), on=case.rules_on).get(reason)
    if rule is None:
        raise _not_now()
    return rule


def _stand(
    docket: Docket, by: Party, stop: Stop, rule: DisputeStop, request: AuthorityRequest | None
) -> None:
    """Stop the clock, as an event of the case and a notice to both sides."""
    case = docket.case
    clock = _stopped(case, stop, rule, request, docket.at)
    set_clock(case, clock)
    case.clock_stop_reference = request.number if request else ""
    assert clock.stop_until is not None
    until = clock.stop_until.isoformat()
    said = {"reason": stop.reason.value, "rule": rule.ref}
    if request is not None:
        said = {} if request.tell == Tell.NOTHING else said | {"request": request.number}
    docket.note("stopped", by, until=until, **said)  # both sides read it
    docket.tell_of(_BOTH, STOPPED)


def _request(stop: Stop, order: Order, at: datetime) -> AuthorityRequest:
    """The request that the stop rests on. Raise InputError where none such stands."""
    if not stop.reference.strip():
        raise InputError(_("请选择登记册里的要求。"), field="reference")
    found = find_hold(number=stop.reference, order_id=order.id, at=at)
    if found is None:
        raise InputError(
            _("登记册里没有这样一件：写明这个订单、由第二个人确认过、还没有结束。"),
            field="reference",
        )
    return found


def _stopped(
    case: Case, stop: Stop, rule: DisputeStop, request: AuthorityRequest | None, at: datetime
) -> Clock:
    clock = clock_of(case)
    stood = _stood(case, stop.reason)
    if request is not None and request.until is not None:
        stood = timedelta(0)  # how long one paper holds is the register's to limit
    left = rule.hours * _HOUR - stood
    if request is not None and request.until is not None:
        left = min(left, request.until - at)
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
    NotYourMove where the case is not his, ConflictOfInterest, DisputeRefused where it runs, or the
    request of an authority that it stands still for is not over."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        _check_owner(case, order, by)
        asked = AuthorityRequest.objects.filter(standing(at), number=case.clock_stop_reference)
        if is_held(case, at) and asked.exists():
            raise DisputeRefused(
                Phrase("有关机关的要求还没有结束：机关解除的，先在登记册里结束它。")
            )
        docket = Docket(stores, case, order, at)
        let_run(docket, Party(Mover.PLATFORM, by))
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
        let_run(docket, NOBODY)
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
            left=max(rule.hours * _HOUR - _stood(case, reason), 0 * _HOUR),
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


def let_run(docket: Docket, by: Party) -> None:
    """Let the stopped clock of the docket's case run on; the caller writes it. Where a request of
    an authority stands for its order, it stands still for that at once. Raise DisputeRefused where
    it runs."""
    _end_stop(docket, by)
    hold_if_asked(docket)


def _end_stop(docket: Docket, by: Party) -> None:
    case = docket.case
    if case.clock_stop_until is None:
        raise DisputeRefused(Phrase("这个时限没有停止。"))
    clock = run_on(clock_of(case), at=min(docket.at, case.clock_stop_until))
    end_stop(case, docket.at)
    set_clock(case, clock)
    docket.note("resumed", by, due_at=clock.due_at.isoformat())
    docket.tell_of(_BOTH, RESUMED)


def _stood(case: Case, reason: StopReason) -> timedelta:
    """How long a clock of the case stood still before for a reason that needs no paper."""
    return timedelta(seconds=case.stood.get(stop_key(reason.value, ""), 0))
