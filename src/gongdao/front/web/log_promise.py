"""Our signed promise for a leaf that no checkpoint covers yet: the same one whenever asked."""

from __future__ import annotations

from datetime import timedelta

from gongdao.core.errors import GongdaoError
from gongdao.front.log_place import open_log_key
from gongdao.front.settings import Settings
from gongdao.log.models import LogEntry, LogPending
from gongdao.log.promise import make_promise
from gongdao_verify.leaf_form import parse_leaf

PROMISED = timedelta(days=1)
"""How long after a leaf was appended a checkpoint must cover it: mostly it takes a fraction of a
second; a day leaves time to mend a machine."""


def promise_of(settings: Settings, leaf_hash: bytes) -> bytes | None:
    """The signed note; None for a leaf that nobody appended, or where there is no key here."""
    row = (
        LogPending.objects.filter(leaf_hash=leaf_hash).first()
        or LogEntry.objects.filter(leaf_hash=leaf_hash).first()
    )
    if row is None:
        return None
    deadline = parse_leaf(bytes(row.entry)).at + PROMISED
    try:
        key = open_log_key(settings)
    except (GongdaoError, OSError):
        return None
    return make_promise(key=key, leaf_hash=leaf_hash, deadline=deadline)
