"""Append leaves to the public log, within the caller's transaction: all or nothing with its rows.

Each leaf names the one before it of its subject, so a subject's row is locked until the transaction
ends; several are locked in the order of their names, whichever way they were handed in. A verb
therefore calls this once, with all its leaves. The leaf gets its number later, from the sequencer.

Not announced by NOTIFY: in a transaction that would make commits wait for each other. The sequencer
looks for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from gongdao.core.stores import Stores
from gongdao.log.life_cycles import LifeCycles, check_step
from gongdao.log.new_leaf import NewLeaf, Openings, commit, seal_openings
from gongdao.log.queue_gate import as_queue_full
from gongdao_verify.leaf_form import LeafForm, write_leaf
from gongdao_verify.merkle import leaf_hash

_CHAINS = "unnest(%b::text[], %b::bytea[], %b::text[], %b::bigint[])"
_LEAVES = "unnest(%b::bytea[], %b::bytea[], %b::text[]) WITH ORDINALITY"
_TAKE = f"""
INSERT INTO log_subject AS s (name, last_hash, last_type, count)
SELECT * FROM {_CHAINS} AS new (name, h, t, c) ORDER BY name
ON CONFLICT (name) DO UPDATE SET count = s.count
RETURNING name, last_hash, last_type, count, xmax = 0 AS made
"""
"""Locks every subject in the order of names; new ones are made as handed in, known ones stay."""
_BEGIN = f"""
WITH taken AS ({_TAKE}), waiting AS (
  INSERT INTO log_pending (leaf_hash, entry, subject)
  SELECT h, e, s FROM {_LEAVES} AS n (h, e, s, i)
  WHERE (SELECT bool_and(made) FROM taken) ORDER BY i
)
SELECT name, last_hash, last_type, count, made FROM taken
"""
"""The same, and where all were new their leaves are in the queue."""
_LOCK = """
SELECT name, last_hash, last_type, count, false FROM log_subject
WHERE name = ANY(%b::text[]) ORDER BY name FOR UPDATE
"""
_MOVE = f"""
WITH moved AS (
  UPDATE log_subject s SET last_hash = new.h, last_type = new.t, count = new.c
  FROM {_CHAINS} AS new (name, h, t, c) WHERE s.name = new.name
)
INSERT INTO log_pending (leaf_hash, entry, subject)
SELECT h, e, s FROM {_LEAVES} AS n (h, e, s, i) ORDER BY i
"""
_KEEP = "INSERT INTO log_opening (leaf_hash, sealed) SELECT * FROM unnest(%b::bytea[], %b::bytea[])"
_Committed = tuple[Mapping[str, Any], Openings]


@dataclass(frozen=True)
class _Before:
    """Where a subject's chain stands: hash and type of its newest leaf, None before the first."""

    last_hash: bytes | None
    last_type: str | None
    count: int


_NEW = _Before(None, None, 0)


@dataclass
class _Written:
    """Leaves as they go into the database, and where they leave their subjects."""

    hashes: list[bytes] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    openings: dict[bytes, Openings] = field(default_factory=dict)
    after: dict[str, _Before] = field(default_factory=dict)

    def leaves(self) -> tuple[list[Any], ...]:
        """Columns of the leaves, in their order."""
        return self.hashes, self.entries, self.subjects

    def chains(self) -> tuple[list[Any], ...]:
        """Columns of ``after``, in the order of names."""
        names = sorted(self.after)
        rows = [self.after[name] for name in names]
        hashes, types = [row.last_hash for row in rows], [row.last_type for row in rows]
        return names, hashes, types, [row.count for row in rows]


def append_leaves(*, stores: Stores, leaves: Sequence[NewLeaf], at: datetime) -> list[bytes]:
    """Append ``leaves`` in their order, dated ``at``; their leaf hashes, in the same order.

    Call it within a transaction, once in it. Raise IllegalStep where the life cycle of a subject
    forbids a leaf, BadLeaf (a ValueError) where one has not the form of leaves, LogQueueFull where
    the log stands still and too much waits: then roll back.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("leaves are appended in the transaction of what they are about")
    if not leaves:
        return []
    cycles: LifeCycles = settings.LOG_LIFE_CYCLES
    committed = [commit(leaf) for leaf in leaves]
    try:
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            written = _append(cursor, cycles, leaves, committed, at)
            if written.openings:
                sealed = [seal_openings(stores.masters, h, o) for h, o in written.openings.items()]
                _run(cursor, _KEEP, (list(written.openings), sealed))
    except BaseException as error:
        connection.set_rollback(True)  # whoever catches this must not commit half a chain
        if (full := as_queue_full(error)) is not None:
            raise full from error
        raise
    return written.hashes


def _append(
    cursor: psycopg.Cursor[Any],
    cycles: LifeCycles,
    leaves: Sequence[NewLeaf],
    committed: Sequence[_Committed],
    at: datetime,
) -> _Written:
    """Lock, write, put in the queue. Where every subject may be new it is taken for new first: then
    one statement both makes, locks and appends, and mostly that was right."""
    names = sorted({leaf.subject for leaf in leaves})
    begins = {leaf.subject: _may_begin(cycles, leaf.type) for leaf in reversed(leaves)}
    fresh = dict.fromkeys(names, _NEW)
    if all(begins.values()):
        written = _write(cycles, leaves, committed, at, fresh)
        found = _run(cursor, _BEGIN, (*written.chains(), *written.leaves()))
        if all(row[4] for row in found):
            return written
    elif any(begins.values()):
        nothing = [b""] * len(names), [""] * len(names), [0] * len(names)
        found = _run(cursor, _TAKE, (names, *nothing))
    else:
        found = _run(cursor, _LOCK, (names,))
    known = {str(r[0]): _Before(r[1], r[2], r[3]) for r in found if r[3] and not r[4]}
    written = _write(cycles, leaves, committed, at, fresh | known)
    _run(cursor, _MOVE, (*written.chains(), *written.leaves()))
    return written


def _may_begin(cycles: LifeCycles, type_: str) -> bool:
    cycle = cycles.get(type_.partition(".")[0])
    return cycle is not None and cycle.allows(type_, None)


def _write(
    cycles: LifeCycles,
    leaves: Sequence[NewLeaf],
    committed: Sequence[_Committed],
    at: datetime,
    before: dict[str, _Before],
) -> _Written:
    """The leaves behind ``before``, each checked against the life cycle of its kind."""
    written = _Written()
    for leaf, (data, openings) in zip(leaves, committed, strict=True):
        last = written.after.get(leaf.subject) or before[leaf.subject]
        check_step(cycles, leaf.type, last.last_type)
        entry = write_leaf(LeafForm(leaf.type, leaf.subject, last.last_hash, at, data))
        digest = leaf_hash(entry)
        written.hashes.append(digest)
        written.entries.append(entry)
        written.subjects.append(leaf.subject)
        written.after[leaf.subject] = _Before(digest, leaf.type, last.count + 1)
        if openings:
            written.openings[digest] = openings
    return written


def _run(cursor: psycopg.Cursor[Any], statement: str, values: Sequence[Any]) -> list[Any]:
    """Run one statement with its values sent apart, in binary: leaves are bytes. Planned once on a
    connection that keeps plans."""
    cursor.execute(statement.encode(), values, prepare=True, binary=True)
    return cursor.fetchall() if cursor.description else []
