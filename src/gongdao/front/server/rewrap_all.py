"""A new master key takes over everything that hangs on the old one: and what each one opens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import connection

from gongdao.casework.online.redigest_codes import redigest_codes
from gongdao.core.envelope import MasterKeys, unwrap, wrapped_by
from gongdao.core.errors import SealedDataError, ServerError
from gongdao.core.language import gettext as _
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.front.settings import Settings
from gongdao.log.new_leaf import unseal_openings
from gongdao.log.reseal_openings import reseal_openings
from gongdao.vault.fingerprint_keys import fp_key_aad
from gongdao.vault.models import FingerprintKey
from gongdao.vault.rewrap_keys import rewrap_keys
from gongdao.vault.states import KeyState

_OLDER = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
  AND application_name = 'gongdao' AND backend_start < to_timestamp(%s)
"""
_OPENINGS = "SELECT leaf_hash, sealed FROM log_opening WHERE leaf_hash > %s ORDER BY 1 LIMIT 500"


@dataclass(frozen=True)
class RewrappedAll:
    """How many of each were under another master key than the current one, and are not any more."""

    data_keys: int
    fingerprint_keys: int
    openings: int
    case_codes: int


@dataclass(frozen=True)
class KeysSeen:
    """What hangs on which master key, by its id; and what none of those at hand opens."""

    wrapped: dict[str, int]
    openings: dict[str, int]
    unopened: int


def rewrap_all(*, stores: Stores) -> RewrappedAll:
    """Bring everything under the current master key. Any number of times; stopped anywhere it goes
    on. Raise SealedDataError where the key that something needs is not there."""
    keys = rewrap_keys(stores=stores)
    return RewrappedAll(
        data_keys=keys.data_keys,
        fingerprint_keys=keys.fingerprint_keys,
        openings=reseal_openings(stores=stores),
        case_codes=redigest_codes(stores=stores),
    )


def check_restarted(settings: Settings) -> None:
    """Raise ServerError while a process is connected that began before the file of the master keys
    was last changed: it knows the old ones alone, and could not open what is wrapped anew."""
    path = settings.kms_file if settings.kms_command else settings.key_file
    if settings.master_key or not path.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_OLDER, (path.stat().st_mtime,))
        (older,) = cursor.fetchone()
    if older:
        raise ServerError(_("还有换密钥之前启动的 gongdao 在运行。请先重启它，再运行一次。"))


def check_keys(*, masters: MasterKeys) -> KeysSeen:
    """Open every wrapped key and every opening of the log with ``masters``."""
    wrapped, openings = Counter[str](), Counter[str]()
    unopened = sum(not _opens(masters, one, aad, wrapped) for one, aad in _all_wrapped())
    each = [MasterKeys((key,)) for key in masters.keys]
    after = b""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_OPENINGS, (after,))
            rows = [(bytes(digest), bytes(sealed)) for digest, sealed in cursor.fetchall()]
        if not rows:
            return KeysSeen(dict(wrapped), dict(openings), unopened)
        after = rows[-1][0]
        for digest, sealed in rows:
            found = next((one for one in each if _unseals(one, digest, sealed)), None)
            if found is None:
                unopened += 1
            else:
                openings[found.ids[0]] += 1


def _all_wrapped() -> list[tuple[bytes, bytes]]:
    """Every living wrapped key, with what it is bound to."""
    found = [
        (bytes(row.wrapped), SubjectRef(row.subject_kind, row.subject_id).aad("key"))
        for row in DataKey.objects.filter(destroyed_at=None).iterator()
    ]
    rows = FingerprintKey.objects.exclude(state=KeyState.GONE)
    return found + [(bytes(row.wrapped), fp_key_aad(row.kid)) for row in rows]


def _opens(masters: MasterKeys, wrapped: bytes, aad: bytes, seen: Counter[str]) -> bool:
    try:
        unwrap(masters, wrapped, aad)
    except SealedDataError:
        return False
    seen[wrapped_by(wrapped)] += 1
    return True


def _unseals(masters: MasterKeys, digest: bytes, sealed: bytes) -> bool:
    try:
        unseal_openings(masters, digest, sealed)
    except SealedDataError:
        return False
    return True
