"""After a backup was restored: what was sold since is not in this database, so nothing of a batch
is sold before the public log has told what left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import WrongStockState
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append import append_leaves
from gongdao.vault.batch_leaves import moved_leaf
from gongdao.vault.locks import lock_batch
from gongdao.vault.models import Batch
from gongdao.vault.states import BatchState, UnitState
from gongdao.vault.take_down import take_down

_SOLD = """
WITH sold AS (SELECT * FROM unnest(%(commitments)s::bytea[], %(counts)s::int[]) AS s (c, most)),
mine AS (
  SELECT u.id, sold.most, row_number() OVER (PARTITION BY u.sealed_id ORDER BY u.id) AS n
  FROM vault_unit u JOIN vault_sealed s ON s.id = u.sealed_id JOIN sold ON sold.c = s.commitment
  WHERE u.batch_id = %(batch)s AND u.id BETWEEN %(first)s AND %(last)s AND u.state = 'held'
)
UPDATE vault_unit SET state = 'withdrawn' WHERE id IN (SELECT id FROM mine WHERE n <= most)
"""
_BACK = """
UPDATE vault_unit SET state = 'available'
WHERE batch_id = %(batch)s AND id BETWEEN %(first)s AND %(last)s AND state = 'held'
"""


@dataclass(frozen=True)
class Quarantined:
    """Batches of which nothing is for sale now; claims whose reservations ``lapsed`` by it."""

    batches: tuple[UUID, ...]
    lapsed: tuple[SubjectRef, ...]


@dataclass(frozen=True)
class Lifted:
    """Units that had been ``sold`` and stay away, and units that are ``back`` on the shelf."""

    sold: int
    back: int


def quarantine_batches(
    *, stores: Stores, batches: Collection[UUID] | None, reason: str, at: datetime
) -> Quarantined:
    """Hold back what is left of ``batches``; None: of every batch that is for sale, and imports
    that have not ended may not go on.

    One that is not for sale is left as it is, so it may be called again. Appends a leaf for each:
    not together with others in one transaction.
    """
    with transaction.atomic():
        found = Batch.objects.filter(state=BatchState.LIVE)
        if batches is not None:
            found = found.filter(id__in=batches)
        leaves, lapsed, done = [], dict[SubjectRef, None](), []
        for row in found.order_by("id").select_for_update():
            lapsed.update(dict.fromkeys(take_down(row, to=UnitState.HELD)[1]))
            row.state, row.reason, row.changed_at = BatchState.QUARANTINED, reason, at
            row.save(update_fields=["state", "reason", "changed_at"])
            leaves.append(moved_leaf(row, "quarantined"))
            done.append(row.id)
        if batches is None:
            incoming = Batch.objects.filter(state=BatchState.INCOMING)
            incoming.exclude(reason__startswith="restored:").update(reason=reason, changed_at=at)
        append_leaves(stores=stores, leaves=leaves, at=at)
    return Quarantined(tuple(done), tuple(lapsed))


def doubt_batch(*, batch: UUID, sold: Iterable[bytes], reason: str, at: datetime) -> int:
    """Take what was ``sold`` out of a quarantined ``batch`` for good, as `lift_quarantine` does;
    the rest stays away, for another ``reason``; how many units were sold. Raise NoSuchShelf;
    WrongStockState for a batch that is not quarantined."""
    with transaction.atomic():
        row = lock_batch(batch)
        if row.state != BatchState.QUARANTINED:
            raise WrongStockState(row.state)
        gone = _take_sold(_values(row, Counter(sold)))
        row.reason, row.changed_at = reason, at
        row.save(update_fields=["reason", "changed_at"])
    return gone


def _values(row: Batch, counted: Counter[bytes]) -> dict[str, Any]:
    return {
        "batch": row.id,
        "first": row.first_id,
        "last": row.last_id,
        "commitments": list(counted),
        "counts": list(counted.values()),
    }


def _take_sold(values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, values)
        gone: int = cursor.rowcount
    return gone


def lift_quarantine(
    *, stores: Stores, batch: UUID, sold: Iterable[bytes], reason: str, at: datetime
) -> Lifted:
    """Put ``batch`` back on sale without what was ``sold``: the commitments in the log's deliveries
    that are newer than the backup, one for each unit.

    Appends a leaf: not together with others in one transaction. Raise NoSuchShelf;
    WrongStockState for a batch that is not quarantined.
    """
    counted = Counter(sold)
    with transaction.atomic():
        row = lock_batch(batch)
        if row.state != BatchState.QUARANTINED:
            raise WrongStockState(row.state)
        values = _values(row, counted)
        gone = _take_sold(values)
        with connection.cursor() as cursor:
            cursor.execute(_BACK, values)
            back = cursor.rowcount
        row.state, row.reason, row.changed_at = BatchState.LIVE, reason, at
        row.save(update_fields=["state", "reason", "changed_at"])
        append_leaves(stores=stores, leaves=[moved_leaf(row, "restored")], at=at)
    return Lifted(gone, back)
