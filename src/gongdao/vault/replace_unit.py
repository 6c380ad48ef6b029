"""Give a claim another unit for one that is no good."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError

from gongdao.core.errors import ClaimBusy, NoSuchShelf, StockShort
from gongdao.core.subject import SubjectRef
from gongdao.vault.allocate import AllocatedUnit
from gongdao.vault.models import Claim
from gongdao.vault.queries import get_units
from gongdao.vault.run_sql import owner_values, run_named
from gongdao.vault.states import ClaimState


def replace_unit(*, claim: SubjectRef, unit: int, at: datetime) -> AllocatedUnit:
    """Another unit of the same product in the place of ``unit``; the old one stays on record, and
    never goes back on the shelf. Any number of times for the same ``unit``, the same result.

    Raise StockShort where the shelf is empty, NoSuchShelf where ``unit`` is not this claim's.
    """
    try:
        run_named("replace", {**owner_values(claim), "unit": unit, "vault_at": at})
    except IntegrityError:
        raise ClaimBusy from None
    row = Claim.objects.filter(
        unit_id=unit, owner_kind=claim.kind, owner_id=claim.id, allocated_at__isnull=False
    ).first()
    if row is None:
        raise NoSuchShelf
    if row.state != ClaimState.REPLACED:
        raise StockShort
    return next(one for one in get_units(claim) if one.place == row.place)
