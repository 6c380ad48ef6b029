"""A restored backup is refused, replayed from what was published, and goes on as one history.

The backup is a copy of the tests' database; the leaves come through Django, as the verbs' do.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from tests.log.log_kit import (
    AT,
    DIGESTS,
    REPO,
    STORES,
    append,
    append_chain,
    append_some,
    check_signed,
    check_whole,
    hashes_of,
)

from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.log.errors import LogBusy, LogForked, LogHeadMissing, LogKeyUnfit, LogRolledBack
from gongdao.log.export import export
from gongdao.log.integrate import connect
from gongdao.log.log_key import load_log_key
from gongdao.log.new_leaf import NewLeaf, new_subject, seal_openings, unseal_openings
from gongdao.log.rechain import Rechained, mend_subjects
from gongdao.log.replay import Replayed, replay
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import LOG_SUBJECT, LeafForm, parse_leaf, write_leaf
from gongdao_verify.merkle import BadProof, check_consistency, leaf_hash
from gongdao_verify.signed_note import parse_note
from gongdao_verify.tlog_tiles import tile_path
from gongdao_verify.tree_reader import TreeReader

pytestmark = pytest.mark.django_db(transaction=True)
BACKUP = "log_backup"


def _replay(ground, *, folder=None, **changed) -> Replayed:
    published = ground.published if folder is None else type(ground.published)(folder)
    given = {
        "database_url": ground.url,
        "head_file": ground.head_file,
        "key": ground.key,
        "source": published.source(),
        "checkpoint": published.checkpoint(),
        "cycles": LIFE_CYCLES,
        "masters": STORES.masters,
        "put_aside": lambda _found: None,
        "at": AT,
    }
    return replay(**(given | changed))


@pytest.fixture
def restored(ground):
    """A log of 600 leaves, and its database as it was at 300, with two leaves waiting then."""
    append_some(298)
    ground.run()
    hashes = append_chain(new_subject("case"), 2)
    old = ground.clone(BACKUP)
    ground.run()
    append_some(300)
    ground.run()
    assert ground.signed().size == 600
    old.hashes = hashes_of(ground.entries())
    assert set(hashes) <= set(old.hashes)
    yield old
    ground.drop(BACKUP)


def _put(ground, subject: str, prev: bytes | None, *, type_: str = "case.sealed", data=None):
    """A leaf into the restored database's queue, as its verbs would append it; its hash."""
    entry = write_leaf(LeafForm(type_, subject, prev, AT, data or DIGESTS))
    digest = leaf_hash(entry)
    with psycopg.connect(ground.url) as direct:
        direct.execute(
            "INSERT INTO log_pending (leaf_hash, entry, subject) VALUES (%s, %s, %s)",
            (digest, entry, subject),
        )
        direct.execute(
            "INSERT INTO log_subject VALUES (%s, %s, %s, 1) ON CONFLICT (name) DO UPDATE"
            " SET last_hash = excluded.last_hash, count = log_subject.count + 1",
            (subject, digest, type_),
        )
    return digest


def test_restored_refused_replayed_goes_on(restored):
    """The whole way: refused, replayed, the same checkpoint again, and the next one continues the
    old one by a consistency proof."""
    with pytest.raises(LogRolledBack):
        restored.run()
    before = Checkpoint.parse(parse_note(restored.head_file.read()).text)
    done = _replay(restored)
    assert (done.size, done.added, done.rechained) == (600, 302, Rechained())
    check_signed(restored, restored.hashes)
    more = _put(restored, new_subject("case"), None)
    restored.run()
    check_whole(restored, [*restored.hashes, more])
    after = restored.signed()
    reader = TreeReader(restored.published.source(), after.size, after.root)
    check_consistency(
        old_size=before.size,
        old_root=before.root,
        new_size=after.size,
        new_root=after.root,
        path=reader.consistency_path(before.size),
    )


def test_from_an_export_elsewhere(restored, ground, tmp_path):
    """The source may be any copy of what was published; here the own folder is lost as well."""
    export(database_url=ground.url, folder=tmp_path / "mirror")
    (tmp_path / "log").rename(tmp_path / "lost")
    _replay(restored, folder=tmp_path / "mirror")
    restored.run()
    check_whole(restored, restored.hashes)


def test_without_the_head_file(restored, tmp_path):
    """On a new machine, with the key and a published copy: the source's signed checkpoint is what
    it goes by, and the head file is there again."""
    (tmp_path / "log.head").unlink()
    with pytest.raises((LogHeadMissing, LogRolledBack)):
        restored.run()
    _replay(restored)
    assert restored.signed().size == 600
    restored.run()
    check_whole(restored, restored.hashes)


def test_signed_but_its_checkpoint_was_not_published(ground):
    """Where the last signature never got out, its tiles did: the replay reaches it all the same."""
    append_some(10)
    ground.run()
    old = ground.clone(BACKUP)
    try:
        append_some(300)

        seen: list[str] = []

        def step(name: str) -> None:
            seen.append(name)
            if name == "record checkpoint" and "sign" in seen:
                raise OSError("the machine is gone")

        with pytest.raises(OSError, match="the machine is gone"):
            ground.run(step=step)
        assert Checkpoint.parse(parse_note(old.published.checkpoint()).text).size == 10
        assert _replay(old).size == 310 == old.signed().size
        hashes = hashes_of(ground.entries())
        old.run()
        check_whole(old, hashes)
    finally:
        ground.drop(BACKUP)


def test_leaves_of_the_restored_time_follow(restored):
    """What was appended since the restore gets in: of new subjects as it is, of subjects that went
    on meanwhile behind their newest leaf, with a new hash that is told."""
    chain = {
        bytes(row[0]): str(row[1])
        for row in restored.query("SELECT leaf_hash, subject FROM log_pending ORDER BY seq")
    }
    (subject,) = set(chain.values())
    fresh = _put(restored, new_subject("case"), None)
    # The restored database's newest leaf of the subject, before the two that were waiting.
    stale = _put(restored, subject, next(iter(chain)))
    later = _put(restored, subject, stale)
    told: list[Rechained] = []
    done = _replay(restored, put_aside=told.append)
    moved = dict(done.rechained.moved)
    assert told == [done.rechained] and list(moved) == [stale, later]
    assert not done.rechained.set_aside
    restored.run()
    check_whole(restored, [*restored.hashes, fresh, moved[stale], moved[later]])


def test_what_may_not_follow_is_set_aside(restored, ground):
    """A leaf that the published history has overtaken, so that its step is illegal now, is not
    forced into the log and not lost: it is handed to whoever keeps it, before anything changes."""
    append([NewLeaf("log.genesis", LOG_SUBJECT, {"origin": "x", "vkey": "y"})])
    ground.run()
    other = _put(
        restored, LOG_SUBJECT, None, type_="log.genesis", data={"origin": "x", "vkey": "z"}
    )
    told: list[Rechained] = []

    def refuse(found: Rechained) -> None:
        told.append(found)
        raise OSError("no room to keep it")

    with pytest.raises(OSError, match="no room"):
        _replay(restored, put_aside=refuse)
    assert restored.query("SELECT count(*) FROM log_entry") == [(298,)]
    done = _replay(restored, put_aside=told.append)
    assert told[0] == told[1] == done.rechained
    (entry,) = done.rechained.set_aside
    assert leaf_hash(entry) == other and not done.rechained.moved
    restored.run()
    assert restored.signed().size == 601 and other not in hashes_of(restored.entries())


def test_openings_move_along(restored):
    """What opens the commitments of a leaf that gets a new hash opens it under that hash."""
    rows = restored.query("SELECT leaf_hash, subject FROM log_pending ORDER BY seq")
    stale = _put(restored, str(rows[0][1]), bytes(rows[0][0]))
    openings = {"n": {"salt": "11" * 32, "value": 7}}
    with psycopg.connect(restored.url) as direct:
        direct.execute(
            "INSERT INTO log_opening VALUES (%s, %s)",
            (stale, seal_openings(STORES.masters, stale, openings)),
        )
    ((old, new),) = _replay(restored).rechained.moved
    ((digest, sealed),) = restored.query("SELECT leaf_hash, sealed FROM log_opening")
    assert old == stale and bytes(digest) == new
    assert unseal_openings(STORES.masters, new, bytes(sealed)) == openings


def test_a_wrong_tile_stops_it_before_anything_is_written(restored, tmp_path):
    """A source with one altered entry is found out, named, and nothing of it is kept."""
    path = tmp_path / "log" / tile_path(None, 1)
    data = path.read_bytes()
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with pytest.raises(BadProof, match="tile/entries/001"):
        _replay(restored)
    assert restored.query("SELECT count(*) FROM log_entry") == [(298,)]
    path.write_bytes(data)
    assert _replay(restored).size == 600


def test_a_missing_tile_stops_it(restored, tmp_path):
    """A source that lacks a bundle is said to, and nothing is kept."""
    (tmp_path / "log" / tile_path(None, 1)).unlink()
    with pytest.raises(FileNotFoundError):
        _replay(restored)
    assert restored.query("SELECT count(*) FROM log_entry") == [(298,)]


def test_another_logs_tiles_are_refused(restored, tmp_path):
    """A source signed with another key is not this log's, whatever it holds."""
    other = load_log_key(path=tmp_path / "other.key", origin="log.example.org/log", may_create=True)
    with pytest.raises(LogKeyUnfit):
        _replay(restored, checkpoint=other.sign_head(size=600, root=b"x" * 32).note)


def test_a_forked_database_is_not_replayed(restored, ground):
    """Where the restored database went on by itself before the replay, it is another history: the
    published one is not laid over it."""
    kept = restored.head_file.read()
    (restored.folder / "log.head").unlink()
    (restored.folder / "log").rename(restored.folder / "aside")
    note = restored.query("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")[0][0]
    (restored.folder / "log.head").write_text(note)
    _put(restored, new_subject("case"), None)
    restored.run()
    (restored.folder / "log.head").write_bytes(kept)
    with pytest.raises(LogForked) as caught:
        _replay(restored, folder=restored.folder / "aside")
    assert kept.decode() in caught.value.notes
    assert restored.query("SELECT count(*) FROM log_entry") == [(301,)]


def test_nothing_to_replay_changes_nothing(ground):
    """On a log that is not behind, a replay adds nothing and mends only a missing head file."""
    append_some(5)
    ground.run()
    kept = ground.head_file.read()
    assert _replay(ground) == Replayed(5, 0, Rechained())
    (ground.folder / "log.head").unlink()
    with pytest.raises(LogHeadMissing):
        ground.run()
    assert _replay(ground).added == 0
    assert ground.head_file.read() == kept
    ground.run()


def test_not_beside_a_sequencer(ground):
    """While a sequencer runs, a replay keeps out of its way."""
    append_some(1)
    ground.run()
    with ground.sequencer() as running:
        assert running.open(at=AT)
        with pytest.raises(LogBusy):
            _replay(ground)


CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gongdao.core.envelope import MasterKeys
from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.log import replay as module
from gongdao.log.log_key import load_log_key
from gongdao.log.publish import PublishedFolder
from gongdao.log.signed_head import SignedHeadFile
folder, url, name, master = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
real = getattr(module, name)
def die(*given, **named):
    done = real(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(module, name, die)
published = PublishedFolder(folder / "log")
module.replay(
    database_url=url, head_file=SignedHeadFile(folder / "log.head"),
    key=load_log_key(path=folder / "log.key", origin="none"), source=published.source(),
    checkpoint=published.checkpoint(), cycles=LIFE_CYCLES, masters=MasterKeys.parse(master),
    put_aside=lambda found: None, at=datetime(2026, 11, 22, tzinfo=UTC))
"""


@pytest.mark.parametrize("name", ["integrate", "_add", "mend_subjects"])
def test_killed_it_is_run_again(restored, name):
    """Killed in the middle, a replay has changed nothing, and the next one does it all."""
    master = base64.b64encode(STORES.masters.current).decode()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, restored.folder, restored.url, name, master],
        env={**os.environ, "PYTHONPATH": str(REPO / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with pytest.raises(LogRolledBack):
        restored.run()
    assert restored.query("SELECT count(*) FROM log_entry") == [(298,)]
    _replay(restored)
    restored.run()
    check_whole(restored, restored.hashes)


def test_without_mending_chains_break(restored, monkeypatch):
    """Control: a replay that leaves the subjects as the backup had them lets the next leaf of a
    subject name one that is no longer its newest."""
    from gongdao.log import replay as module

    rows = restored.query("SELECT leaf_hash, subject FROM log_pending ORDER BY seq")
    stale = _put(restored, str(rows[0][1]), bytes(rows[0][0]))
    monkeypatch.setattr(module, "mend_subjects", lambda *_given: Rechained())
    _replay(restored)
    restored.run()
    with pytest.raises(AssertionError):
        check_whole(restored, [*restored.hashes, stale])


def test_mending_nothing_is_no_statement(ground):
    """Without subjects there is nothing to mend."""
    with connect(ground.url) as connection:
        assert mend_subjects(connection, [], LIFE_CYCLES, STORES.masters) == Rechained()


def test_a_chain_goes_on_after_the_replay(restored, ground, monkeypatch):
    """Through the verbs' own way of appending, the next leaf of a replayed subject follows its
    published newest one."""
    subject = parse_leaf(ground.entries()[-1]).subject
    _replay(restored)
    from django.db import connection

    connection.close()
    connection.close_pool()
    monkeypatch.setitem(connection.settings_dict, "NAME", BACKUP)
    try:
        leaf = NewLeaf("case.sealed", subject, DIGESTS)
        (digest,) = append([leaf], at=AT + timedelta(days=1))
        restored.run()
        check_whole(restored, [*restored.hashes, digest])
    finally:
        connection.close()
        connection.close_pool()
