"""What a restored database has to learn from the public log before it sells again: which batches
wait, and what each claim has here.

A batch that waits carries the reason ``restored:N``: N leaves of the log were in the backup. One
that was still being imported waits as well: perhaps it was finished, and sold, in the time that is
lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from gongdao.core.subject import SubjectRef
from gongdao.vault.models import Batch
from gongdao.vault.states import BatchState

_REASON = re.compile(r"restored:(\d{1,18})")
DOUBTED = "restored_doubt"
"""Why a batch stays away after the log was read: perhaps more of it was delivered than the log
says."""
_HAVE = """
SELECT c.owner_id, s.commitment FROM vault_claim c
JOIN vault_unit u ON u.id = c.unit_id JOIN vault_sealed s ON s.id = u.sealed_id
WHERE c.owner_id = ANY(%s) AND c.owner_kind = %s AND c.state <> 'reserved'
"""


@dataclass(frozen=True)
class WaitingBatch:
    """A batch that waits for the leaves from number ``size`` on; ``incoming``: its import had not
    ended when the backup was made."""

    id: UUID
    sku: UUID
    log_subject: str
    size: int
    incoming: bool
    since: datetime
    """When it was taken off sale: soon after the restore."""


def restored_reason(size: int) -> str:
    """Why a batch waits after a backup with ``size`` leaves was restored."""
    return f"restored:{size}"


def find_waiting() -> list[WaitingBatch]:
    """Every batch that waits for the log."""
    rows = Batch.objects.filter(
        state__in=(BatchState.QUARANTINED, BatchState.INCOMING), reason__startswith="restored:"
    )
    found = []
    for row in rows.order_by("id"):
        if match := _REASON.fullmatch(row.reason):
            incoming = row.state == BatchState.INCOMING
            found.append(
                WaitingBatch(
                    row.id, row.sku_id, row.log_subject, int(match[1]), incoming, row.changed_at
                )
            )
    return found


def let_import_go_on(*, batch: UUID, at: datetime) -> bool:
    """An import that waited was not finished in the lost time: it may go on. False where the batch
    does not wait."""
    waits = Batch.objects.filter(
        id=batch, state=BatchState.INCOMING, reason__startswith="restored:"
    )
    return bool(waits.update(reason="", changed_at=at))


def find_unknown(log_subjects: Collection[str]) -> set[str]:
    """Which of these batches, named as the log names them, are not in this database."""
    known = Batch.objects.filter(log_subject__in=log_subjects)
    return set(log_subjects) - set(known.values_list("log_subject", flat=True))


def find_given(claims: Collection[SubjectRef]) -> dict[UUID, Counter[bytes]]:
    """The commitments of what each of ``claims`` (all of one kind) got for good, replaced units
    among them, by the claim's id."""
    found: dict[UUID, Counter[bytes]] = {}
    for kind in {one.kind for one in claims}:
        ids = [one.id for one in claims if one.kind == kind]
        with connection.cursor() as cursor:
            cursor.execute(_HAVE, (ids, kind))
            for owner, commitment in cursor.fetchall():
                found.setdefault(owner, Counter())[bytes(commitment)] += 1
    return found
