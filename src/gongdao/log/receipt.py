"""A leaf's receipt (c2sp.org/tlog-proof): its place in the tree, and everybody who vouches for it.

Made from tiles and checkpoints alone, as any stranger could; only salts and values, for whoever
owns the commitments, come from what is not public.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from gongdao.core.stores import Stores
from gongdao.log.anchors.port import Receipt
from gongdao.log.errors import LeafNotCovered
from gongdao.log.openings import find_openings
from gongdao.log.reader import (
    Entry,
    KnownCheckpoint,
    database_source,
    find_by_hash,
    find_checkpoint,
)
from gongdao_verify.receipt_extra import Extra, Opening
from gongdao_verify.tlog_proof import TlogProof
from gongdao_verify.tree_reader import TreeReader

_PARTS: Mapping[str, tuple[str, ...]] = {
    "rfc3161": ("token",),
    "evm": ("chain_id", "tx", "block"),
}
"""What a receipt carries of each kind of anchor, beside the checkpoint that was anchored."""
_MOST_VOUCHED = """
SELECT size FROM log_cosignature WHERE size > %s GROUP BY size
ORDER BY count(*) DESC, size DESC LIMIT 1
"""
_SOONEST = """
SELECT DISTINCT ON (kind) kind, size, receipt FROM log_anchor
WHERE state = 'confirmed' AND size > %s ORDER BY kind, size
"""


def make_receipt(*, stores: Stores, leaf_hash: bytes, openings: bool) -> bytes:
    """The receipt of that leaf; with ``openings`` also what opens its commitments, which only
    their owner may see. Raise LeafNotCovered where no checkpoint covers it (yet)."""
    (receipt,) = make_receipts(stores=stores, leaf_hashes=[leaf_hash], openings=openings)
    return receipt


def make_receipts(*, stores: Stores, leaf_hashes: Sequence[bytes], openings: bool) -> list[bytes]:
    """The receipts of several leaves, in their order, all under one checkpoint: so that their
    numbers show which came first. Raise LeafNotCovered as `make_receipt` does."""
    entries = [entry for digest in leaf_hashes if (entry := find_by_hash(digest)) is not None]
    checkpoint = _choose(max(entry.idx for entry in entries)) if entries else None
    if checkpoint is None or len(entries) < len(leaf_hashes):
        raise LeafNotCovered
    return [_make(stores, entry, checkpoint, openings) for entry in entries]


def _make(stores: Stores, entry: Entry, checkpoint: KnownCheckpoint, openings: bool) -> bytes:
    reader = TreeReader(database_source(), checkpoint.size, checkpoint.root)
    opened = find_openings(stores=stores, leaf_hash=entry.leaf_hash) if openings else {}
    extra = Extra(
        entry=entry.entry,
        openings={
            name: Opening(bytes.fromhex(one["salt"]), one["value"]) for name, one in opened.items()
        },
        anchors=tuple(_anchors(entry.idx, checkpoint)),
    )
    path = tuple(reader.inclusion_path(entry.idx))
    return TlogProof(entry.idx, path, checkpoint.cosigned, extra.dump()).dump()


def _choose(idx: int) -> KnownCheckpoint | None:
    """The checkpoint over ``idx`` for which most cosigners vouch; the newest of those."""
    with connection.cursor() as cursor:
        cursor.execute(_MOST_VOUCHED, (idx,))
        row = cursor.fetchone()
    return find_checkpoint(row[0] if row else None)


def _anchors(idx: int, checkpoint: KnownCheckpoint) -> Iterator[dict[str, Any]]:
    """Of each kind the soonest confirmed anchor whose tree has the leaf."""
    with connection.cursor() as cursor:
        cursor.execute(_SOONEST, (idx,))
        rows = cursor.fetchall()
    for kind, size, kept in rows:
        anchored = find_checkpoint(size)
        if kind not in _PARTS or anchored is None:
            continue
        fields = Receipt.parse(bytes(kept)).fields
        small, large = sorted((anchored, checkpoint), key=lambda one: one.size)
        path = TreeReader(database_source(), large.size, large.root).consistency_path(small.size)
        yield {
            "kind": kind,
            "size": size,
            "root": anchored.root.hex(),
            "checkpoint": anchored.note,
            "consistency": [one.hex() for one in path],
            **{name: fields[name] for name in _PARTS[kind]},
        }
