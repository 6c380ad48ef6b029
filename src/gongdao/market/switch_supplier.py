"""Switch a supplier on or off."""

from __future__ import annotations

from uuid import UUID

from gongdao.market.models import Supplier


def switch_supplier(*, supplier_id: UUID, on: bool) -> bool:
    """Nothing new goes to one that is off; what he was given before is looked at until it ends.
    False where he was so already."""
    return bool(Supplier.objects.filter(id=supplier_id).exclude(on=on).update(on=on))
