"""Salts and values behind the commitments of leaves: handed to their owners, or erased for good."""

from __future__ import annotations

from gongdao.core.stores import Stores
from gongdao.log.models import LogEntry, LogOpening, LogPending
from gongdao.log.new_leaf import Openings, unseal_openings


def find_openings(*, stores: Stores, leaf_hash: bytes) -> Openings:
    """What opens the leaf's commitments; empty where it has none, or they were erased."""
    row = LogOpening.objects.filter(leaf_hash=leaf_hash).first()
    return {} if row is None else unseal_openings(stores.masters, leaf_hash, bytes(row.sealed))


def erase_openings(*, subject: str) -> int:
    """Erase what opens the leaves of ``subject``; how many had something. The leaves stay, every
    proof still holds, and nobody can tell any more what was committed to."""
    hashes = [
        *LogEntry.objects.filter(subject=subject).values_list("leaf_hash", flat=True),
        *LogPending.objects.filter(subject=subject).values_list("leaf_hash", flat=True),
    ]
    return LogOpening.objects.filter(leaf_hash__in=hashes).delete()[0]
