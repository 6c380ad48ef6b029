"""A new fingerprint key takes over: both are written while the stock is fingerprinted anew.

Imports go on meanwhile. The work is cut into short transactions and can stop anywhere; calling
again goes on. The old key goes when nothing hangs on it any more; where a batch's data key was
destroyed its secrets cannot be read again, so the old key stays, to be looked up only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from gongdao.core.stores import Stores
from gongdao.vault.canonical_form import canonical_fields, fingerprint, platform_form
from gongdao.vault.fingerprint_keys import FpKey, add_fp_key, find_fp_keys, get_fp_keys
from gongdao.vault.locks import lock_keys
from gongdao.vault.models import FingerprintKey
from gongdao.vault.open_units import Opener
from gongdao.vault.run_sql import run_named
from gongdao.vault.states import KeyState

_CHUNK = 2000
_NEXT = """
SELECT DISTINCT sealed_id FROM vault_fingerprint
WHERE kid = ANY(%s) AND sealed_id > %s ORDER BY sealed_id LIMIT %s
"""
_DROP = """
DELETE FROM vault_fingerprint WHERE (kid, fp) IN (
  SELECT old.kid, old.fp FROM vault_fingerprint old
  JOIN vault_fingerprint new ON new.sealed_id = old.sealed_id AND new.kid = %s
  WHERE old.kid = %s LIMIT %s)
"""


@dataclass(frozen=True)
class Rotation:
    """The new key ``kid``; how many secrets were ``filled`` in this call; whether it is
    ``finished``; ``left``: secrets that only older keys guard, as their batches were erased."""

    kid: int
    filled: int
    finished: bool
    left: int


def rotate_fingerprints(
    *,
    stores: Stores,
    at: datetime,
    most: int | None = None,
    progress: Callable[[int], None] = lambda filled: None,
) -> Rotation:
    """Begin a rotation, or go on with the one that is under way, for at most ``most`` secrets
    (None: to its end). Call it outside a transaction."""
    kid, filled, opener = _begin(stores, at), 0, Opener(stores)
    while most is None or filled < most:
        count = _fill(stores, opener, kid, _CHUNK if most is None else min(_CHUNK, most - filled))
        if not count:
            return Rotation(kid, filled, True, _retire(kid, at))
        filled += count
        progress(filled)
    return Rotation(kid, filled, False, 0)


def _begin(stores: Stores, at: datetime) -> int:
    """The number of the key that takes over; a new one unless two are live already."""
    get_fp_keys(stores=stores, at=at)
    with transaction.atomic():
        lock_keys(to_change=True)
        live = FingerprintKey.objects.filter(state=KeyState.LIVE).order_by("kid")
        kids = list(live.values_list("kid", flat=True))
        return kids[-1] if len(kids) > 1 else add_fp_key(masters=stores.masters, at=at)


def _fill(stores: Stores, opener: Opener, kid: int, most: int) -> int:
    """Fingerprint the next secrets with the new key; how many were looked at."""
    with transaction.atomic():
        lock_keys(to_change=True)
        keys = find_fp_keys(stores=stores)
        new = next(one for one in keys if one.kid == kid)
        row = FingerprintKey.objects.get(kid=kid)
        with connection.cursor() as cursor:
            old = [one.kid for one in keys if one.kid < kid]
            cursor.execute(_NEXT, (old, row.filled_upto, most))
            ids = [one for (one,) in cursor.fetchall()]
        if ids:
            _register(new, opener, ids)
            FingerprintKey.objects.filter(kid=kid).update(filled_upto=ids[-1])
    return len(ids)


def _register(new: FpKey, opener: Opener, ids: Sequence[int]) -> None:
    found, fps = [], []
    for one in opener.open(ids):
        if one.secret is not None:
            form = platform_form(canonical_fields(one.secret.fields, one.shelf.rules))
            found.append(one.sealed_id)
            fps.append(fingerprint(new.key, form))
    if found:
        run_named("take_fingerprints", {"kid": new.kid, "fps": b"".join(fps), "ids": found})


def _retire(kid: int, at: datetime) -> int:
    """Let the older keys go as far as they can; how many secrets still hang on them."""
    left = 0
    for old in FingerprintKey.objects.filter(kid__lt=kid).exclude(state=KeyState.GONE):
        with transaction.atomic():
            lock_keys(to_change=True)
            FingerprintKey.objects.filter(kid=old.kid).update(state=KeyState.CHECKED)
        while _drop(kid, old.kid):
            pass
        with transaction.atomic(), connection.cursor() as cursor:
            lock_keys(to_change=True)
            cursor.execute("SELECT count(*) FROM vault_fingerprint WHERE kid = %s", (old.kid,))
            count = cursor.fetchone()[0]
            left += count
            if not count:
                FingerprintKey.objects.filter(kid=old.kid).update(
                    state=KeyState.GONE, wrapped=b"", ended_at=at
                )
    return left


def _drop(kid: int, old: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DROP, (kid, old, _CHUNK))
        return int(cursor.rowcount)
