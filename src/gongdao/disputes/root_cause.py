"""Learn from upheld cases (B15): why it could happen, what was done, and what that changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import DisputeRefused, InputError
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.learning_models import CauseAnswer, CauseEffect, RootCause
from gongdao.disputes.locks import lock_case
from gongdao.disputes.states import Mover, Outcome

LONGEST = 500
UPHELD = (Outcome.UPHELD.value, Outcome.PARTLY_UPHELD.value, Outcome.SETTLED.value)
"""Ends that say that something was wrong."""
_COUNT = """
SELECT
  (SELECT count(*) FROM dispute_root_cause r JOIN dispute_case c ON c.id = r.case_id
   WHERE r.cause = %(cause)s AND c.reason = %(reason)s
     AND c.opened_at >= %(begin)s AND c.opened_at < %(end)s),
  (SELECT count(*) FROM market_order o
   WHERE o.paid_at IS NOT NULL AND o.placed_at >= %(begin)s AND o.placed_at < %(end)s)
"""


class Cause(StrEnum):
    """What made it possible."""

    RULE = "rule"
    VETTING = "vetting"
    TECHNOLOGY = "technology"
    SUPPLIER = "supplier"
    PERSON = "person"


def record_cause(
    *, stores: Stores, case_id: UUID, cause: Cause, note: str, by: UUID, at: datetime
) -> RootCause:
    """Say why an upheld case could happen, once. Raise DisputeRefused for a case that is open or
    was not upheld, or has its cause; InputError without a note."""
    _check(note)
    with transaction.atomic():
        case, order = lock_case(case_id)
        if case.state != "closed" or case.outcome not in UPHELD:
            raise DisputeRefused(Phrase("只有成立并且已经结束的案件才记录原因。"))
        if RootCause.objects.filter(case=case).exists():
            raise DisputeRefused(Phrase("这个案件的原因已经记录过了。"))
        docket = Docket(stores, case, order, at)
        docket.note("cause", Party(Mover.PLATFORM, by), cause=cause.value)
        row = RootCause.objects.create(case=case, cause=cause.value, note=note, by_id=by, at=at)
        docket.write()
    return row


def answer_cause(*, cause: RootCause, what: str, by: UUID, at: datetime) -> CauseAnswer:
    """Record what the platform changed because of it: from ``at`` on."""
    _check(what)
    return CauseAnswer.objects.create(cause=cause, what=what, by_id=by, at=at)


def measure_effect(*, answer: CauseAnswer, days: int, at: datetime) -> CauseEffect:
    """Count cases of the same cause and reason among paid orders, ``days`` before the answer and as
    many after it. Raise DisputeRefused while that time has not passed."""
    window = timedelta(days=days)
    if days < 1 or answer.at + window > at:
        raise DisputeRefused(Phrase("还没有过去那么多天，现在量不出效果。"))
    before = _count(answer, answer.at - window, answer.at)
    after = _count(answer, answer.at, answer.at + window)
    return CauseEffect.objects.create(
        answer=answer,
        days=days,
        cases_before=before[0],
        orders_before=before[1],
        cases_after=after[0],
        orders_after=after[1],
        at=at,
    )


def _count(answer: CauseAnswer, begin: datetime, end: datetime) -> tuple[int, int]:
    cause = answer.cause
    values: dict[str, Any] = {
        "cause": cause.cause,
        "reason": cause.case.reason,
        "begin": begin,
        "end": end,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        cases, orders = cursor.fetchone()
    return int(cases), int(orders)


def _check(text: str) -> None:
    if not text.strip() or len(text) > LONGEST:
        raise InputError(_("请写明，最多 {most} 个字。").format(most=LONGEST), field="note")
