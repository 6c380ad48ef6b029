"""Leaves into the log: entries, tiles and head, over the one connection that holds the lock.

Who integrates holds the advisory lock on the same connection that writes: when the connection is
lost, lock and writing are lost together. The head moves only from where we knew it to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from gongdao.log.errors import HeadMoved, LogForked
from gongdao.log.grow import TileData, Tree, grow
from gongdao.log.signed_head import Step, no_step
from gongdao.log.tile_rows import Query, tile_rows
from gongdao_verify.tlog_tiles import partial_width
from gongdao_verify.tree_reader import TileSource

Connection = psycopg.Connection[tuple[Any, ...]]
SEQUENCER_LOCK = 7_463_021
"""The advisory lock of the one who numbers leaves; any number that nobody else locks here."""
CHANNEL = "log_covered"
"""Where waiters hear of a new checkpoint; the payload is its size."""

_LOCK = "SELECT pg_try_advisory_lock(%s)"
_UPSERT = """
INSERT INTO log_tile (level, n, width, data)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::bytea[])
ON CONFLICT (level, n) DO UPDATE SET width = excluded.width, data = excluded.data
"""
_COPY = "COPY log_entry (idx, leaf_hash, entry, subject) FROM STDIN (FORMAT BINARY)"
_MOVE = "UPDATE log_head SET size = %s, root = %s, edge = %s WHERE id = 1 AND size = %s"
_OPEN = "SELECT data FROM log_tile WHERE level = %s AND n = %s AND width = %s"


@dataclass(frozen=True)
class Leaf:
    """An appended leaf, as it waits or as it was published."""

    leaf_hash: bytes
    entry: bytes
    subject: str


def connect(database_url: str) -> Connection:
    """A connection of its own for who integrates. What it commits is on disk, whatever the server
    was told otherwise; a server that is gone is noticed within a minute."""
    connection: Connection = psycopg.connect(
        database_url,
        autocommit=True,
        application_name="gongdao",
        connect_timeout=10,
        keepalives_idle=20,
        keepalives_interval=10,
        keepalives_count=4,
    )
    connection.execute("SET synchronous_commit = on")
    return connection


def take_lock(connection: Connection) -> bool:
    """Whether this connection is now the one that integrates; it is until it ends."""
    row = connection.execute(_LOCK, (SEQUENCER_LOCK,)).fetchone()
    return bool(row and row[0])


def query_over(connection: Connection) -> Query:
    """Statements over ``connection``, as readers of tiles want them."""
    return lambda statement, values: connection.execute(statement.encode(), values).fetchall()


def source_over(connection: Connection) -> TileSource:
    """The tiles of the database, over ``connection``."""
    return tile_rows(query_over(connection))


def load_tree(connection: Connection) -> Tree:
    """The tree as the database has it, signed or not; raise LogForked where head and tiles do not
    agree with each other."""
    connection.execute(
        "INSERT INTO log_head (id, size, root, edge) VALUES (1, 0, %s, '') ON CONFLICT DO NOTHING",
        (Tree().root(),),
    )
    row = connection.execute("SELECT size, root, edge FROM log_head WHERE id = 1").fetchone()
    if row is None:
        raise AssertionError("the head was just there")
    size, root, edge = int(row[0]), bytes(row[1]), bytes(row[2])
    opened = []
    for level in range((size.bit_length() + 7) // 8):
        width, n = partial_width(size, level), size >> 8 * (level + 1)
        found = connection.execute(_OPEN, (level, n, width)).fetchone() if width else (b"",)
        opened.append(bytes(found[0]) if found else b"")
    try:
        tree = Tree(size, tuple(opened))
    except ValueError:
        raise LogForked(size=size) from None
    if tree.root() != root or b"".join(tree.edge()) != edge or _count(connection) != size:
        raise LogForked(size=size)
    return tree


def _count(connection: Connection) -> int:
    row = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM log_entry").fetchone()
    return int(row[0]) if row else 0


def integrate(
    connection: Connection, tree: Tree, leaves: Sequence[Leaf], *, step: Step = no_step
) -> tuple[Tree, list[TileData]]:
    """Put ``leaves`` behind the last leaf, within the caller's transaction; the tree that is then,
    and the tiles that changed. Raise HeadMoved where the database is not at ``tree``."""
    grown, tiles = grow(tree, [leaf.leaf_hash for leaf in leaves])
    step("copy entries")
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(("int8", "bytea", "bytea", "text"))
        for idx, leaf in enumerate(leaves, tree.size):
            copy.write_row((idx, leaf.leaf_hash, leaf.entry, leaf.subject))
    step("write tiles")
    columns = zip(*((one.level, one.n, one.width, one.data) for one in tiles), strict=True)
    connection.execute(_UPSERT, [list(column) for column in columns], binary=True)
    step("move head")
    edge = b"".join(grown.edge())
    moved = connection.execute(_MOVE, (grown.size, grown.root(), edge, tree.size))
    if moved.rowcount != 1:
        raise HeadMoved
    return grown, tiles
