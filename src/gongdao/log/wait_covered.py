"""Wait until a checkpoint covers a leaf: for verbs whose answer should be provable at once."""

from __future__ import annotations

import time

from django.db import connection

from gongdao.log.integrate import CHANNEL
from gongdao.log.reader import get_standing

_LOOK_ANYWAY = 1
"""Seconds after which to look even if nothing was heard."""


def wait_covered(leaf_hash: bytes, timeout_s: float) -> int | None:
    """The number of the leaf once a checkpoint covers it; None after ``timeout_s`` seconds.

    Only outside of a transaction: before the commit nobody else knows of the leaf.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a leaf is covered only after its transaction")
    give_up = time.monotonic() + timeout_s
    found = get_standing(leaf_hash)[1]
    if found is not None:
        return found
    with connection.wrap_database_errors:
        return _listen(leaf_hash, give_up)


def _listen(leaf_hash: bytes, give_up: float) -> int | None:
    """Look each time a checkpoint is announced, until ``give_up`` on the monotonic clock."""
    raw = connection.connection
    raw.execute(f"LISTEN {CHANNEL}")
    try:
        while (found := get_standing(leaf_hash)[1]) is None:
            left = give_up - time.monotonic()
            if left <= 0:
                return None
            for _notice in raw.notifies(timeout=min(left, _LOOK_ANYWAY), stop_after=1):
                pass
        return found
    finally:
        raw.execute(f"UNLISTEN {CHANNEL}")
