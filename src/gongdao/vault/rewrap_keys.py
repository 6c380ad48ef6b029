"""A new master key takes over: every key of the vault is wrapped under it. No secret and no
fingerprint changes, and afterwards the old master key is not needed for them any more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from gongdao.core.envelope import rewrap
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.fingerprint_keys import fp_key_aad
from gongdao.vault.locks import lock_keys
from gongdao.vault.models import FingerprintKey
from gongdao.vault.states import KeyState

_CHUNK = 500


@dataclass(frozen=True)
class Rewrapped:
    """How many keys were under another master key than the current one, and are not any more."""

    fingerprint_keys: int
    batch_keys: int


def rewrap_keys(*, stores: Stores) -> Rewrapped:
    """Wrap the keys of fingerprints and batches under the current master key; ``stores`` still has
    the old one behind it. Any number of times, also beside imports and sales."""
    return Rewrapped(_fingerprint_keys(stores), _batch_keys(stores))


def _fingerprint_keys(stores: Stores) -> int:
    changed = 0
    with transaction.atomic():
        lock_keys(to_change=True)
        for row in FingerprintKey.objects.exclude(state=KeyState.GONE):
            fresh = rewrap(stores.masters, bytes(row.wrapped), fp_key_aad(row.kid))
            if fresh != bytes(row.wrapped):
                changed += FingerprintKey.objects.filter(kid=row.kid).update(wrapped=fresh)
    return changed


def _batch_keys(stores: Stores) -> int:
    living = DataKey.objects.filter(subject_kind="batch", destroyed_at=None)
    changed = 0
    for row in living.iterator(chunk_size=_CHUNK):
        old = bytes(row.wrapped)
        fresh = rewrap(stores.masters, old, SubjectRef("batch", row.subject_id).aad("key"))
        if fresh != old:  # unless it was destroyed meanwhile
            changed += living.filter(id=row.id, wrapped=old).update(wrapped=fresh)
    return changed
