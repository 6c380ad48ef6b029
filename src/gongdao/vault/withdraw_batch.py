"""Take a batch off the shelf for good: a recall, or an import that was a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import WrongStockState
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append import append_leaves
from gongdao.vault.batch_leaves import moved_leaf
from gongdao.vault.locks import lock_batch, lock_keys
from gongdao.vault.models import Batch
from gongdao.vault.states import BATCH_TRANSITIONS, BatchState, UnitState
from gongdao.vault.take_down import take_down

_DOUBTFUL = """
SELECT DISTINCT sealed_id FROM vault_unit
WHERE batch_id = %(batch)s AND id BETWEEN %(first)s AND %(last)s AND state IN ('withdrawn', 'held')
"""
_FREE = """
DELETE FROM vault_fingerprint f USING vault_unit s
WHERE s.batch_id = %(batch)s AND s.id BETWEEN %(first)s AND %(last)s
  AND s.id = s.sealed_id AND f.sealed_id = s.id AND s.id <> ALL(%(doubtful)s)
  AND NOT EXISTS (
    SELECT FROM vault_unit u JOIN vault_claim c ON c.unit_id = u.id
    WHERE u.sealed_id = s.id AND u.id BETWEEN s.id AND s.id + 9999)
"""


@dataclass(frozen=True)
class TakenDown:
    """``units`` that are not for sale any more; claims whose reservations ``lapsed`` by it."""

    units: int
    lapsed: tuple[SubjectRef, ...]


def withdraw_batch(
    *, stores: Stores, batch: UUID, reason: str, may_return: bool = False, at: datetime
) -> TakenDown:
    """Withdraw what is left of ``batch``. What is allocated stays with its claims (`find_owners`).

    ``may_return``: the secrets that never were anybody's may be imported again (a mistake, not a
    recall). Those that were off the shelf before this may not: they were delivered in a time that a
    restored backup does not know, or an issuer called them bad. Appends a leaf: not together with
    others in one transaction. Raise NoSuchShelf; WrongStockState for a batch that is still incoming
    or withdrawn already, and for one in quarantine of which something ``may_return``.
    """
    with transaction.atomic():
        lock_keys(to_change=False)
        row = lock_batch(batch)
        if BatchState.WITHDRAWN not in BATCH_TRANSITIONS[BatchState(row.state)]:
            raise WrongStockState(row.state)
        if may_return and row.state == BatchState.QUARANTINED:
            raise WrongStockState(row.state)
        # Before: afterwards every secret is off the shelf. A sale under way may still win a unit;
        # its claim keeps that one.
        doubtful = _find_doubtful(row) if may_return else []
        units, lapsed = take_down(row, to=UnitState.WITHDRAWN)
        if may_return:
            with connection.cursor() as cursor:
                cursor.execute(
                    _FREE,
                    {
                        "batch": batch,
                        "first": row.first_id,
                        "last": row.last_id,
                        "doubtful": doubtful,
                    },
                )
        row.state, row.reason, row.changed_at = BatchState.WITHDRAWN, reason, at
        row.save(update_fields=["state", "reason", "changed_at"])
        append_leaves(stores=stores, leaves=[moved_leaf(row, "withdrawn")], at=at)
    return TakenDown(units, tuple(lapsed))


def _find_doubtful(row: Batch) -> list[int]:
    """Secrets of the locked batch ``row`` of which a use is off the shelf without a sale."""
    with connection.cursor() as cursor:
        values = {"batch": row.id, "first": row.first_id, "last": row.last_id}
        cursor.execute(_DOUBTFUL, values)
        return [one for (one,) in cursor.fetchall()]


def withdraw_again(*, batch: UUID, reason: str, at: datetime) -> int:
    """A backup was restored from before the withdrawal of ``batch``, which is in the public log
    already: do the same here, without another leaf; how many units. Raise NoSuchShelf;
    WrongStockState for a batch that is not quarantined."""
    with transaction.atomic():
        row = lock_batch(batch)
        if row.state != BatchState.QUARANTINED:
            raise WrongStockState(row.state)
        units, _lapsed = take_down(row, to=UnitState.WITHDRAWN)
        row.state, row.reason, row.changed_at = BatchState.WITHDRAWN, reason, at
        row.save(update_fields=["state", "reason", "changed_at"])
    return units
