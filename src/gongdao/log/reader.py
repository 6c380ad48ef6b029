"""Reading the log out of the database, for pages and receipts. Only what a checkpoint covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from gongdao.log.tile_rows import tile_rows
from gongdao_verify.leaf_form import LeafForm, parse_leaf
from gongdao_verify.tree_reader import TileSource

MOST_IN_A_PAGE = 200

_ENTRY = "SELECT idx, leaf_hash, entry FROM log_entry WHERE"
_CHECKPOINT = "SELECT size, root, note, signed_at FROM log_checkpoint"
_STANDING = """
SELECT (SELECT idx FROM log_entry WHERE leaf_hash = %(leaf)s),
       EXISTS (SELECT FROM log_pending WHERE leaf_hash = %(leaf)s),
       coalesce((SELECT max(size) FROM log_checkpoint), 0)
"""


class Standing(StrEnum):
    """How far a leaf is: not known here, appended, or covered by a checkpoint."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    COVERED = "covered"


@dataclass(frozen=True)
class Entry:
    """A leaf with its number; ``entry`` are its exact bytes."""

    idx: int
    leaf_hash: bytes
    entry: bytes

    @property
    def form(self) -> LeafForm:
        """The leaf, read."""
        return parse_leaf(self.entry)


@dataclass(frozen=True)
class KnownCheckpoint:
    """A checkpoint that was signed; ``note`` has the log's signature alone, ``cosignatures`` are
    the further lines, by name of the cosigner."""

    size: int
    root: bytes
    note: str
    signed_at: datetime
    cosignatures: tuple[tuple[str, str], ...] = ()

    @property
    def cosigned(self) -> bytes:
        """The note with every signature that is known."""
        return "".join((self.note, *(f"{line}\n" for _name, line in self.cosignatures))).encode()


def database_source() -> TileSource:
    """The tiles and bundles that are in the database (also such as no checkpoint covers yet)."""
    return tile_rows(run_query)


def find_checkpoint(size: int | None = None) -> KnownCheckpoint | None:
    """The checkpoint of exactly ``size``, or the newest; None where there is none."""
    if size is None:
        rows = run_query(f"{_CHECKPOINT} ORDER BY size DESC LIMIT 1", ())
    else:
        rows = run_query(f"{_CHECKPOINT} WHERE size = %s", (size,))
    if not rows:
        return None
    found, root, note, signed_at = rows[0]
    lines = run_query(
        "SELECT name, line FROM log_cosignature WHERE size = %s ORDER BY id", (found,)
    )
    return KnownCheckpoint(found, bytes(root), note, signed_at, tuple(lines))


def covered_size() -> int:
    """How many leaves the newest checkpoint covers."""
    size: int = run_query("SELECT coalesce(max(size), 0) FROM log_checkpoint", ())[0][0]
    return size


def find_entry(idx: int) -> Entry | None:
    """The leaf number ``idx``, None where no checkpoint covers one."""
    if not 0 <= idx < covered_size():
        return None
    return _first(run_query(f"{_ENTRY} idx = %s", (idx,)))


def find_by_hash(leaf_hash: bytes) -> Entry | None:
    """The leaf with that hash, None where no checkpoint covers it."""
    found = _first(run_query(f"{_ENTRY} leaf_hash = %s", (leaf_hash,)))
    return found if found is not None and found.idx < covered_size() else None


def find_entries(*, before: int | None = None, count: int = 50, kind: str = "") -> list[Entry]:
    """Up to ``count`` covered leaves, newest first, numbered below ``before``; of one ``kind``."""
    top = covered_size() if before is None else min(before, covered_size())
    most = min(count, MOST_IN_A_PAGE)
    if not kind:
        return _entries(run_query(f"{_ENTRY} idx < %s ORDER BY idx DESC LIMIT %s", (top, most)))
    of_kind = f"{_ENTRY} idx < %s AND subject >= %s AND subject < %s ORDER BY idx DESC LIMIT %s"
    return _entries(run_query(of_kind, (top, f"{kind}:", f"{kind};", most)))


def find_entries_of(subject: str, *, after: int = -1, count: int = MOST_IN_A_PAGE) -> list[Entry]:
    """Up to ``count`` covered leaves of ``subject``, oldest first, numbered above ``after``."""
    of_subject = f"{_ENTRY} subject = %s AND idx > %s AND idx < %s ORDER BY idx LIMIT %s"
    return _entries(run_query(of_subject, (subject, after, covered_size(), count)))


def find_beside(entry: Entry, subject: str) -> tuple[Entry | None, Entry | None]:
    """The leaf before ``entry`` and the one after it, of the same ``subject``."""
    earlier = f"{_ENTRY} subject = %s AND idx < %s ORDER BY idx DESC LIMIT 1"
    later = find_entries_of(subject, after=entry.idx, count=1)
    return _first(run_query(earlier, (subject, entry.idx))), later[0] if later else None


def get_standing(leaf_hash: bytes) -> tuple[Standing, int | None]:
    """How far the leaf is, and its number once a checkpoint covers it."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"leaf": leaf_hash})
        idx, pending, size = cursor.fetchone()
    if idx is not None and idx < size:
        return Standing.COVERED, idx
    return (Standing.WAITING if pending or idx is not None else Standing.UNKNOWN), None


def count_waiting() -> int:
    """How many leaves were appended and have no number yet."""
    count: int = run_query("SELECT count(*) FROM log_pending", ())[0][0]
    return count


def run_query(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows of ``statement`` over the connection of this thread."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _entries(rows: Sequence[tuple[Any, ...]]) -> list[Entry]:
    return [Entry(idx, bytes(digest), bytes(entry)) for idx, digest, entry in rows]


def _first(rows: Sequence[tuple[Any, ...]]) -> Entry | None:
    found = _entries(rows)
    return found[0] if found else None
