"""The one sequencer: gives waiting leaves their numbers, signs the tree, publishes it.

One process at a time, by an advisory lock that its own connection holds; everything it writes goes
over that connection. Entries, tiles and head are one transaction. Then, in this order, each durable
before the next: tiles published, tree signed, signature kept outside the database, checkpoint
recorded, checkpoint published, waiters told. After any fault nothing in memory is trusted: the
connection is closed, and whoever goes on begins with ``open``, which finishes what was left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from typing import Protocol

import psycopg

from gongdao.core.language import gettext as _
from gongdao.log.check_head import check_growth
from gongdao.log.errors import KeyChanged, LogForked, LogKeyUnfit
from gongdao.log.grow import TileData, Tree
from gongdao.log.integrate import (
    CHANNEL,
    Connection,
    Leaf,
    connect,
    integrate,
    load_tree,
    query_over,
    source_over,
    take_lock,
)
from gongdao.log.known_heads import check_heads, find_heads
from gongdao.log.log_key import LogKey, SignedHead
from gongdao.log.publish import File, bundle_files, tile_files, tiles_between
from gongdao.log.queue_gate import open_queue
from gongdao.log.signed_head import SignedHeadFile, Step, no_step
from gongdao.log.signers import KEY_TYPE, Signer, read_signers, signer_at
from gongdao_verify.leaf_form import LOG_SUBJECT, parse_leaf
from gongdao_verify.tlog_tiles import TILE_WIDTH
from gongdao_verify.tree_reader import MissingTile

BATCH = 4096
"""Most leaves in one transaction."""
_FILES_AT_ONCE = 64
STEPS = (
    "take",
    "copy entries",
    "write tiles",
    "move head",
    "commit",
    "publish tiles",
    "sign",
    "write head",
    "rename head",
    "sync head",
    "record checkpoint",
    "publish checkpoint",
    "announce",
    "end",
)
"""What ``step`` is called with before each step of a round, in this order."""

_TAKE = """
DELETE FROM log_pending
WHERE seq = ANY(ARRAY(SELECT seq FROM log_pending ORDER BY seq LIMIT %s))
RETURNING seq, leaf_hash, entry, subject
"""
_WAITING = "SELECT 1 FROM log_pending LIMIT 1"
_TAIL = "SELECT entry FROM log_entry WHERE idx >= %s ORDER BY idx"
_RECORD = """
INSERT INTO log_checkpoint (size, root, note, signed_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (size) DO NOTHING
"""


class Publisher(Protocol):
    """Where the log is published."""

    def checkpoint(self) -> bytes | None:
        """The note that is published now."""
        ...

    def put_tiles(self, files: Sequence[File]) -> None:
        """Publish tiles and bundles, durably."""
        ...

    def put_checkpoint(self, note: bytes) -> None:
        """Publish a checkpoint, unless a newer one is."""
        ...


class Sequencer:
    """A context manager around one connection; ``open`` first, then ``run_once`` again and again.

    ``step`` is called before each of STEPS; tests use it to stop the process or to raise there.
    """

    def __init__(
        self,
        *,
        database_url: str,
        head_file: SignedHeadFile,
        key: LogKey,
        publish: Publisher,
        step: Step = no_step,
    ) -> None:
        self._url, self._file, self._key = database_url, head_file, key
        self._publish, self._step = publish, step
        self._connection: Connection | None = None
        self._tree, self._tail = Tree(), list[bytes]()
        self._signed: SignedHead | None = None
        self._kept: bytes | None = None
        self._signers: tuple[Signer, ...] = ()

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self._tree.size

    @property
    def signed(self) -> SignedHead | None:
        """What was signed last."""
        return self._signed

    @property
    def signers(self) -> tuple[Signer, ...]:
        """The keys that the log named when it was opened."""
        return self._signers

    @property
    def next_signs(self) -> bool:
        """Whether the last checkpoint of the old key is signed, so that the next key may take its
        place."""
        if self._key.next is None or self._signed is None:
            return False
        return signer_at(self._signers, self._signed.size + 1) == self._key.next.verifier

    def open(self, *, at: datetime) -> bool:
        """Become the one who integrates, and finish what the last one left; False where another
        one is. Raise LogRefused where this database must not be continued."""
        self.close()
        self._connection = connect(self._url)
        with self._closed_on_fault():
            return self._take_over(self._connection, at)

    def run_once(self, *, at: datetime) -> int:
        """Integrate, sign and publish what waits, up to BATCH; how many leaves there were.

        Any exception leaves the sequencer closed: what was done so far stands, and ``open`` of this
        or another one goes on from there. One of them is KeyChanged: a new key was announced.
        """
        if self._connection is None:
            raise RuntimeError("open first: nothing in memory is trusted after a fault")
        with self._closed_on_fault():
            return self._round(self._connection, at)

    def close(self) -> None:
        """Let go of the lock, by ending the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def __enter__(self) -> Sequencer:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @contextmanager
    def _closed_on_fault(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _take_over(self, connection: Connection, at: datetime) -> bool:
        if not take_lock(connection):
            self.close()
            return False
        self._tree = load_tree(connection)
        self._signers = read_signers(query_over(connection))
        start = self._tree.size - self._tree.size % TILE_WIDTH
        self._tail = [bytes(row[0]) for row in connection.execute(_TAIL, (start,))]
        heads = find_heads(
            connection, file=self._file, key=self._key, published=self._publish.checkpoint()
        )
        check_heads(heads, connection, size=self._tree.size, place=str(self._file.path))
        self._signed = newest = heads.newest()
        self._kept = heads.kept
        if newest is not None and newest.note != heads.kept:
            self._file.swap(expected=heads.kept, new=newest.note)
            self._kept = newest.note
        self._catch_up(connection, heads.published.size if heads.published else 0)
        if newest is not None:
            self._record(connection, newest, at)
        if self._tree.size > (newest.size if newest else 0):
            self._sign(connection, at)
        open_queue(connection)
        return True

    def _catch_up(self, connection: Connection, published: int) -> None:
        """Publish the tiles that a fault kept back, out of the database."""
        source = source_over(connection)
        missing = tiles_between(published, self._tree.size)
        try:
            while names := [tile.path() for tile in islice(missing, _FILES_AT_ONCE)]:
                self._publish.put_tiles([(name, source(name)) for name in names])
        except MissingTile:
            raise LogForked(size=self._tree.size) from None

    def _round(self, connection: Connection, at: datetime) -> int:
        if connection.execute(_WAITING).fetchone() is None:
            return 0
        most = BATCH
        while True:
            with connection.transaction():
                self._step("take")
                leaves = _take(connection, most)
                if not leaves:
                    return 0
                if (end := _key_ends(leaves)) < len(leaves):
                    most = end
                    raise psycopg.Rollback  # those behind it wait: another key signs them
                grown, tiles = integrate(connection, self._tree, leaves, step=self._step)
                self._step("commit")
                break
        files = self._advance(grown, tiles, leaves)
        self._step("publish tiles")
        self._publish.put_tiles(files)
        self._sign(connection, at)
        self._step("end")
        if _announces_key(leaves[-1]):
            raise KeyChanged(self._tree.size)
        return len(leaves)

    def _advance(
        self, grown: Tree, tiles: Sequence[TileData], leaves: Sequence[Leaf]
    ) -> list[File]:
        """Follow the database to ``grown``; the files that are new by it."""
        first = self._tree.size - len(self._tail)
        entries = [*self._tail, *(leaf.entry for leaf in leaves)]
        self._tree, self._tail = grown, entries[len(entries) - grown.size % TILE_WIDTH :]
        return [*bundle_files(entries, first), *tile_files(tiles)]

    def _sign(self, connection: Connection, at: datetime) -> None:
        """Sign the tree as the database has it on disk, and let everybody see it."""
        self._step("sign")
        size, root = self._tree.size, self._tree.root()
        check_growth(source_over(connection), old=self._signed, size=size, root=root)
        head = self._key_for(size).sign_head(size=size, root=root)
        self._step("write head")
        self._file.swap(expected=self._kept, new=head.note, step=self._step)
        self._kept, self._signed = head.note, head
        self._record(connection, head, at)

    def _key_for(self, size: int) -> LogKey:
        """The key that must sign at ``size``; raise LogKeyUnfit where we do not have it."""
        wanted = signer_at(self._signers, size)
        for key in (self._key, self._key.next):
            if key is not None and wanted in (None, key.verifier):
                return key
        raise LogKeyUnfit(
            _(
                "{size} 条的检查点，日志自己说由公钥 {vkey} 签，这里没有那把密钥。"
                "请把它放回 log.key。"
            ).format(size=size, vkey=wanted.text() if wanted else "")
        )

    def _record(self, connection: Connection, head: SignedHead, at: datetime) -> None:
        """Let the database and the public know ``head``; done twice, nothing happens."""
        self._step("record checkpoint")
        connection.execute(_RECORD, (head.size, head.root, head.note.decode(), at))
        self._step("publish checkpoint")
        self._publish.put_checkpoint(head.note)
        self._step("announce")
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(head.size)))


def _take(connection: Connection, most: int) -> list[Leaf]:
    """The leaves that wait longest, out of the queue, in their order."""
    rows = connection.execute(_TAKE, (most,), binary=True).fetchall()
    rows.sort(key=lambda row: int(row[0]))
    return [Leaf(row[1], row[2], row[3]) for row in rows]


def _key_ends(leaves: Sequence[Leaf]) -> int:
    """How many of ``leaves`` may go under one checkpoint: up to the first that announces a key."""
    found = (n for n, leaf in enumerate(leaves, 1) if _announces_key(leaf))
    return next(found, len(leaves))


def _announces_key(leaf: Leaf) -> bool:
    return leaf.subject == LOG_SUBJECT and parse_leaf(leaf.entry).type == KEY_TYPE
