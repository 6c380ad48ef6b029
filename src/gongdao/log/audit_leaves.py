"""The auditor's check of bundles, leaf by leaf. Pure, so that it runs in processes of its own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from gongdao.log.audit_runs import LEAF, part_of, subject_key, type_tag
from gongdao.log.audit_units import unit_records
from gongdao_verify.leaf_form import BadLeaf, parse_leaf
from gongdao_verify.merkle import HASH_BYTES, leaf_hash, node_hash
from gongdao_verify.tlog_tiles import TILE_WIDTH, split_bundle, tile_path

Records = dict[int, bytes]
"""Part → leaf records (see audit_runs), in the order of their numbers."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with the log, and where.

    ``rule``: tile, bundle, leaf (its form), prev (the link to the leaf before), step (a transition
    that the table forbids), twice (a unit delivered more often than any batch allows). ``index`` is
    the leaf's number; ``detail`` says more, in English.
    """

    rule: str
    path: str
    index: int | None = None
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Bundle:
    """Bundle ``n`` as somebody gave it; ``tile`` are the leaf hashes that belong to it.

    ``root`` is what a full tile must hash to; None where ``tile`` itself is known to be right.
    Leaves from number ``since`` on are new; those before were checked already.
    """

    n: int
    data: bytes = field(repr=False)
    tile: bytes = field(repr=False)
    root: bytes | None
    since: int = 0

    @property
    def width(self) -> int:
        """How many leaves it must hold."""
        return TILE_WIDTH if self.root is not None else len(self.tile) // HASH_BYTES


def check_bundles(bundles: Sequence[Bundle]) -> Records | Fault:
    """The records of all new leaves, or the first fault."""
    parts: dict[int, list[bytes]] = {}
    for bundle in bundles:
        fault = check_tile(bundle)
        if fault is None:
            fault = _check_entries(bundle, parts)
        if fault is not None:
            return fault
    return {part: b"".join(several) for part, several in parts.items()}


def check_tile(bundle: Bundle) -> Fault | None:
    """Whether the tile of leaf hashes is the one that the tree has there."""
    if bundle.root is None:
        return None
    path = tile_path(0, bundle.n)
    if len(bundle.tile) != TILE_WIDTH * HASH_BYTES:
        return Fault("tile", path, detail="the wrong length")
    row = [bundle.tile[at : at + HASH_BYTES] for at in range(0, len(bundle.tile), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(a, b) for a, b in zip(row[::2], row[1::2], strict=True)]
    if row[0] != bundle.root:
        return Fault("tile", path, detail="not what the tile above it says")
    return None


def _check_entries(bundle: Bundle, parts: dict[int, list[bytes]]) -> Fault | None:
    path = tile_path(None, bundle.n, bundle.width)
    try:
        entries = split_bundle(bundle.data)
    except ValueError as error:
        return Fault("bundle", path, detail=str(error))
    if len(entries) != bundle.width:
        return Fault("bundle", path, detail=f"{len(entries)} leaves, not {bundle.width}")
    hashes = [leaf_hash(entry) for entry in entries]
    first = bundle.n * TILE_WIDTH
    if b"".join(hashes) != bundle.tile:
        wrong = next(i for i, one in enumerate(hashes) if one != _hash_at(bundle.tile, i))
        detail = "the leaf's hash is not in its tile"
        return Fault("bundle", path, first + wrong, detail=detail)
    new = range(max(bundle.since - first, 0), len(entries))
    for place in new:
        try:
            form = parse_leaf(entries[place])
        except BadLeaf as bad:
            return Fault("leaf", path, first + place, detail=str(bad))
        key = subject_key(form.subject)
        prev = form.prev
        record = LEAF.pack(
            first + place,
            key,
            hashes[place],
            bytes(HASH_BYTES) if prev is None else prev,
            type_tag(form.type),
            prev is not None,
        )
        parts.setdefault(part_of(key), []).append(record)
        for part, more in unit_records(first + place, form):
            parts.setdefault(part, []).append(more)
    return None


def _hash_at(tile: bytes, place: int) -> bytes:
    return tile[place * HASH_BYTES : (place + 1) * HASH_BYTES]


def begin_worker() -> None:
    """In a worker process: Ctrl-C is the parent's business, and without a parent there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
