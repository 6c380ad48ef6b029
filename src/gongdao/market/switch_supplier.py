"""Switch a supplier on or off, and say whether the platform vouches for him."""

from __future__ import annotations

from uuid import UUID

from gongdao.market.models import Supplier


def switch_supplier(*, supplier_id: UUID, on: bool) -> bool:
    """Nothing new goes to one that is off; what he was given before is looked at until it ends.
    False where he was so already."""
    return bool(Supplier.objects.filter(id=supplier_id).exclude(on=on).update(on=on))


def vouch_for_supplier(*, supplier_id: UUID, vouched: bool) -> bool:
    """Whether his word counts as a supplier's from now on, or as the merchant's own; what was
    decided before stays. False where he was so already."""
    rows = Supplier.objects.filter(id=supplier_id).exclude(vouched=vouched)
    return bool(rows.update(vouched=vouched))
