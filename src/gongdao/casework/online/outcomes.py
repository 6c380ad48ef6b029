"""How the whole matter stands, as the buyer says; it closes the case or keeps it open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.follow.results import Result, SaidResult, check_result
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case, CaseOutcome
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.clock import parse_iso
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import StaleCase
from gongdao.core.ids import new_id
from gongdao.core.money import Money


@dataclass(frozen=True)
class KeptResult:
    """What the buyer said, with its row's id and when it was said."""

    id: UUID
    said: SaidResult
    said_at: datetime


def results_of(case: OpenCase) -> tuple[KeptResult, ...]:
    """Everything that was said, the latest first; one query."""
    rows = CaseOutcome.objects.filter(case_id=case.row.id).order_by("-said_at", "-id")
    return tuple(KeptResult(row.id, _said(case, row), row.said_at) for row in rows)


def say_result(
    *, case: OpenCase, said: SaidResult, after: UUID | None, at: datetime
) -> tuple[KeptResult, bool]:
    """Keep how it stands and close the case, or open it again; what was said before is kept too.
    Returns the result and whether it is new: the same words twice are said once.

    ``after`` is the latest result that the page showed; raises StaleCase where another was said
    meanwhile, InputError where it cannot be so.
    """
    check_result(said, as_of=at)
    with transaction.atomic():
        row = lock_case(case.row.id)
        before = next(iter(results_of(case)), None)
        if before and before.said == said and (row.closed_at is not None) == said.closes:
            return before, False
        if (before.id if before else None) != after:
            raise StaleCase
        kept = KeptResult(new_id(at), said, at)
        CaseOutcome.objects.create(
            id=kept.id,
            case_id=row.id,
            result=said.result.value,
            channel=said.channel,
            sealed=_seal(case, kept),
            said_at=at,
        )
        closed_at = (row.closed_at or at) if said.closes else None
        Case.objects.filter(id=row.id).update(closed_at=closed_at, changed_at=at)
        return kept, True


def reopen_case(*, case: OpenCase, at: datetime) -> bool:
    """Go on with a case that was closed; False where it is open."""
    with transaction.atomic():
        lock_case(case.row.id)
        closed = Case.objects.filter(id=case.row.id, closed_at__isnull=False)
        return bool(closed.update(closed_at=None, changed_at=at))


def _seal(case: OpenCase, kept: KeptResult) -> bytes:
    said = kept.said
    table = {
        "at": said.at.isoformat(),
        "closes": said.closes,
        "amount": said.amount.minor if said.amount else None,
        "note": said.note,
    }
    return seal(case.key, json.dumps(table).encode(), case.subject.aad(f"outcome/{kept.id}"))


def _said(case: OpenCase, row: CaseOutcome) -> SaidResult:
    aad = case.subject.aad(f"outcome/{row.id}")
    table = json.loads(open_sealed(case.key, bytes(row.sealed), aad))
    amount = table["amount"]
    return SaidResult(
        result=Result(row.result),
        at=parse_iso(table["at"]),
        closes=table["closes"],
        channel=row.channel,
        amount=Money(amount, "CNY") if amount is not None else None,
        note=table["note"],
    )
