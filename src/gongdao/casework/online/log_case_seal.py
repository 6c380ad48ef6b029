"""Write the seal of a case file into the public log, exactly once, however often it is asked."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from gongdao.casework.log_seal import TYPE, Logged, SealDigests, check_logged
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.models import LogSubject
from gongdao.log.new_leaf import NewLeaf
from gongdao.log.receipt import make_receipt


def log_case_seal(*, stores: Stores, digests: SealDigests, at: datetime) -> bytes:
    """The hash of the one leaf about the seal with these digests, appended now unless it was
    before. Nobody can tell from it which seals are of one case.

    In the caller's transaction where there is one. Two that ask at once are put one behind the
    other by the lock on the subject's row, which ``append_leaves`` takes as well.
    """
    subject = pseudonym_of(digests)
    with transaction.atomic():
        LogSubject.objects.bulk_create([LogSubject(name=subject)], ignore_conflicts=True)
        row = LogSubject.objects.select_for_update().get(name=subject)
        if row.count:
            return bytes(row.last_hash)
        leaf = NewLeaf(TYPE, subject, digests.data())
        return append_leaves(stores=stores, leaves=[leaf], at=at)[0]


def pseudonym_of(digests: SealDigests) -> str:
    """The subject of the leaf: made from the digests, which stand in the leaf anyway, so that the
    same seal has the same one; of whose case it is it tells nothing."""
    told = "\n".join(["gongdao-seal/v1", *digests.data().values()])
    return f"case:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def receipt_of_leaf(*, stores: Stores, leaf_hash: bytes, digests: SealDigests) -> Logged:
    """The checked receipt of a covered leaf about that seal. Raises LeafNotCovered, SealError."""
    receipt = make_receipt(stores=stores, leaf_hash=leaf_hash, openings=False)
    return Logged(receipt, check_logged(receipt, digests, policy=None))
