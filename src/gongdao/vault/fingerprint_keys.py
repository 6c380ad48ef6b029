"""The keys that fingerprints are made with: one in use, two while one takes over from the other.

They do not hang on the master key, which only wraps them: it changes without a fingerprint
changing, and a stolen database without it gives nobody the means to try secrets out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from gongdao.core.envelope import MasterKeys, unwrap, wrap
from gongdao.core.stores import Stores
from gongdao.vault.locks import lock_keys
from gongdao.vault.models import FingerprintKey
from gongdao.vault.states import KeyState


@dataclass(frozen=True)
class FpKey:
    """Key ``kid``; ``registers``: new fingerprints are made with it, else it is only looked up."""

    kid: int
    key: bytes = field(repr=False)
    registers: bool


def get_fp_keys(*, stores: Stores, at: datetime) -> tuple[FpKey, ...]:
    """The keys in use, oldest first; the first one is made where there is none."""
    return find_fp_keys(stores=stores) or _make_first(stores, at)


def find_fp_keys(*, stores: Stores) -> tuple[FpKey, ...]:
    """The keys in use, oldest first; none before the first import."""
    rows = FingerprintKey.objects.exclude(state=KeyState.GONE).order_by("kid")
    return tuple(
        FpKey(
            row.kid,
            unwrap(stores.masters, bytes(row.wrapped), fp_key_aad(row.kid)),
            row.state == KeyState.LIVE,
        )
        for row in rows
    )


def add_fp_key(*, masters: MasterKeys, at: datetime) -> int:
    """A further key; its number. The caller holds ``lock_keys(to_change=True)``."""
    newest = FingerprintKey.objects.order_by("-kid").values_list("kid", flat=True).first() or 0
    kid = newest + 1
    wrapped = wrap(masters, secrets.token_bytes(32), fp_key_aad(kid))
    FingerprintKey.objects.create(kid=kid, wrapped=wrapped, made_at=at)
    return kid


def _make_first(stores: Stores, at: datetime) -> tuple[FpKey, ...]:
    with transaction.atomic():
        lock_keys(to_change=True)
        if not FingerprintKey.objects.exists():
            add_fp_key(masters=stores.masters, at=at)
    return find_fp_keys(stores=stores)


def fp_key_aad(kid: int) -> bytes:
    """What the wrapped key ``kid`` is bound to."""
    return f"vault/fingerprint key/{kid}".encode()
