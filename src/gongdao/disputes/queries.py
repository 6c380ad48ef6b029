"""What pages ask of disputes: nothing here writes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Case as When
from django.db.models import IntegerField, QuerySet, Value
from django.db.models import When as If

from gongdao.disputes.models import Case, Proposal
from gongdao.disputes.states import Mover, Step
from gongdao.vault.run_sql import run_prepared

_APPELLANT = """
SELECT e.by FROM dispute_event e WHERE e.case_id = %(case)s AND e.kind = 'appealed'
  AND NOT EXISTS (SELECT FROM dispute_verdict v WHERE v.case_id = e.case_id AND v.event >= e.number)
ORDER BY e.number DESC LIMIT 1
"""
"""Who appealed since the newest verdict."""


def cases_of_merchant(*, merchant_id: UUID, closed: bool = False) -> QuerySet[Case]:
    """A merchant's cases with their orders: open ones that wait for him first, by deadline; closed
    ones newest first."""
    rows = Case.objects.filter(merchant_id=merchant_id).select_related("order")
    if closed:
        return rows.filter(state="closed").order_by("-closed_at", "-id")
    return _by_deadline(rows.filter(state="open"), Mover.MERCHANT)


def cases_of_platform(*, owner_id: UUID | None = None) -> QuerySet[Case]:
    """Open cases for the arbiters' desk, those that wait for the platform first, by deadline;
    ``owner_id`` for the cases of one person."""
    rows = Case.objects.filter(state="open").select_related("order", "owner")
    if owner_id is not None:
        rows = rows.filter(owner_id=owner_id)
    return _by_deadline(rows, Mover.PLATFORM)


def cases_of_order(*, order_id: UUID) -> QuerySet[Case]:
    """Every case about an order, newest first."""
    return Case.objects.filter(order_id=order_id).order_by("-opened_at", "-id")


def appellant_of(case: Case) -> str:
    """Whose appeal the case waits to be decided in, wherever it went meanwhile; empty for none."""
    found = run_prepared(_APPELLANT, {"case": case.id})
    return str(found[0][0]) if found else ""


def find_proposal(case: Case) -> Proposal | None:
    """What a first person came to, where the case waits for a second: also at management, which it
    reached because the second was silent, or where the first himself decided."""
    if Step(case.step) not in (Step.SECOND_ARBITER, Step.APPEAL_SECOND, Step.MANAGEMENT):
        return None
    return Proposal.objects.filter(case=case).first()


def cases_that_stand_still() -> QuerySet[Case]:
    """Open cases whose clock is stopped, those that run on soonest first."""
    rows = Case.objects.filter(state="open", clock_stopped_at__isnull=False)
    return rows.select_related("order", "owner").order_by("clock_stop_until", "id")


def cases_that_need_a_person() -> QuerySet[Case]:
    """Cases whose remedy cannot go on by itself: no cover, or the payment service refused."""
    rows = Case.objects.exclude(needs_person="").select_related("order", "owner")
    return rows.order_by("clock_due_at", "id")


def _by_deadline(rows: QuerySet[Case], mine: Mover) -> QuerySet[Case]:
    first = When(If(mover=mine.value, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.annotate(turn=first).order_by("turn", "clock_due_at", "id")
