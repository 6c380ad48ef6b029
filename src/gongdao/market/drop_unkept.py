"""Remove what the store holds of an order and no row names: the upload of a transaction that was
rolled back. The file is stored before its row is written, so that no row points at nothing; what
broke off in between stays behind.

Of cases the same goes with the case (`erase_blobs`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction

from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Original
from gongdao.market.models import Order

_AT_ONCE = 500


def drop_unkept(*, stores: Stores, before: datetime) -> int:
    """Remove every file of an order stored ``before`` that is none of its originals; how many.
    Whoever keeps the same file at this moment holds the order's row, and so is waited for."""
    return sum(_drop(stores, UUID(name.split("/")[1]), name) for name in _find(stores, before))


def _find(stores: Stores, before: datetime) -> Iterator[str]:
    """Names that no original of an order has now, as far as they are of orders."""
    old = (name for name, stored in stores.blobs.names("") if stored < before)
    while names := list(islice(old, _AT_ONCE)):
        owners = {UUID(name.split("/")[1]) for name in names}
        orders = set(Order.objects.filter(id__in=owners).values_list("id", flat=True))
        rows = Original.objects.filter(subject_kind="order", subject_id__in=orders)
        kept = set(rows.values_list("subject_id", "address"))
        for name in names:
            _folder, owner, address = name.split("/")
            if UUID(owner) in orders and (UUID(owner), address) not in kept:
                yield name


def _drop(stores: Stores, order_id: UUID, name: str) -> bool:
    with transaction.atomic():
        Order.objects.select_for_update().get(id=order_id)
        rows = Original.objects.filter(subject_kind="order", subject_id=order_id)
        if rows.filter(address=name.rpartition("/")[2]).exists():
            return False
        return stores.blobs.delete(name)
