"""Seal what opens the commitments of leaves under the current master key, in short steps."""

from __future__ import annotations

from django.db import connection

from gongdao.core.envelope import MasterKeys
from gongdao.core.errors import SealedDataError
from gongdao.core.stores import Stores
from gongdao.log.new_leaf import seal_openings, unseal_openings

_STEP = 500
_NEXT = """
SELECT leaf_hash, sealed FROM log_opening WHERE leaf_hash > %s ORDER BY leaf_hash LIMIT %s
"""
_CHANGE = "UPDATE log_opening SET sealed = %s WHERE leaf_hash = %s AND sealed = %s"


def reseal_openings(*, stores: Stores) -> int:
    """How many rows were under another master key than the current one, and are not any more. Any
    number of times; stopped anywhere it goes on. Raise SealedDataError where the key of a row is
    not there."""
    current = MasterKeys(stores.masters.keys[:1])
    changed, after = 0, b""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, (after, _STEP))
            rows = [(bytes(digest), bytes(sealed)) for digest, sealed in cursor.fetchall()]
            for digest, sealed in rows:
                changed += _reseal(stores.masters, current, digest, sealed)
        if len(rows) < _STEP:
            return changed
        after = rows[-1][0]


def _reseal(masters: MasterKeys, current: MasterKeys, digest: bytes, sealed: bytes) -> int:
    try:
        unseal_openings(current, digest, sealed)
    except SealedDataError:
        fresh = seal_openings(masters, digest, unseal_openings(masters, digest, sealed))
    else:
        return 0
    with connection.cursor() as writer:
        writer.execute(_CHANGE, (fresh, digest, sealed))
        return int(writer.rowcount)
