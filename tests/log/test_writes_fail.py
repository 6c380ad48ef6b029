"""Every write of the sequencer fails twice: lost, and done though reported as failed. Each time the
next one goes on as if nothing had been; each guard is shown to be needed by taking it away.

The leaves come through Django, as the verbs' do.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from tests.log.log_kit import AT, append_some, check_published, check_whole

from gongdao.log import sequence, wait_covered
from gongdao.log.errors import HeadMoved
from gongdao.log.integrate import CHANNEL
from gongdao.log.publish import PublishedFolder
from gongdao.log.reader import Standing, get_standing
from gongdao.log.sequence import Sequencer
from gongdao.log.signed_head import SignedHeadFile
from gongdao.log.wait_covered import wait_covered as wait

pytestmark = pytest.mark.django_db(transaction=True)
_LONG = 60
"""Seconds; nothing takes so long, however busy the machine is."""


class _Lost(OSError):
    """The write did not happen, or it did and the answer was lost."""


class _FailingFolder(PublishedFolder):
    """Fails at one write, before or after doing it."""

    def __init__(self, folder, fails: str, done: bool) -> None:
        super().__init__(folder)
        self.fails, self.done = fails, done

    def put_tiles(self, files):
        self._maybe("tiles", lambda: super(_FailingFolder, self).put_tiles(files))

    def put_checkpoint(self, note):
        self._maybe("checkpoint", lambda: super(_FailingFolder, self).put_checkpoint(note))

    def _maybe(self, name, act):
        if self.fails == name and not self.done:
            raise _Lost
        act()
        if self.fails == name:
            raise _Lost


class _FailingHead(SignedHeadFile):
    """Fails to swap, before or after doing it."""

    def __init__(self, path, done: bool) -> None:
        super().__init__(path)
        self.done = done

    def swap(self, **given):
        if self.done:
            super().swap(**given)
        raise _Lost


def _at(name: str):
    def step(reached: str) -> None:
        if reached == name:
            raise _Lost

    return step


FAULTS = {
    "entries lost": lambda g: g.sequencer(step=_at("write tiles")),
    "tiles lost": lambda g: g.sequencer(step=_at("move head")),
    "head lost": lambda g: g.sequencer(step=_at("commit")),
    "commit lost": lambda g: g.sequencer(step=_at("commit")),
    "commit done": lambda g: g.sequencer(step=_at("publish tiles")),
    "files lost": lambda g: g.sequencer(publish=_FailingFolder(g.folder / "log", "tiles", False)),
    "files done": lambda g: g.sequencer(publish=_FailingFolder(g.folder / "log", "tiles", True)),
    "signed head lost": lambda g: g.sequencer(head_file=_FailingHead(g.head_file.path, False)),
    "signed head half": lambda g: g.sequencer(step=_at("rename head")),
    "signed head done": lambda g: g.sequencer(head_file=_FailingHead(g.head_file.path, True)),
    "record lost": lambda g: g.sequencer(step=_at("record checkpoint")),
    "record done": lambda g: g.sequencer(step=_at("publish checkpoint")),
    "checkpoint lost": lambda g: g.sequencer(
        publish=_FailingFolder(g.folder / "log", "checkpoint", False)
    ),
    "checkpoint done": lambda g: g.sequencer(
        publish=_FailingFolder(g.folder / "log", "checkpoint", True)
    ),
    "announcement lost": lambda g: g.sequencer(step=_at("announce")),
    "announcement done": lambda g: g.sequencer(step=_at("end")),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("begun", [False, True], ids=["at first", "later"])
def test_every_write_fails(ground, fault, begun):
    """After the fault a new sequencer makes it whole: no leaf lost, none twice, one history."""
    hashes = append_some(250)
    if begun:
        ground.run()
        hashes += append_some(300)
    with FAULTS[fault](ground) as sequencer, pytest.raises(_Lost):
        if sequencer.open(at=AT):
            sequencer.run_once(at=AT)
    hashes += append_some(1)
    ground.run()
    check_whole(ground, hashes)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_write_fails_again_and_again(ground, fault):
    """Three times in a row, with leaves coming in between: still whole."""
    hashes = append_some(10)
    for _time in range(3):
        with FAULTS[fault](ground) as sequencer, pytest.raises(_Lost):
            if sequencer.open(at=AT):
                sequencer.run_once(at=AT)
        hashes += append_some(10)
    ground.run()
    check_whole(ground, hashes)


class _Trusting(Sequencer):
    """Goes on after a fault with what it has in memory; ``fails`` names what fails once."""

    fails = ""

    @contextmanager
    def _closed_on_fault(self):
        yield

    def _advance(self, *given):
        if self.fails == "commit":
            self.fails = ""
            raise _Lost
        return super()._advance(*given)


@pytest.mark.parametrize("fails", ["commit", "sync head"])
def test_memory_after_a_fault_cannot_be_trusted(ground, fails):
    """Control: a sequencer that goes on after a write that was done though reported as failed
    never gets on again, because what it remembers is no longer so."""
    append_some(5)
    failing = [fails]

    def step(reached: str) -> None:
        if failing and reached == failing[0]:
            failing.clear()
            if reached != "commit":
                raise _Lost

    given = {"head_file": ground.head_file, "key": ground.key, "publish": ground.published}
    with _Trusting(database_url=ground.url, step=step, **given) as sequencer:
        sequencer.fails = fails
        assert sequencer.open(at=AT)
        with pytest.raises(_Lost):
            sequencer.run_once(at=AT)
        for _time in range(3):
            append_some(1)
            with pytest.raises((HeadMoved, psycopg.errors.UniqueViolation)):
                sequencer.run_once(at=AT)


def test_without_catching_up_files_stay_missing(ground, monkeypatch):
    """Control: a sequencer that does not look for what an earlier one failed to publish leaves the
    public without those leaves."""
    append_some(300)
    with FAULTS["files lost"](ground) as sequencer, pytest.raises(_Lost):
        sequencer.open(at=AT)
        sequencer.run_once(at=AT)
    monkeypatch.setattr(Sequencer, "_catch_up", lambda *_given: None)
    append_some(300)
    ground.run()
    with pytest.raises(FileNotFoundError):
        check_published(ground, ground.entries())
    monkeypatch.undo()
    (ground.folder / "log/checkpoint").unlink()
    ground.run()
    check_published(ground, ground.entries())


def test_without_recording_again_a_leaf_stays_uncovered(ground, monkeypatch):
    """Control: where a signed checkpoint whose row was lost is not recorded at the next start,
    its leaves wait for ever although they are signed."""
    (digest,) = append_some(1)
    with FAULTS["record lost"](ground) as sequencer, pytest.raises(_Lost):
        sequencer.open(at=AT)
        sequencer.run_once(at=AT)
    real = Sequencer._record
    monkeypatch.setattr(Sequencer, "_record", lambda *_given: None)
    ground.run()
    assert get_standing(digest) == (Standing.WAITING, None)
    monkeypatch.setattr(Sequencer, "_record", real)
    ground.run()
    assert get_standing(digest) == (Standing.COVERED, 0)


class _NeverComparing(SignedHeadFile):
    """Overwrites the head whatever stands there."""

    def swap(self, *, expected, new, **more):
        super().swap(expected=self.read(), new=new, **more)


@pytest.mark.parametrize("kind", [SignedHeadFile, _NeverComparing], ids=["guarded", "control"])
def test_a_late_signature_cannot_turn_the_head_back(ground, monkeypatch, kind):
    """A sequencer that slept before keeping its signature must not overwrite a newer one; control:
    without comparing it does."""
    append_some(5)
    newer: list[bytes] = []
    monkeypatch.setattr(sequence, "take_lock", lambda _connection: True)

    def step(reached: str) -> None:
        if reached == "write head" and not newer:
            newer.append(b"")
            append_some(5)
            ground.run()
            newer[0] = ground.head_file.read()

    slept = ground.sequencer(step=step, head_file=kind(ground.head_file.path))
    with slept as sequencer:
        sequencer.open(at=AT)
        if kind is SignedHeadFile:
            with pytest.raises(HeadMoved):
                sequencer.run_once(at=AT)
        else:
            sequencer.run_once(at=AT)
    assert (ground.head_file.read() == newer[0]) == (kind is SignedHeadFile)


@contextmanager
def _waiting(monkeypatch, digest, look_anyway):
    """The thread of one who waits for a leaf and listens by now, and a list of what he is told; in
    the end he is woken."""
    monkeypatch.setattr(wait_covered, "_LOOK_ANYWAY", look_anyway)
    listens, looks, told = threading.Event(), [], []

    def look(leaf_hash):
        standing = get_standing(leaf_hash)
        looks.append(standing)
        if len(looks) == 2:  # the second look is the first one after LISTEN
            listens.set()
        return standing

    def listen() -> None:
        told.append(wait(digest, _LONG))
        connection.close()

    monkeypatch.setattr(wait_covered, "get_standing", look)
    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert listens.wait(_LONG) and not told
        yield thread, told
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        thread.join(_LONG)
    assert told == [0]


@pytest.mark.parametrize("look_anyway", [0.2, 2 * _LONG], ids=["guarded", "control"])
def test_a_lost_announcement_is_made_up_for(ground, monkeypatch, look_anyway):
    """Who waits for a leaf looks by himself from time to time; control: one that only listens
    misses it when the announcement is lost."""
    (digest,) = append_some(1)
    with _waiting(monkeypatch, digest, look_anyway) as (thread, told):
        with FAULTS["announcement lost"](ground) as sequencer, pytest.raises(_Lost):
            sequencer.open(at=AT)
            sequencer.run_once(at=AT)
        assert get_standing(digest) == (Standing.COVERED, 0)
        thread.join(_LONG if look_anyway < 1 else 0.5)
        assert bool(told) == (look_anyway < 1)


def test_an_announcement_wakes_at_once(ground, monkeypatch):
    """With the announcement, one who never looks by himself is back."""
    (digest,) = append_some(1)
    with _waiting(monkeypatch, digest, 2 * _LONG) as (thread, told):
        ground.run()
        thread.join(_LONG)
        assert told == [0]
