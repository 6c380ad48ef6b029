"""The first leaf of a log: its name and its key, so that the log says itself who signs it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.life_cycles import IllegalStep
from gongdao.log.log_key import LogKey
from gongdao.log.models import LogSubject
from gongdao.log.new_leaf import NewLeaf
from gongdao_verify.leaf_form import LOG_SUBJECT


def begin_log(*, stores: Stores, key: LogKey, at: datetime) -> bool:
    """Append the genesis leaf unless the log has one; whether it was appended now."""
    if LogSubject.objects.filter(name=LOG_SUBJECT, count__gt=0).exists():
        return False
    data = {"origin": key.origin, "vkey": key.verifier.text()}
    try:
        with transaction.atomic():
            leaf = NewLeaf("log.genesis", LOG_SUBJECT, data)
            append_leaves(stores=stores, leaves=[leaf], at=at)
    except IllegalStep:  # another process was faster
        return False
    return True
