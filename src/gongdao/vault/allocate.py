"""Give a claim its units for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import IntegrityError

from gongdao.core.errors import ClaimBusy
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.vault.run_sql import PACKAGE, owner_values, run_prepared, unit_values
from gongdao.vault.short_of import short_of


@dataclass(frozen=True)
class AllocatedUnit:
    """A unit that belongs to a claim, in its place (from 1). ``commitment`` is the one that its
    batch's root holds: fit for the public log."""

    unit: int
    place: int
    batch: UUID
    commitment: bytes


def allocate_ctes() -> str:
    """``sql/allocate.sql``: CTEs for a WITH of the caller's own; `allocate_values` fills them.

    The caller must see that ``vault_allocated`` has as many rows as units were asked for.
    """
    return load_sql(PACKAGE, "allocate")


def allocate_values(*, sku: UUID, claim: SubjectRef, units: int, at: datetime) -> dict[str, object]:
    """The values that `allocate_ctes` names."""
    return {**unit_values(claim, sku, units), "vault_at": at}


def set_aside_join(owner_kind: str, owner_id: str) -> str:
    """``sql/set_aside.sql``: a join for a statement of the caller's, which gives it two columns
    more: ``vault_aside.units`` and ``vault_aside.commitments``, what is reserved for the claim that
    is named by kind and column, in its order; null where nothing is."""
    return load_sql(PACKAGE, "set_aside").format(owner_kind=owner_kind, owner_id=owner_id)


def hold_reserved_ctes(only_if: str) -> str:
    """``sql/hold_reserved.sql``: a CTE that locks units that the caller read by `set_aside_join`,
    where ``only_if`` is true; `reserved_values` fills it. As many rows in ``vault_held`` as he read
    mean that nobody took any."""
    return load_sql(PACKAGE, "hold_reserved").replace("{only_if}", only_if)


def give_reserved_ctes(only_if: str) -> str:
    """``sql/give_reserved.sql``: a CTE behind the other that gives them for good where ``only_if``
    is true, and has them in ``vault_moved``."""
    return load_sql(PACKAGE, "give_reserved").replace("{only_if}", only_if)


def reserved_values(*, claim: SubjectRef, units: Sequence[int], at: datetime) -> dict[str, object]:
    """The values that `hold_reserved_ctes` and `give_reserved_ctes` name."""
    return {**owner_values(claim), "vault_unit_ids": list(units), "vault_at": at}


def allocate(*, sku: UUID, claim: SubjectRef, units: int, at: datetime) -> list[AllocatedUnit]:
    """Give ``claim`` its ``units`` units of ``sku``: those reserved for it, others where the
    reservation has lapsed. Any number of times, the same units.

    Raise StockShort where the shelf has too few, StockHeld where some of it waits after a restore,
    and nothing has changed; ClaimBusy where another
    call for the same claim got there first: roll back and call again to find what it did.
    """
    try:
        rows = run_prepared(_alone(), allocate_values(sku=sku, claim=claim, units=units, at=at))
    except IntegrityError:
        raise ClaimBusy from None
    if len(rows) != units:
        raise short_of(sku)
    return [AllocatedUnit(unit, place, batch, bytes(c)) for unit, place, batch, c in rows]


@cache
def _alone() -> str:
    return (
        f"WITH {allocate_ctes()}"
        " SELECT unit_id, place, batch_id, commitment FROM vault_given ORDER BY place"
    )
