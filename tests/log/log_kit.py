"""What the tests of the sequencer share: a log in a folder and a database, and a naive tree."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from gongdao.core.blobs import FolderBlobs
from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.log_key import LogKey, load_log_key
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.log.publish import PublishedFolder
from gongdao.log.sequence import Sequencer
from gongdao.log.signed_head import SignedHeadFile, no_step
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import parse_leaf
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_tiles import split_bundle, tile_path, width_at
from gongdao_verify.tree_reader import TreeReader

REPO = Path(__file__).resolve().parents[2]
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
ORIGIN = "log.example.org/log"
DIGESTS = {"manifest_sha256": "a" * 64, "manifest_sm3": "b" * 64, "seal_sha256": "c" * 64}
STORES = Stores(MasterKeys.parse(new_master_key()), FolderBlobs(Path("unused")))
"""Keys for openings; the log has no blobs."""


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash, as RFC 6962 defines it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    both = naive_root(hashes[:split]) + naive_root(hashes[split:])
    return hashlib.sha256(b"\x01" + both).digest()


def database_url() -> str:
    """The tests' own database, for those who connect by themselves."""
    place = connection.settings_dict
    return make_conninfo(
        host=place["HOST"],
        port=place["PORT"],
        user=place["USER"],
        password=place["PASSWORD"],
        dbname=place["NAME"],
    )


@dataclass
class Ground:
    """A log: its database, and a folder with key, signed head and published files."""

    folder: Path
    url: str
    key: LogKey = field(repr=False)

    @property
    def head_file(self) -> SignedHeadFile:
        """What was signed last."""
        return SignedHeadFile(self.folder / "log.head")

    @property
    def published(self) -> PublishedFolder:
        """What anybody may fetch."""
        return PublishedFolder(self.folder / "log")

    def sequencer(self, *, step: Callable[[str], None] = no_step, **changed: Any) -> Sequencer:
        """One that is not open yet."""
        given = {
            "database_url": self.url,
            "head_file": self.head_file,
            "key": self.key,
            "publish": self.published,
            "step": step,
        }
        return Sequencer(**(given | changed))

    def run(self, *, step: Callable[[str], None] = no_step) -> int:
        """Sequence everything that waits; the size then."""
        with self.sequencer(step=step) as sequencer:
            assert sequencer.open(at=AT)
            while sequencer.run_once(at=AT):
                pass
            return sequencer.size

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the log's database."""
        with psycopg.connect(self.url, autocommit=True) as direct:
            return direct.execute(statement.encode(), values).fetchall()

    def entries(self) -> list[bytes]:
        """Every leaf's bytes, in order, after checking that no number is missing."""
        rows = self.query("SELECT idx, entry FROM log_entry ORDER BY idx")
        assert [row[0] for row in rows] == list(range(len(rows)))
        return [bytes(row[1]) for row in rows]

    def signed(self) -> Checkpoint:
        """The signed head, after checking its signature."""
        note = parse_note(self.head_file.read() or b"")
        assert verify_note(note, [self.key.verifier])
        return Checkpoint.parse(note.text)

    def clone(self, name: str) -> Ground:
        """A copy of the database as it is now, over the same folder: a backup, or its restore."""
        with self._alone() as direct:
            direct.execute(f'DROP DATABASE IF EXISTS "{name}"')
            source = connection.settings_dict["NAME"]
            direct.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return Ground(self.folder, make_conninfo(self.url, dbname=name), self.key)

    def drop(self, name: str) -> None:
        """Let go of a copy, and of what killed processes left connected to it. ``FORCE`` would also
        end the database's own vacuum, which only its superuser may; without it, the server does."""
        with self._alone() as direct:
            direct.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND usename = current_user",
                [name],
            )
            direct.execute(f'DROP DATABASE IF EXISTS "{name}"')

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        connection.close()
        connection.close_pool()
        with psycopg.connect(make_conninfo(self.url, dbname="postgres"), autocommit=True) as direct:
            yield direct


def make_ground(folder: Path) -> Ground:
    """A new log over the tests' database."""
    key = load_log_key(path=folder / "log.key", origin=ORIGIN, may_create=True)
    return Ground(folder, database_url(), key)


def sealed(count: int = 1) -> list[NewLeaf]:
    """So many leaves, each of a subject of its own."""
    return [NewLeaf("case.sealed", new_subject("case"), DIGESTS) for _ in range(count)]


def append(leaves: Sequence[NewLeaf], at: datetime = AT) -> list[bytes]:
    """Append in a transaction of its own."""
    with transaction.atomic():
        return append_leaves(stores=STORES, leaves=leaves, at=at)


def append_some(count: int) -> list[bytes]:
    """Append so many leaves of different subjects; their hashes."""
    return append(sealed(count))


def append_chain(subject: str, count: int) -> list[bytes]:
    """Append so many leaves of one subject, one after the other."""
    return [
        append([NewLeaf("case.sealed", subject, DIGESTS)], at=AT + timedelta(seconds=n))[0]
        for n in range(count)
    ]


def hashes_of(entries: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes of entries."""
    return [hashlib.sha256(b"\x00" + one).digest() for one in entries]


def check_whole(ground: Ground, appended: Sequence[bytes]) -> None:
    """Every appended leaf is in the log once, chains hold, every checkpoint there is agrees with
    one tree, and what is published is complete."""
    entries = ground.entries()
    hashes = hashes_of(entries)
    assert sorted(hashes) == sorted(appended)
    assert not ground.query("SELECT 1 FROM log_pending")
    newest: dict[str, bytes] = {}
    for digest, entry in zip(hashes, entries, strict=True):
        form = parse_leaf(entry)
        assert form.prev == newest.get(form.subject)
        newest[form.subject] = digest
    kept = {str(n): bytes(h) for n, h in ground.query("SELECT name, last_hash FROM log_subject")}
    assert kept == newest
    check_signed(ground, hashes)
    check_published(ground, entries)


def check_signed(ground: Ground, hashes: Sequence[bytes]) -> None:
    """Signed head, recorded and published checkpoint are of the one tree over ``hashes``."""
    signed = ground.signed()
    assert (signed.size, signed.root) == (len(hashes), naive_root(hashes))
    notes = [str(row[0]).encode() for row in ground.query("SELECT note FROM log_checkpoint")]
    published = ground.published.checkpoint()
    assert published is not None
    for data in (*notes, published):
        note = parse_note(data)
        assert verify_note(note, [ground.key.verifier])
        checkpoint = Checkpoint.parse(note.text)
        assert checkpoint.root == naive_root(hashes[: checkpoint.size])
    assert Checkpoint.parse(parse_note(published).text).size == len(hashes)


def check_published(ground: Ground, entries: Sequence[bytes]) -> None:
    """Tiles make the root, and bundles hold the entries."""
    source, size = ground.published.source(), len(entries)
    assert TreeReader(source, size).root() == naive_root(hashes_of(entries))
    found: list[bytes] = []
    for n in range(-(-size // 256)):
        found += split_bundle(source(tile_path(None, n, width_at(size, None, n))))
    assert found == list(entries)


CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gongdao.log.log_key import load_log_key
from gongdao.log.publish import PublishedFolder
from gongdao.log.sequence import Sequencer
from gongdao.log.signed_head import SignedHeadFile
folder, url, name, which = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
seen = []
def step(reached):
    seen.append(reached)
    if reached == name and seen.count(name) == which:
        os.kill(os.getpid(), signal.SIGKILL)
at = datetime(2026, 11, 22, 10, tzinfo=UTC)
sequencer = Sequencer(
    database_url=url, head_file=SignedHeadFile(folder / "log.head"),
    key=load_log_key(path=folder / "log.key", origin="none"),
    publish=PublishedFolder(folder / "log"), step=step)
assert sequencer.open(at=at)
while sequencer.run_once(at=at):
    pass
"""


def run_killed(ground: Ground, name: str, which: int = 1) -> None:
    """Run a sequencer in a process of its own that is killed (-9) before the step ``name``."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD, ground.folder, ground.url, name, str(which)],
        env={**os.environ, "PYTHONPATH": str(REPO / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
