"""A signed promise for a leaf that no checkpoint covers yet: by when one will.

Not kept, it is proof against the log: the promise beside a later checkpoint without the leaf. Its
first line is no origin, so it can never pass for a checkpoint.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gongdao.log.errors import LeafNotCovered
from gongdao.log.log_key import LogKey
from gongdao.log.reader import Standing, get_standing

HEADER = "gongdao-promise/v1"


def make_promise(*, key: LogKey, leaf_hash: bytes, deadline: datetime) -> bytes:
    """The signed note that promises the leaf's cover by ``deadline``. Raise LeafNotCovered for a
    leaf that nobody appended: nothing is promised of what is not ours."""
    if get_standing(leaf_hash)[0] is Standing.UNKNOWN:
        raise LeafNotCovered
    at = deadline.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return key.sign(f"{HEADER}\n{key.origin}\n{leaf_hash.hex()}\n{at}\n")
