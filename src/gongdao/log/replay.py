"""Bring a restored database forward again, from published tiles that are newer than the backup.

Nothing of the source is believed: every leaf must lead to the root of a checkpoint that this log
signed, and the database must be a beginning of that tree. All of it is one transaction; stopped
anywhere, it is simply run again. Business rows of the lost time do not come back by this: the log
says what happened, it is not a second copy of the database.

Leaves that were waiting when the backup was made, and were published later, are taken out of the
queue. Leaves that were appended since the restore follow, if need be on the newer end of their
subject's chain: then their hash is another one. What may not follow any more is set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from gongdao.core.envelope import MasterKeys
from gongdao.log.check_head import check_holds, leads_to
from gongdao.log.errors import LogBusy, LogForked
from gongdao.log.grow import Tree
from gongdao.log.integrate import (
    Connection,
    Leaf,
    connect,
    integrate,
    load_tree,
    source_over,
    take_lock,
)
from gongdao.log.known_heads import find_heads
from gongdao.log.life_cycles import LifeCycles
from gongdao.log.log_key import LogKey, SignedHead
from gongdao.log.queue_gate import pass_gate
from gongdao.log.rechain import Rechained, mend_subjects
from gongdao.log.signed_head import SignedHeadFile
from gongdao_verify.leaf_form import parse_leaf
from gongdao_verify.merkle import BadProof, check_consistency, leaf_hash
from gongdao_verify.tlog_tiles import TILE_WIDTH, split_bundle, tile_path, width_at
from gongdao_verify.tree_reader import TileSource, TreeReader

_BUNDLES_AT_ONCE = 16
_UNQUEUE = "DELETE FROM log_pending WHERE leaf_hash = ANY(%b::bytea[])"
_RECORD = """
INSERT INTO log_checkpoint (size, root, note, signed_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (size) DO NOTHING
"""

Progress = Callable[[int, int], None]
"""Called with how many leaves are there, and how many there will be."""
PutAside = Callable[[Rechained], None]
"""Keeps, durably and before anything is changed, what became of leaves that waited."""


@dataclass(frozen=True)
class Replayed:
    """The log has ``size`` leaves again, ``added`` of them from the source."""

    size: int
    added: int
    rechained: Rechained


def replay(
    *,
    database_url: str,
    head_file: SignedHeadFile,
    key: LogKey,
    source: TileSource,
    checkpoint: bytes,
    cycles: LifeCycles,
    masters: MasterKeys,
    put_aside: PutAside,
    at: datetime,
    progress: Progress | None = None,
) -> Replayed:
    """Bring the database to the newest checkpoint that is known to be signed: the one of the head
    file, or ``checkpoint`` (the source's own), whichever is newer.

    Raise LogForked where source, head file and database are not stages of one tree; LogKeyUnfit
    where ``checkpoint`` is not this log's; LogBusy while a sequencer runs; LookupError where the
    source lacks a tile, BadProof where it has a wrong one.
    """
    with closing(connect(database_url)) as connection:
        if not take_lock(connection):
            raise LogBusy
        pass_gate(connection)
        known = find_heads(connection, file=head_file, key=key, published=checkpoint)
        heads, target, tree = known.all(), known.newest(), load_tree(connection)
        if target is None:
            raise AssertionError("the source has a checkpoint")
        _check_stages(source, source_over(connection), tree, heads, target)
        with connection.transaction():
            grown, subjects = _add(connection, source, tree, target, progress)
            rechained = mend_subjects(connection, sorted(subjects), cycles, masters)
            put_aside(rechained)
            values = (target.size, target.root, target.note.decode(), at)
            connection.execute(_RECORD, values)
        if known.kept != target.note:
            head_file.swap(expected=known.kept, new=target.note)
    return Replayed(grown.size, grown.size - tree.size, rechained)


def _check_stages(
    source: TileSource,
    stored: TileSource,
    tree: Tree,
    heads: Sequence[SignedHead],
    target: SignedHead,
) -> None:
    """Raise LogForked unless every head, and the database, are stages of the target's tree."""
    if tree.size >= target.size:
        for head in heads:
            check_holds(stored, size=tree.size, head=head)
        return
    notes = (target.note.decode(),)
    if not leads_to(source, target):
        raise LogForked(size=target.size, notes=notes)
    ours = SignedHead(tree.size, tree.root(), b"")
    for head in (*heads, ours):
        if head.size and not _is_stage(source, head, target):
            raise LogForked(size=head.size, notes=notes)


def _is_stage(source: TileSource, old: SignedHead, new: SignedHead) -> bool:
    reader = TreeReader(source, new.size, new.root)
    try:
        check_consistency(
            old_size=old.size,
            old_root=old.root,
            new_size=new.size,
            new_root=new.root,
            path=reader.consistency_path(old.size),
        )
    except BadProof:
        return False
    return True


def _add(
    connection: Connection,
    source: TileSource,
    tree: Tree,
    target: SignedHead,
    progress: Progress | None,
) -> tuple[Tree, set[str]]:
    """Put the leaves that are missing behind the last one; the tree then, and whom they are of."""
    subjects: set[str] = set()
    reader = TreeReader(source, target.size, target.root)
    for leaves in _missing(source, reader, tree.size):
        connection.execute(_UNQUEUE, ([leaf.leaf_hash for leaf in leaves],))
        tree, _tiles = integrate(connection, tree, leaves)
        subjects |= {leaf.subject for leaf in leaves}
        if progress is not None:
            progress(tree.size, target.size)
    if tree.size == target.size and tree.root() != target.root:
        raise LogForked(size=target.size, notes=(target.note.decode(),))
    return tree, subjects


def _missing(source: TileSource, reader: TreeReader, start: int) -> Iterator[list[Leaf]]:
    """The leaves from ``start`` on, some bundles at a time, each checked against the tree."""
    found: list[Leaf] = []
    for n in range(start // TILE_WIDTH, -(-reader.size // TILE_WIDTH)):
        entries = _bundle(source, n, width_at(reader.size, None, n))
        for idx, entry in enumerate(entries, n * TILE_WIDTH):
            if leaf_hash(entry) != reader.hash_at(0, idx):
                raise BadProof(f"{tile_path(None, n)} is not what the tree holds")
            if idx >= start:
                found.append(Leaf(leaf_hash(entry), entry, parse_leaf(entry).subject))
        if (n + 1) % _BUNDLES_AT_ONCE == 0 and found:
            yield found
            found = []
    if found:
        yield found


def _bundle(source: TileSource, n: int, width: int) -> list[bytes]:
    """The entries of a bundle; where a partial one is gone, the beginning of the full one."""
    try:
        entries = split_bundle(source(tile_path(None, n, width)))
    except (LookupError, FileNotFoundError):
        if width == TILE_WIDTH:
            raise
        entries = split_bundle(source(tile_path(None, n)))[:width]
    if len(entries) != width:
        raise BadProof(f"{tile_path(None, n, width)} has the wrong length")
    return entries
