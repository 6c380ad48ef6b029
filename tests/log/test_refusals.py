"""What is not continued: a database from before the newest signature, another history, tiles that
were altered by hand, another key. The leaves come through Django, as the verbs' do."""

from __future__ import annotations

import psycopg
import pytest
from tests.log.log_kit import AT, append_some, check_whole, hashes_of, sealed

from gongdao.log.errors import LogForked, LogHeadMissing, LogKeyUnfit, LogRolledBack
from gongdao.log.log_key import load_log_key
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import LeafForm, write_leaf
from gongdao_verify.merkle import BadProof, check_consistency, leaf_hash
from gongdao_verify.signed_note import parse_note, verify_note

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_old_database_is_refused(ground):
    """A database from before the newest signature is not continued; the error says what to do."""
    append_some(10)
    ground.run()
    old = ground.clone("log_backup")
    try:
        append_some(300)
        ground.run()
        head = ground.head_file.read()
        refused = pytest.raises(LogRolledBack, match="gongdao log replay")
        with old.sequencer() as sequencer, refused as caught:
            sequencer.open(at=AT)
        assert (caught.value.size, caught.value.signed) == (10, 310)
        assert ground.head_file.read() == head
        assert old.query("SELECT count(*) FROM log_checkpoint") == [(1,)]
    finally:
        ground.drop("log_backup")


def test_without_the_signed_head_an_old_database_forks(ground, tmp_path):
    """Control: over the same old database, with the knowledge beside it gone as well, a second
    history is signed; the two notes prove it."""
    append_some(10)
    ground.run()
    old = ground.clone("log_backup")
    try:
        append_some(5)
        ground.run()
        first = ground.head_file.read()
        old.query("DELETE FROM log_pending RETURNING seq")
        _put_leaves(old, 5)
        (tmp_path / "log.head").unlink()
        (tmp_path / "log").rename(tmp_path / "elsewhere")
        with pytest.raises(LogHeadMissing):
            old.run()
        (tmp_path / "log.head").write_bytes(
            str(old.query("SELECT note FROM log_checkpoint")[0][0]).encode()
        )
        old.run()
        _show_fork(ground, first, ground.head_file.read())
    finally:
        ground.drop("log_backup")


def _put_leaves(ground, count: int) -> None:
    """Leaves into the queue of a database that Django is not connected to."""
    with psycopg.connect(ground.url) as direct:
        for leaf in sealed(count):
            entry = write_leaf(LeafForm(leaf.type, leaf.subject, None, AT, leaf.data))
            direct.execute(
                "INSERT INTO log_pending (leaf_hash, entry, subject) VALUES (%s, %s, %s)",
                (leaf_hash(entry), entry, leaf.subject),
            )


def _show_fork(ground, one: bytes, other: bytes) -> None:
    """Both are signed by the log, and no proof can make them one history."""
    checkpoints = []
    for data in (one, other):
        note = parse_note(data)
        assert verify_note(note, [ground.key.verifier])
        checkpoints.append(Checkpoint.parse(note.text))
    first, second = checkpoints
    assert first.size == second.size and first.root != second.root
    with pytest.raises(BadProof):
        check_consistency(
            old_size=first.size,
            old_root=first.root,
            new_size=second.size,
            new_root=second.root,
            path=[],
        )


def test_another_history_is_refused_with_the_note(ground):
    """A database whose leaves are others than those that were signed is refused, and the error
    carries the signed note that contradicts it."""
    append_some(10)
    ground.run()
    old = ground.clone("log_backup")
    try:
        append_some(5)
        ground.run()
        _put_leaves(old, 9)
        kept = ground.head_file.read()
        (ground.folder / "log.head").unlink()
        (ground.folder / "log").rename(ground.folder / "aside")
        note = str(old.query("SELECT note FROM log_checkpoint")[0][0])
        (ground.folder / "log.head").write_text(note)
        old.run()
        (ground.folder / "log.head").write_bytes(kept)
        with old.sequencer() as sequencer, pytest.raises(LogForked) as caught:
            sequencer.open(at=AT)
        assert kept.decode() in caught.value.notes
        assert ground.head_file.read() == kept
    finally:
        ground.drop("log_backup")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_tile SET data = overlay(data placing '\\x00' from 1) WHERE n = 1",
        "UPDATE log_tile SET data = overlay(data placing '\\x00' from 1) WHERE level = 1",
        "UPDATE log_head SET root = decode(repeat('00', 32), 'hex')",
        "DELETE FROM log_tile WHERE n = 1",
        "DELETE FROM log_entry WHERE idx = 299",
    ],
)
def test_a_database_altered_by_hand_is_not_signed(ground, statement):
    """Who gets past the triggers and alters what the root is made from is found before anything is
    signed (an inner tile is found by whoever reads it: every tile hashes to the one above)."""
    append_some(300)
    ground.run()
    kept = ground.head_file.read()
    with psycopg.connect(ground.url, autocommit=True) as direct:
        tables = ("log_tile", "log_head", "log_entry")
        for table in tables:
            direct.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        direct.execute(statement.encode())
        for table in tables:
            direct.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            direct.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_whole")
    append_some(1)
    with pytest.raises(LogForked):
        ground.run()
    assert ground.head_file.read() == kept


def test_a_tile_altered_while_running_is_found_before_signing(ground):
    """The tree that is signed is the one on disk, not the one in memory."""
    append_some(300)

    def step(name: str) -> None:
        if name == "sign":
            with psycopg.connect(ground.url, autocommit=True) as direct:
                direct.execute("ALTER TABLE log_tile DISABLE TRIGGER log_tile_grows")
                direct.execute(
                    "UPDATE log_tile SET data = overlay(data placing '\\x00' from 33) WHERE n = 1"
                )
                direct.execute("ALTER TABLE log_tile ENABLE TRIGGER log_tile_grows")

    with pytest.raises(LogForked):
        ground.run(step=step)
    assert ground.head_file.read() is None


def test_a_lost_head_file_is_refused(ground):
    """Where the database says that something was signed, and nobody here knows what was signed
    last, nothing is signed."""
    append_some(3)
    ground.run()
    (ground.folder / "log.head").unlink()
    with pytest.raises(LogHeadMissing, match="gongdao log replay"):
        ground.run()


def test_a_head_file_that_is_behind_is_brought_forward(ground):
    """A head file from an old copy of the folder is not believed against the database's newer
    signed checkpoint."""
    append_some(3)
    ground.run()
    behind = ground.head_file.read()
    hashes = append_some(3)
    ground.run()
    (ground.folder / "log.head").write_bytes(behind)
    hashes = hashes_of(ground.entries()) + append_some(1)
    ground.run()
    check_whole(ground, hashes)


def test_the_published_checkpoint_counts_as_signed(ground):
    """With an old database and an old head file, the published checkpoint still gives it away."""
    append_some(3)
    ground.run()
    behind, old = ground.head_file.read(), ground.clone("log_backup")
    try:
        append_some(3)
        ground.run()
        (ground.folder / "log.head").write_bytes(behind)
        with pytest.raises(LogRolledBack), old.sequencer() as sequencer:
            sequencer.open(at=AT)
    finally:
        ground.drop("log_backup")


def test_another_key_is_refused(ground, tmp_path):
    """A log that was signed with another key is not continued with this one."""
    append_some(1)
    ground.run()
    other = load_log_key(path=tmp_path / "other.key", origin="other.example/log", may_create=True)
    with pytest.raises(LogKeyUnfit), ground.sequencer(key=other) as sequencer:
        sequencer.open(at=AT)
