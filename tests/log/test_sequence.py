"""The sequencer: killed anywhere it goes on, two of them never fork, and what was rolled back is
refused. The leaves come through Django, as the verbs' do.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
import pytest
from django.db import connection, transaction
from tests.log.log_kit import (
    AT,
    STORES,
    append,
    append_chain,
    append_some,
    check_whole,
    hashes_of,
    naive_root,
    run_killed,
    sealed,
)

from gongdao.log import sequence
from gongdao.log.append import append_leaves
from gongdao.log.errors import (
    HeadMoved,
    LogRefused,
)
from gongdao.log.new_leaf import new_subject
from gongdao.log.sequence import STEPS, Sequencer
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.merkle import check_consistency
from gongdao_verify.signed_note import parse_note
from gongdao_verify.tree_reader import TreeReader

pytestmark = pytest.mark.django_db(transaction=True)


def test_leaves_get_numbers_and_a_signature(ground):
    """What was appended is in the log in its order, signed, recorded, published."""
    hashes = append_some(3) + append_chain(new_subject("case"), 3)
    assert ground.run() == 6
    assert hashes_of(ground.entries()) == hashes
    check_whole(ground, hashes)


@pytest.mark.parametrize("batch", [1, 255, 256, 257, 5000])
def test_batches_of_any_size(ground, batch):
    """Batches that fill, cross and leave tiles partial give the one tree, after restarts too."""
    hashes = []
    for _round in range(3):
        hashes += append_some(batch)
        ground.run()
    check_whole(ground, hashes)


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("name", STEPS)
def test_killed_at_every_step(ground, name, which):
    """Kill -9 before any step, in the first round or the second: the next sequencer goes on, no
    leaf is lost or there twice, and every signed note is of one history."""
    hashes = append_some(255)
    notes = {ground.head_file.read()}
    if which == 2:
        ground.run()
        notes.add(ground.head_file.read())
        hashes += append_some(2)
    run_killed(ground, name, 1)
    notes |= {ground.head_file.read(), ground.published.checkpoint()}
    hashes += append_some(2)
    ground.run()
    check_whole(ground, hashes)
    for data in notes - {None}:
        checkpoint = Checkpoint.parse(parse_note(data).text)
        assert checkpoint.root == naive_root(hashes_of(ground.entries())[: checkpoint.size])


def test_killed_again_and_again(ground):
    """Killed at one step after the other without a whole round between: still one history."""
    hashes: list[bytes] = []
    for name in STEPS:
        hashes += append_some(100)
        run_killed(ground, name)
    ground.run()
    check_whole(ground, hashes)


def test_every_step_is_taken_in_its_order(ground):
    """The steps that the tests kill at are all there, in the documented order."""
    append_some(1)
    seen: list[str] = []
    ground.run(step=seen.append)
    assert tuple(seen) == STEPS


def _run_both(make) -> list[BaseException]:
    """Two sequencers at once until nothing waits; what either of them met."""
    met: list[BaseException] = []
    stop = threading.Event()

    def one(_number: int) -> None:
        while not stop.is_set():
            try:
                with make() as sequencer:
                    while not stop.is_set() and sequencer.open(at=AT):
                        while sequencer.run_once(at=AT):
                            pass
                        stop.wait(0.01)
            except (psycopg.Error, HeadMoved, LogRefused) as error:
                met.append(error)

    def feed() -> list[bytes]:
        hashes: list[bytes] = []
        try:
            for _round in range(30):
                hashes.extend(append_some(20))
                time.sleep(0.01)
            give_up = time.monotonic() + 20
            while connection.cursor().execute("SELECT 1 FROM log_pending LIMIT 1").fetchone():
                assert time.monotonic() < give_up
                time.sleep(0.02)
        finally:
            stop.set()
            connection.close()
        return hashes

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(one, number) for number in range(2)]
        _run_both.hashes = pool.submit(feed).result()
        for each in running:
            each.result()
    return met


def test_two_sequencers_take_turns(ground):
    """Two at once: one works, the other waits, and neither meets the other's work."""
    assert _run_both(ground.sequencer) == []
    ground.run()
    check_whole(ground, _run_both.hashes)


def test_without_the_lock_two_sequencers_collide(ground, monkeypatch):
    """Control: without the advisory lock the two run into each other; the database and the signed
    head still refuse the fork."""
    monkeypatch.setattr(sequence, "take_lock", lambda _connection: True)
    met = _run_both(ground.sequencer)
    assert met
    monkeypatch.undo()
    ground.run()
    check_whole(ground, _run_both.hashes)


def test_a_second_one_waits_for_the_first_to_end(ground):
    """The lock goes with the connection: as soon as the first closes, the second is in."""
    with ground.sequencer() as first, ground.sequencer() as second:
        assert first.open(at=AT)
        assert not second.open(at=AT)
        append_some(1)
        first.close()
        assert second.open(at=AT) and second.run_once(at=AT) == 1


_INSIDE_THE_FILE_LOCK = ("rename head", "sync head")
"""There another one would wait until the first is through."""


@pytest.mark.parametrize("name", [n for n in STEPS[:-1] if n not in _INSIDE_THE_FILE_LOCK])
def test_a_lost_connection_is_a_lost_lock(ground, name):
    """Where the server drops the sequencer's connection at any step, it can write no more; another
    one takes over at once, and the first one's late steps do no harm."""
    hashes = append_some(5)
    others: list[Sequencer] = []

    def step(reached: str) -> None:
        if reached == name and not others:
            _end_sequencers(ground)
            others.append(ground.sequencer())
            assert others[0].open(at=AT)
            hashes.extend(append_some(2))
            while others[0].run_once(at=AT):
                pass

    with pytest.raises((psycopg.Error, HeadMoved)):
        ground.run(step=step)
    others[0].close()
    hashes += append_some(1)
    ground.run()
    check_whole(ground, hashes)


def _end_sequencers(ground) -> None:
    """Drop every connection that holds the lock, as a server does that thinks it dead."""
    found = ground.query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert found == [(True,)]


def test_a_late_commit_with_a_lower_number_is_not_lost(ground):
    """A transaction that appended early and commits late still gets in: the queue is not read by
    its end but by what is there."""
    ready, go_on, early = threading.Event(), threading.Event(), []

    def slow() -> None:
        with transaction.atomic():
            early.extend(append_leaves(stores=STORES, leaves=sealed(1), at=AT))
            ready.set()
            assert go_on.wait(30)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert ready.wait(30)
    late = append_some(2)
    assert ground.run() == 2
    go_on.set()
    thread.join()
    assert ground.run() == 3
    check_whole(ground, [*late, *early])


def test_every_checkpoint_continues_the_one_before(ground):
    """Each recorded checkpoint is consistent with the next, by proofs from the published tiles."""
    for count in (1, 5, 250, 300, 1000):
        append_some(count)
        ground.run()
    rows = ground.query("SELECT size, root FROM log_checkpoint ORDER BY size")
    assert [row[0] for row in rows] == [1, 6, 256, 556, 1556]
    for (old, old_root), (new, new_root) in pairwise(rows):
        path = TreeReader(ground.published.source(), new, new_root).consistency_path(old)
        check_consistency(
            old_size=old, old_root=old_root, new_size=new, new_root=new_root, path=path
        )


def test_nothing_new_is_not_signed_again(ground):
    """Without new leaves there is no new signature and no new row."""
    append_some(1)
    ground.run()
    seen: list[str] = []
    ground.run(step=seen.append)
    assert "sign" not in seen
    assert ground.query("SELECT count(*) FROM log_checkpoint") == [(1,)]


def test_after_a_fault_it_must_be_opened_anew(ground):
    """A sequencer that met a fault refuses to go on with what it has in memory."""
    append_some(1)

    def step(name: str) -> None:
        if name == "commit":
            raise OSError("lost")

    with ground.sequencer(step=step) as sequencer:
        assert sequencer.open(at=AT)
        with pytest.raises(OSError, match="lost"):
            sequencer.run_once(at=AT)
        with pytest.raises(RuntimeError):
            sequencer.run_once(at=AT)


def test_a_business_row_and_its_leaf_stand_or_fall_together(ground):
    """Half of the transactions fail after both were written: exactly the other half has both."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS log_test_row (leaf bytea)")
        cursor.execute("DELETE FROM log_test_row")
    kept = []
    for number in range(20):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                (digest,) = append_leaves(stores=STORES, leaves=sealed(1), at=AT)
                cursor.execute("INSERT INTO log_test_row VALUES (%s)", (digest,))
                if number % 2:
                    raise ArithmeticError
            kept.append(digest)
        except ArithmeticError:
            pass
    ground.run()
    rows = [bytes(row[0]) for row in ground.query("SELECT leaf FROM log_test_row")]
    assert sorted(rows) == sorted(kept) == sorted(hashes_of(ground.entries()))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE log_test_row")


def test_the_queue_is_not_lost_by_a_refusal(ground):
    """While the log refuses, verbs go on appending; once it is mended, all of it gets in."""
    append_some(2)
    ground.run()
    kept = ground.head_file.read()
    (ground.folder / "log.head").unlink()
    append(sealed(3))
    with pytest.raises(LogRefused):
        ground.run()
    append(sealed(3))
    (ground.folder / "log.head").write_bytes(kept)
    assert ground.run() == 8
