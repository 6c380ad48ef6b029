"""Take units off the shelf for a claim: for some minutes, or give them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import IntegrityError

from gongdao.core.errors import ClaimBusy
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.vault.run_sql import PACKAGE, owner_values, run_named, run_prepared, unit_values
from gongdao.vault.short_of import short_of


@dataclass(frozen=True)
class ReservedUnit:
    """A unit set aside for a claim, in its place (from 1)."""

    unit: int
    place: int


def reserve_ctes(only_if: str = "true") -> str:
    """``sql/reserve.sql``: CTEs for a WITH of the caller's own; `reserve_values` fills them.

    The caller must see that ``vault_reserved`` has as many rows as units were asked for. Nothing is
    reserved where ``only_if``, a condition of the caller's, does not hold.
    """
    return load_sql(PACKAGE, "reserve").replace("{only_if}", only_if)


def reserve_values(
    *, sku: UUID, claim: SubjectRef, units: int, until: datetime, at: datetime
) -> dict[str, object]:
    """The values that `reserve_ctes` names."""
    return {
        **unit_values(claim, sku, units),
        "vault_until": until,
        "vault_at": at,
    }


def reserve(
    *, sku: UUID, claim: SubjectRef, units: int, until: datetime, at: datetime
) -> list[ReservedUnit]:
    """Set ``units`` units of ``sku`` aside for ``claim`` until ``until``; all of them or none.

    Raise StockShort or StockHeld; ClaimBusy where the claim has units already: then roll back.
    """
    values = reserve_values(sku=sku, claim=claim, units=units, until=until, at=at)
    try:
        rows = run_prepared(_alone(), values)
    except IntegrityError:
        raise ClaimBusy from None
    if len(rows) != units:
        raise short_of(sku)
    return [ReservedUnit(*row) for row in rows]


def release(*, claim: SubjectRef) -> int:
    """Put what is reserved for ``claim`` back on the shelf; how many units. Allocated ones stay."""
    return int(run_named("release_claim", owner_values(claim))[0][0])


def release_reservations(*, at: datetime, most: int = 1000) -> list[SubjectRef]:
    """Put units back whose reservations lapsed by ``at``, at most ``most``; whose they were."""
    rows = run_named("release_lapsed", {"at": at, "most": most})
    return [SubjectRef(kind, owner) for kind, owner in rows]


@cache
def _alone() -> str:
    return f"WITH {reserve_ctes()} SELECT unit_id, place FROM vault_reserved ORDER BY place"
