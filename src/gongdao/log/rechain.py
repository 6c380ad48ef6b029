"""After a replay: let each subject's chain go on from its newest leaf, waiting leaves included.

A leaf that was appended to the restored database may name a leaf before it that is no longer the
newest. It has no number yet, so it is written anew behind the newest one; its hash changes, and
what opens its commitments moves along.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gongdao.core.envelope import MasterKeys
from gongdao.log.integrate import Connection
from gongdao.log.life_cycles import IllegalStep, LifeCycles, check_step
from gongdao.log.new_leaf import seal_openings, unseal_openings
from gongdao_verify.leaf_form import parse_leaf, write_leaf
from gongdao_verify.merkle import leaf_hash

_MAKE = """
INSERT INTO log_subject (name, last_hash, last_type, count)
SELECT name, ''::bytea, '', 0 FROM unnest(%b::text[]) AS new (name) ORDER BY name
ON CONFLICT (name) DO UPDATE SET count = log_subject.count
"""
"""Locks every subject in the order of names, as whoever appends does; makes those that are new."""
_CHAINS = """
SELECT s.name, e.leaf_hash, e.entry, (SELECT count(*) FROM log_entry n WHERE n.subject = s.name)
FROM unnest(%b::text[]) AS s (name), LATERAL (
  SELECT leaf_hash, entry FROM log_entry WHERE subject = s.name ORDER BY idx DESC LIMIT 1) e
"""
_WAITING = """
SELECT seq, leaf_hash, entry, subject FROM log_pending WHERE subject = ANY(%b::text[]) ORDER BY seq
"""
_UNQUEUE = "DELETE FROM log_pending WHERE seq = ANY(%s::bigint[])"
_QUEUE = "INSERT INTO log_pending (leaf_hash, entry, subject) VALUES (%s, %s, %s)"
_SET = "UPDATE log_subject SET last_hash = %s, last_type = %s, count = %s WHERE name = %s"
_OPENING = "DELETE FROM log_opening WHERE leaf_hash = %s RETURNING sealed"
_KEEP = "INSERT INTO log_opening (leaf_hash, sealed) VALUES (%s, %s)"


@dataclass
class Rechained:
    """What became of leaves that waited: ``moved`` pairs of old and new hash, and ``set_aside``
    the entries that may not follow what was published."""

    moved: list[tuple[bytes, bytes]] = field(default_factory=list)
    set_aside: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class _End:
    """The end of a subject's chain."""

    last_hash: bytes
    last_type: str
    count: int


def mend_subjects(
    connection: Connection, subjects: Sequence[str], cycles: LifeCycles, masters: MasterKeys
) -> Rechained:
    """Mend the chains of ``subjects`` (sorted), within the caller's transaction."""
    done = Rechained()
    if not subjects:
        return done
    names = list(subjects)
    connection.execute(_MAKE, (names,))
    ends = {
        str(row[0]): _End(bytes(row[1]), parse_leaf(bytes(row[2])).type, int(row[3]))
        for row in connection.execute(_CHAINS, (names,))
    }
    waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in connection.execute(_WAITING, (names,)).fetchall():
        waiting[str(row[3])].append(row)
    for name, end in ends.items():
        for seq, digest, entry, _subject in waiting[name]:
            end = _follow(
                connection, end, (seq, bytes(digest), bytes(entry)), cycles, masters, done
            )
        connection.execute(_SET, (end.last_hash, end.last_type, end.count, name))
    return done


def _follow(
    connection: Connection,
    end: _End,
    waiting: tuple[int, bytes, bytes],
    cycles: LifeCycles,
    masters: MasterKeys,
    done: Rechained,
) -> _End:
    """Put one waiting leaf behind ``end``; the end that the chain has then."""
    seq, digest, entry = waiting
    form = parse_leaf(entry)
    try:
        check_step(cycles, form.type, end.last_type)
    except IllegalStep:
        connection.execute(_UNQUEUE, ([seq],))
        done.set_aside.append(entry)
        return end
    if form.prev == end.last_hash:
        return _End(digest, form.type, end.count + 1)
    anew = write_leaf(replace(form, prev=end.last_hash))
    moved = leaf_hash(anew)
    connection.execute(_UNQUEUE, ([seq],))
    connection.execute(_QUEUE, (moved, anew, form.subject))
    kept = connection.execute(_OPENING, (digest,)).fetchone()
    if kept is not None:
        openings = unseal_openings(masters, digest, bytes(kept[0]))
        connection.execute(_KEEP, (moved, seal_openings(masters, moved, openings)))
    done.moved.append((digest, moved))
    return _End(moved, form.type, end.count + 1)
