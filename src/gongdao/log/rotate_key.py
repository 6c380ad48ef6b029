"""Change the log's signing key, beside a running server: make it, announce it, use it.

1. The new key is made in ``log.key.next`` beside ``log.key``, on disk before anything else.
2. A leaf ``log.key`` announces it. The sequencer ends a checkpoint with that leaf, still signed
   with the old key; every larger one is signed with the new.
3. Once that checkpoint is signed, the new key's file takes the place of the old one, whose secret
   half is gone. Old checkpoints stay good: the log itself, and policies, keep the old public half.

Stopped anywhere, the same command goes on; a server that was down goes on by itself.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.log_key import LogKey
from gongdao.log.models import LogEntry, LogPending, LogSubject
from gongdao.log.new_leaf import NewLeaf
from gongdao.log.reader import run_query
from gongdao.log.signers import KEY_TYPE, read_signers
from gongdao_verify.leaf_form import LOG_SUBJECT, parse_leaf


def announce_key(*, stores: Stores, key: LogKey, at: datetime) -> bytes:
    """Append the leaf that announces ``key``, unless it is there or waits already; its hash.

    Raise IllegalStep where the log has not begun yet.
    """
    vkey = key.verifier.text()
    with transaction.atomic():
        LogSubject.objects.select_for_update().filter(name=LOG_SUBJECT).first()
        for row in LogPending.objects.filter(subject=LOG_SUBJECT):
            form = parse_leaf(bytes(row.entry))
            if form.type == KEY_TYPE and form.data.get("vkey") == vkey:
                return bytes(row.leaf_hash)
        for one in read_signers(run_query):
            if one.key == key.verifier:
                return bytes(LogEntry.objects.get(idx=max(one.since - 1, 0)).leaf_hash)
        leaf = NewLeaf(KEY_TYPE, LOG_SUBJECT, {"vkey": vkey})
        return append_leaves(stores=stores, leaves=[leaf], at=at)[0]
