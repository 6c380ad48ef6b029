"""Follow one case: judge it anew, keep its deadlines, plan its reminders.

May be done any number of times, by anybody, at once: it happens under the case's lock, keys are
stable, and what is planned already stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from gongdao.casework.follow.deadlines import DeadlineChange, DeadlineView, find_deadlines
from gongdao.casework.follow.plan_reminders import PlannedReminder, plan_reminders
from gongdao.casework.online.addresses import KeptAddress, addresses_of
from gongdao.casework.online.assemble_case import AssembledCase, assemble_case
from gongdao.casework.online.deadlines import keep_deadlines
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.outcomes import results_of
from gongdao.casework.online.reminders import keep_reminders
from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores
from gongdao.rules.load import Rules

STILL_SENT = timedelta(days=30)
"""How far back a plan reaches when it is asked whether a reminder still belongs to the case."""


@dataclass(frozen=True)
class Followed:
    """A case as it was followed: ``planned`` reaches back a month, ``addresses`` are those that
    were confirmed."""

    case: OpenCase
    deadlines: tuple[DeadlineView, ...]
    changes: tuple[DeadlineChange, ...]
    planned: tuple[PlannedReminder, ...]
    addresses: tuple[KeptAddress, ...]


def follow_case(
    *, stores: Stores, case_id: UUID, at: datetime, rules: Rules | None = None
) -> Followed | None:
    """Bring deadlines and reminders of the case up to what follows from it at ``at``; None where
    it was erased. ``rules``: other rule data than what is published, to count with."""
    with transaction.atomic():
        try:
            case = open_row(stores=stores, row=lock_case(case_id))
        except KeyGone:
            return None
        assembled = assemble_case(case=case, as_of=at)
        fresh = find_deadlines(assembled.judgement.routes.clocks, as_of=at, rules=rules)
        changes = keep_deadlines(case_id=case_id, fresh=fresh, at=at)
        planned = plan_of(assembled=assembled, deadlines=fresh, at=at, late=STILL_SENT)
        addresses = tuple(a for a in addresses_of(case) if a.confirmed_at is not None)
        keep_reminders(case_id=case_id, planned=planned, addresses=addresses, at=at)
    return Followed(case, fresh, changes, planned, addresses)


def plan_of(
    *,
    assembled: AssembledCase,
    deadlines: tuple[DeadlineView, ...],
    at: datetime,
    late: timedelta = timedelta(),
) -> tuple[PlannedReminder, ...]:
    """What is to be sent for a case from ``late`` before ``at`` on; nothing for one that is closed
    or was begun before buying. One query."""
    row = assembled.case.row
    if row.before_buying:
        return ()
    said = next(iter(results_of(assembled.case)), None)
    return plan_reminders(
        deadlines=deadlines,
        filings=[one.filing for one in assembled.filings],
        begun_at=row.begun_at,
        outcome_known=row.closed_at is not None,
        asked_at=said.said_at if said else None,
        as_of=at,
        late=late,
    )


def open_cases_after(case_id: UUID | None, *, most: int) -> list[UUID]:
    """The next open cases by id, to go over all of them in small batches."""
    rows = Case.objects.filter(closed_at__isnull=True)
    if case_id is not None:
        rows = rows.filter(id__gt=case_id)
    return list(rows.order_by("id").values_list("id", flat=True)[:most])
