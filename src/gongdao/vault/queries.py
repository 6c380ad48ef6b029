"""What others may know of the vault: counts, positions, owners; never a secret."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from gongdao.core.subject import SubjectRef
from gongdao.vault.allocate import AllocatedUnit
from gongdao.vault.issuer_port import SANDBOX
from gongdao.vault.models import Batch, Reveal, StatusCheck
from gongdao.vault.states import BatchState, UnitState

_AVAILABLE = """
SELECT wanted.sku, (
  SELECT count(*) FROM (
    SELECT FROM vault_unit u WHERE u.sku_id = wanted.sku AND u.state = 'available'
      AND u.pos <= (SELECT open_upto FROM vault_sku WHERE id = wanted.sku)
    ORDER BY u.pos LIMIT %s) AS seen)
FROM unnest(%s::uuid[]) AS wanted (sku)
"""
"""The order makes it walk the shelf's own index; without, it may begin among a million sold."""
_STATES = """
SELECT state, count(*) FROM vault_unit
WHERE batch_id = %s AND id BETWEEN %s AND %s GROUP BY state
"""
_UNITS = """
SELECT c.unit_id, c.place, u.batch_id, s.commitment
FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id JOIN vault_sealed s ON s.id = u.sealed_id
WHERE c.owner_id = %s AND c.owner_kind = %s AND c.state = 'allocated' ORDER BY c.place
"""
_OWNERS = """
SELECT u.id, c.owner_kind, c.owner_id FROM vault_unit u JOIN vault_claim c ON c.unit_id = u.id
WHERE u.batch_id = %s AND u.id BETWEEN %s AND %s AND u.id > %s AND c.state <> 'reserved'
ORDER BY u.id LIMIT 1000
"""


def count_available(skus: Collection[UUID], *, most: int = 1000) -> dict[UUID, int]:
    """How many units of each shelf are for sale, counted up to ``most``: what pages show."""
    with connection.cursor() as cursor:
        cursor.execute(_AVAILABLE, (most, list(skus)))
        return dict(cursor.fetchall())


def find_incoming(sku: UUID) -> UUID | None:
    """The import onto ``sku`` that has not ended, if there is one."""
    found = Batch.objects.filter(sku_id=sku, state=BatchState.INCOMING)
    return found.values_list("id", flat=True).first()


def count_batch(batch: UUID) -> dict[UnitState, int]:
    """How many units of ``batch`` are in each state; reads all of them."""
    row = Batch.objects.filter(id=batch).first()
    if row is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STATES, (batch, row.first_id, row.last_id))
        return {UnitState(state): count for state, count in cursor.fetchall()}


def get_units(claim: SubjectRef) -> list[AllocatedUnit]:
    """The units allocated to ``claim``, in the order of their places."""
    with connection.cursor() as cursor:
        cursor.execute(_UNITS, (claim.id, claim.kind))
        return [AllocatedUnit(u, place, b, bytes(c)) for u, place, b, c in cursor.fetchall()]


def find_owners(batch: UUID) -> Iterator[tuple[int, SubjectRef]]:
    """Every unit of ``batch`` that belongs or belonged to a claim for good, with the claim: whom a
    recall concerns."""
    row = Batch.objects.filter(id=batch).first()
    after = 0
    while row is not None:
        with connection.cursor() as cursor:
            cursor.execute(_OWNERS, (batch, row.first_id, row.last_id, after))
            found = cursor.fetchall()
        yield from ((unit, SubjectRef(kind, owner)) for unit, kind, owner in found)
        if not found:
            return
        after = found[-1][0]


def first_revealed(claim: SubjectRef) -> datetime | None:
    """When the secrets of ``claim`` were first decrypted for anybody."""
    units = [one.unit for one in get_units(claim)]
    seen = Reveal.objects.filter(unit_id__in=units, owner_id=claim.id, owner_kind=claim.kind)
    return seen.order_by("at").values_list("at", flat=True).first()


def last_checked(batch: UUID) -> datetime | None:
    """When an issuer last answered about a secret of ``batch``; the sandbox is none."""
    seen = StatusCheck.objects.filter(batch_id=batch).exclude(status="unknown")
    seen = seen.exclude(port=SANDBOX)
    return seen.order_by("-at").values_list("at", flat=True).first()


@dataclass(frozen=True)
class UnfinishedImport:
    """An import that has not ended: nothing of it is for sale, and no other one goes onto its shelf
    meanwhile. ``waits``: a restored backup held it up until the public log is replayed."""

    batch: UUID
    sku: UUID
    secrets: int
    began_at: datetime
    moved_at: datetime
    waits: bool


def find_unfinished() -> list[UnfinishedImport]:
    """Every import that has not ended, oldest first; ``moved_at`` is when it last took lines."""
    rows = Batch.objects.filter(state=BatchState.INCOMING).order_by("began_at")
    return [
        UnfinishedImport(
            row.id, row.sku_id, row.secrets, row.began_at, row.changed_at, bool(row.reason)
        )
        for row in rows
    ]
