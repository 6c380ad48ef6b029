"""Wait for a receipt that is worth more than our own word, as long as somebody can wait for it."""

from __future__ import annotations

import time

from django.db import connection

from gongdao.front.settings import Settings
from gongdao.front.web.log_trust import find_trust, judge_leaf
from gongdao.log.reader import find_by_hash
from gongdao.log.wait_covered import wait_covered
from gongdao_verify.tlog_policy import NONE

_LOOK_AGAIN_S = 0.2


def wait_vouched(*, settings: Settings, leaf_hash: bytes, patience_s: float) -> int | None:
    """The number of the leaf once a checkpoint covers it, None after ``patience_s`` seconds.

    Where the published policy asks for witnesses, it waits on for them within the same time. Not
    within a transaction: nobody else can know of the leaf yet.
    """
    if connection.in_atomic_block:
        return None
    give_up = time.monotonic() + patience_s
    index = wait_covered(leaf_hash, patience_s)
    found = find_by_hash(leaf_hash)
    trust = None if index is None else find_trust(settings)
    if found is None or trust is None or trust.policy.quorum == NONE:
        return index
    while time.monotonic() + _LOOK_AGAIN_S < give_up:
        if judge_leaf(index=found.idx, entry=found.entry, policy=trust.policy).witnessed:
            break
        time.sleep(_LOOK_AGAIN_S)
    return index
