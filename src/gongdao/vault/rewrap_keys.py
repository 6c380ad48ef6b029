"""A new master key takes over: the fingerprint keys are wrapped under it, and every data key, those
of batches among them. No secret and no fingerprint changes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from gongdao.core.envelope import rewrap
from gongdao.core.keys import rewrap_data_keys
from gongdao.core.stores import Stores
from gongdao.vault.fingerprint_keys import fp_key_aad
from gongdao.vault.locks import lock_keys
from gongdao.vault.models import FingerprintKey
from gongdao.vault.states import KeyState


@dataclass(frozen=True)
class Rewrapped:
    """How many keys were under another master key than the current one, and are not any more."""

    fingerprint_keys: int
    data_keys: int


def rewrap_keys(*, stores: Stores) -> Rewrapped:
    """Wrap all keys under the current master key; ``stores`` still has the old one behind it. Any
    number of times, also beside imports and sales; stopped anywhere it goes on."""
    return Rewrapped(_fingerprint_keys(stores), rewrap_data_keys(stores=stores))


def _fingerprint_keys(stores: Stores) -> int:
    changed = 0
    with transaction.atomic():
        lock_keys(to_change=True)
        for row in FingerprintKey.objects.exclude(state=KeyState.GONE):
            fresh = rewrap(stores.masters, bytes(row.wrapped), fp_key_aad(row.kid))
            if fresh != bytes(row.wrapped):
                changed += FingerprintKey.objects.filter(kid=row.kid).update(wrapped=fresh)
    return changed
