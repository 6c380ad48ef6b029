"""What the buyer filed where: recorded once, listed, its outcome added."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.follow.filings import Filing, check_filing
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.models import Filing as FilingRow
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.codes import Outcome
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import InputError, StaleCase
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money


@dataclass(frozen=True)
class RecordedFiling:
    """A filing with its row's id, by which pages name it. ``mark`` changes with every change of
    the row, so that two tabs cannot overwrite each other unnoticed."""

    id: UUID
    filing: Filing
    mark: str = ""


def filings_of(case: OpenCase) -> tuple[RecordedFiling, ...]:
    """Every filing of the case, oldest first; one query."""
    rows = FilingRow.objects.filter(case_id=case.row.id).order_by("filed_at", "id")
    return tuple(RecordedFiling(row.id, _filing(case, row), _mark(row)) for row in rows)


def record_filing(*, case: OpenCase, filing: Filing, at: datetime) -> UUID:
    """Record that the buyer filed at a channel; raise InputError where it cannot be so. The same
    channel and moment twice is one filing: the later words replace the earlier, an outcome that
    is known already stays."""
    check_filing(filing, as_of=at)
    with transaction.atomic():
        lock_case(case.row.id)
        row, made = FilingRow.objects.get_or_create(
            case_id=case.row.id,
            channel=filing.channel,
            filed_at=filing.filed_at,
            defaults={"id": new_id(at), "recorded_at": at, "sealed": b"-"},
        )
        if not made and filing.outcome is None:
            kept = _filing(case, row)
            filing = replace(
                filing, outcome=kept.outcome, outcome_at=kept.outcome_at, returned=kept.returned
            )
        _write(case, row, filing)
        Case.objects.filter(id=case.row.id).update(changed_at=at)
        return row.id


def change_filing(
    *, case: OpenCase, filing_id: UUID, filing: Filing, mark: str = "", at: datetime | None = None
) -> bool:
    """Change what was recorded, its outcome included; False where there is no such filing.

    ``mark``, where given, must still be that of the row, else StaleCase is raised; ``at``, where
    given, is noted as the time of the change. Raises InputError where another filing stands at
    the same channel and moment.
    """
    with transaction.atomic():
        lock_case(case.row.id)
        row = _find(case, filing_id, mark)
        if row is None:
            return False
        others = FilingRow.objects.filter(
            case_id=case.row.id, channel=filing.channel, filed_at=filing.filed_at
        )
        if others.exclude(id=filing_id).exists():
            raise InputError(Phrase("这个渠道在同一时间已经有一条记录"), field="filed_at")
        row.channel, row.filed_at = filing.channel, filing.filed_at
        _write(case, row, filing)
        if at is not None:
            Case.objects.filter(id=case.row.id).update(changed_at=at)
        return True


def remove_filing(*, case: OpenCase, filing_id: UUID, mark: str = "") -> bool:
    """Take back a filing recorded by mistake; False where there is none. ``mark`` as above."""
    with transaction.atomic():
        lock_case(case.row.id)
        row = _find(case, filing_id, mark)
        return bool(row and row.delete()[0])


def _find(case: OpenCase, filing_id: UUID, mark: str) -> FilingRow | None:
    row = FilingRow.objects.filter(case_id=case.row.id, id=filing_id).first()
    if row is not None and mark and mark != _mark(row):
        raise StaleCase
    return row


def _mark(row: FilingRow) -> str:
    """A new nonce is drawn whenever the row is sealed, so no two versions look alike."""
    return hashlib.sha256(bytes(row.sealed)).hexdigest()[:16]


def _write(case: OpenCase, row: FilingRow, filing: Filing) -> None:
    table = {
        "number": filing.number,
        "receipt": filing.receipt,
        "note": filing.note,
        "returned": filing.returned.minor if filing.returned else None,
    }
    row.outcome = filing.outcome.value if filing.outcome else ""
    row.outcome_at = filing.outcome_at
    row.sealed = seal(case.key, json.dumps(table).encode(), case.subject.aad(f"filing/{row.id}"))
    row.save()


def _filing(case: OpenCase, row: FilingRow) -> Filing:
    aad = case.subject.aad(f"filing/{row.id}")
    table = json.loads(open_sealed(case.key, bytes(row.sealed), aad))
    returned = table["returned"]
    return Filing(
        channel=row.channel,
        filed_at=row.filed_at,
        number=table["number"],
        receipt=table["receipt"],
        note=table["note"],
        outcome=Outcome(row.outcome) if row.outcome else None,
        outcome_at=row.outcome_at,
        returned=Money(returned, "CNY") if returned is not None else None,
    )
