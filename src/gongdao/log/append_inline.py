"""Append leaves of one subject within a larger statement: the hot path of whoever appends one
event per request and cannot afford statements of its own for it.

The caller reads where the subject's chain stands (`CHAIN_COLUMNS`, `CHAIN_JOIN`), makes the leaves
behind it, and puts `begin_ctes` or `move_ctes` into his `WITH`. Moving compares: where another
leaf came between, nothing is appended, and the part `log_appended` has no row. Leaves with secrets
go through `append_leaves`. Where the queue is closed the statement fails (`as_queue_full`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from gongdao.log.life_cycles import LifeCycles, check_step
from gongdao.log.new_leaf import NewLeaf
from gongdao_verify.leaf_form import LeafForm, write_leaf
from gongdao_verify.merkle import leaf_hash

CHAIN_COLUMNS = "log_at.last_hash, log_at.last_type, log_at.count"
CHAIN_JOIN = "JOIN log_subject log_at ON log_at.name = {subject}"
_QUEUE = """
log_appended AS (
  INSERT INTO log_pending (leaf_hash, entry, subject)
  SELECT h, e, log_chain.name
  FROM log_chain, unnest(%(log_hashes)s::bytea[], %(log_entries)s::bytea[])
    WITH ORDINALITY AS n (h, e, i)
  ORDER BY i
  RETURNING seq
)"""
_BEGIN = """
log_chain AS (
  INSERT INTO log_subject (name, last_hash, last_type, count)
  SELECT %(log_subject)s, %(log_last)s::bytea, %(log_type)s, %(log_count)s::bigint{only_if}
  RETURNING name
),"""
_MOVE = """
log_chain AS (
  UPDATE log_subject SET last_hash = %(log_last)s::bytea, last_type = %(log_type)s,
    count = %(log_count)s::bigint
  WHERE name = %(log_subject)s AND last_hash = %(log_before)s::bytea{only_if}
  RETURNING name
),"""


@dataclass(frozen=True)
class Chain:
    """Where a subject's chain stands: hash and type of its newest leaf, and how many it has."""

    last_hash: bytes
    last_type: str
    count: int


def begin_ctes(only_if: str = "") -> str:
    """The parts that begin a subject with its first leaves; ``only_if`` is a condition of the
    caller's, such as ``EXISTS (SELECT FROM placed)``."""
    return _BEGIN.format(only_if=f" WHERE {only_if}" if only_if else "") + _QUEUE


def move_ctes(only_if: str = "") -> str:
    """The parts that go on where the chain was read."""
    return _MOVE.format(only_if=f" AND {only_if}" if only_if else "") + _QUEUE


def leaf_values(*, leaves: Sequence[NewLeaf], before: Chain | None, at: datetime) -> dict[str, Any]:
    """What the parts are filled with: ``leaves``, all of one subject and without secrets, behind
    ``before`` (None: they begin it). Raise IllegalStep where the life cycle forbids one."""
    cycles: LifeCycles = settings.LOG_LIFE_CYCLES
    last = before.last_hash if before else None
    last_type = before.last_type if before else None
    hashes, entries = [], []
    for leaf in leaves:
        if leaf.secret or leaf.subject != leaves[0].subject:
            raise ValueError("inline leaves are of one subject and without secrets")
        check_step(cycles, leaf.type, last_type)
        entry = write_leaf(LeafForm(leaf.type, leaf.subject, last, at, leaf.data))
        last, last_type = leaf_hash(entry), leaf.type
        hashes.append(last)
        entries.append(entry)
    return {
        "log_subject": leaves[0].subject,
        "log_hashes": hashes,
        "log_entries": entries,
        "log_last": last,
        "log_type": last_type,
        "log_count": (before.count if before else 0) + len(leaves),
        "log_before": before.last_hash if before else b"",
    }
