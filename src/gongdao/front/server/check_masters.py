"""Refuse to start over data that the master keys at hand do not open."""

from __future__ import annotations

from gongdao.core.envelope import unwrap
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.fingerprint_keys import find_fp_keys


def check_masters(stores: Stores) -> None:
    """Raise SealedDataError unless the keys open the newest living data key of the database, and
    the vault's fingerprint keys."""
    row = DataKey.objects.filter(destroyed_at__isnull=True).order_by("-created_at").first()
    if row is not None:
        subject = SubjectRef(row.subject_kind, row.subject_id)
        unwrap(stores.masters, bytes(row.wrapped), subject.aad("key"))
    find_fp_keys(stores=stores)
