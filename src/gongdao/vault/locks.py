"""The one order of locks: fingerprint keys, then shelf, then batch, then claims, then units.

Units are locked by their place on the shelf, claims by unit. Sales take units off the shelf with
SKIP LOCKED and wait for nobody.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from gongdao.core.errors import NoSuchShelf
from gongdao.vault.models import Batch, Sku


def lock_keys(*, to_change: bool) -> None:
    """Until the transaction ends nobody adds or retires a fingerprint key; ``to_change``: nobody
    registers fingerprints either."""
    mode = "SHARE ROW EXCLUSIVE" if to_change else "SHARE"
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE vault_key IN {mode} MODE")


def lock_sku(sku: UUID) -> Sku:
    """The shelf, locked; raise NoSuchShelf."""
    row = Sku.objects.select_for_update().filter(id=sku).first()
    if row is None:
        raise NoSuchShelf
    return row


def lock_batch(batch: UUID) -> Batch:
    """The batch, locked; raise NoSuchShelf."""
    row = Batch.objects.select_for_update().filter(id=batch).first()
    if row is None:
        raise NoSuchShelf
    return row
