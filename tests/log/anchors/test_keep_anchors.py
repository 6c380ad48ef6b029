"""Keeping anchors: newest first, through outages, crashes and lost writes, each anchor once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.log.anchors.anchor_log import (
    AT,
    DAY,
    MINUTE,
    GrowingLog,
    ToldAnchor,
    delayed,
    mark_of,
    refused,
)
from tests.log.log_kit import STORES

from gongdao.log.anchors import keep_anchors as keeping
from gongdao.log.anchors.keep_anchors import (
    BURST,
    FAILED_AFTER,
    LEASE,
    Round,
    keep_anchors,
    states_of,
)
from gongdao.log.anchors.plan_anchors import plan_anchors
from gongdao.log.anchors.port import AnchorState, Receipt
from gongdao.log.models import LogAnchor

pytestmark = pytest.mark.django_db
KINDS = {"told": MINUTE}


def _planned(count: int) -> GrowingLog:
    """A log with so many checkpoints, all planned, sizes 2 and up."""
    log = GrowingLog()
    for n in range(count):
        log.sign(AT - (count - n + 1) * MINUTE)
    plan_anchors(kinds=KINDS, at=AT)
    assert len(log.anchors()) == count
    return log


def _keep(anchor: ToldAnchor, minutes: float = 1) -> Round:
    return keep_anchors(anchor=anchor, stores=STORES, at=AT + minutes * MINUTE)


def test_the_newest_comes_first_and_no_round_does_too_much():
    """A round begins with the newest checkpoint and takes a handful; the next goes on."""
    log, anchor = _planned(10), ToldAnchor()
    assert _keep(anchor, 1).confirmed == BURST
    assert anchor.submitted == [11, 10, 9, 8]
    _keep(anchor, 2)
    _keep(anchor, 3)
    assert anchor.submitted == list(range(11, 1, -1))
    assert log.states() == {"confirmed": 10} and log.anchor_leaves() == 10
    assert states_of([2, 99]) == {2: {"told": AnchorState.CONFIRMED}, 99: {}}


def test_a_confirmed_row_holds_its_receipt_and_the_log_says_so():
    """The receipt comes back as it was; the leaf is appended with the row, in one transaction."""
    log, anchor = _planned(1), ToldAnchor()
    _keep(anchor)
    (row,) = log.anchors()
    receipt = Receipt.parse(bytes(row.receipt))
    assert (row.state, row.tries, row.problem) == ("confirmed", 0, "")
    assert receipt.at == AT and receipt.fields["size"] == 2
    assert row.confirmed_at == AT + MINUTE and log.anchor_leaves() == 1


def test_a_days_outage_is_caught_up_and_nothing_is_asked_twice():
    """A day without an answer: each round tries one, and gives way; back again, all are anchored,
    those never tried newest first, each of them once."""
    log, anchor, tried = GrowingLog(), ToldAnchor(final=True), []
    span, count = 5 * MINUTE, DAY // (5 * MINUTE)

    def down(_deed: str, size: int) -> Exception:
        tried.append(size)
        return delayed()

    anchor.trouble = down
    for n in range(1, count + 1):
        log.sign(AT + n * span - MINUTE)
        at = AT + n * span + timedelta(seconds=10)
        plan_anchors(kinds={"told": span}, at=at)
        assert keep_anchors(anchor=anchor, stores=STORES, at=at).problem is not None
    assert len(tried) == count and not anchor.submitted
    assert len(log.anchors()) == count and set(log.states()) <= {"pending", "failed"}
    anchor.trouble = lambda _deed, _size: None
    never = [row.size for row in log.anchors() if not row.tries]
    minutes = 0
    while log.states() != {"confirmed": count}:
        minutes += 1
        keep_anchors(anchor=anchor, stores=STORES, at=AT + DAY + minutes * MINUTE)
        assert minutes <= count / BURST + 60
    assert sorted(anchor.submitted) == [row.size for row in log.anchors()]
    found = [size for size in anchor.submitted if size in never]
    assert found == sorted(never, reverse=True)


def test_failures_are_shown_wait_longer_and_are_forgotten_when_it_works():
    """Pending with its problem, then failed, tried ever more seldom; in the end confirmed."""
    log, anchor = _planned(1), ToldAnchor()
    anchor.trouble = lambda _deed, _size: delayed("HTTP 503")
    seen: list[tuple[str, int, float]] = []
    at = AT
    for _try in range(8):
        keep_anchors(anchor=anchor, stores=STORES, at=at)
        (row,) = log.anchors()
        seen.append((row.state, row.tries, (row.next_try_at - at).total_seconds() / 60))
        assert row.problem == "node_unreachable|HTTP 503"
        early = at + timedelta(minutes=seen[-1][2] - 0.5)
        assert keep_anchors(anchor=anchor, stores=STORES, at=early) == Round()
        at += timedelta(minutes=seen[-1][2])
    assert seen == [
        ("pending" if n < FAILED_AFTER else "failed", n, wait)
        for n, wait in enumerate((1, 2, 5, 15, 30, 60, 60, 60), 1)
    ]
    anchor.trouble = lambda _deed, _size: None
    keep_anchors(anchor=anchor, stores=STORES, at=at)
    (row,) = log.anchors()
    assert (row.state, row.tries, row.problem) == ("confirmed", 0, "")


def test_one_bad_row_steps_aside_for_the_others():
    """What fails for one checkpoint alone does not keep the others from being anchored."""
    log, anchor = _planned(5), ToldAnchor()
    bad = max(row.size for row in log.anchors())
    anchor.trouble = lambda _deed, size: (
        delayed("nonce", service_down=False) if size == bad else None
    )
    for minutes in (1, 1.5, 2):
        _keep(anchor, minutes)
    assert log.states() == {"confirmed": 4, "pending": 1}
    assert sorted(anchor.submitted) == [2, 3, 4, 5]


def test_what_is_under_way_is_looked_at_every_round_and_new_ones_wait_for_trouble():
    """Sent ones are followed each minute; while one of them has trouble, nothing new is begun."""
    log, anchor = _planned(9), ToldAnchor(looks=5)
    _keep(anchor, 1)
    assert log.states() == {"pending": 9} and anchor.submitted == [10, 9, 8, 7]
    anchor.trouble = lambda deed, _size: delayed(service_down=False) if deed == "upgrade" else None
    _keep(anchor, 2)
    assert anchor.submitted == [10, 9, 8, 7]
    anchor.trouble = lambda _deed, _size: None
    _keep(anchor, 4)
    assert log.states()["confirmed"] == 4 and anchor.submitted[4:] == [6, 5, 4, 3]


def test_a_refusal_is_final_until_a_person_comes():
    """Refused: failed, with the reason, and no longer tried."""
    log, anchor = _planned(1), ToldAnchor()
    anchor.trouble = lambda _deed, _size: refused()
    _keep(anchor)
    (row,) = log.anchors()
    assert (row.state, row.next_try_at, row.problem) == ("failed", None, "reverted|0x12")
    anchor.trouble = lambda _deed, _size: None
    assert _keep(anchor, 10_000) == Round()


def test_what_falls_away_later_is_pending_again():
    """A confirmed anchor that could fall away is looked at after an hour and after a day; one that
    did is pending again, then confirmed again; one that cannot is left alone."""
    log, anchor = _planned(1), ToldAnchor()
    _keep(anchor, 0)
    looked = len(anchor.upgraded)
    _keep(anchor, 59)
    assert len(anchor.upgraded) == looked
    _keep(anchor, 60)
    assert len(anchor.upgraded) == looked + 1 and log.states() == {"confirmed": 1}
    anchor.gone = {2}
    keep_anchors(anchor=anchor, stores=STORES, at=AT + DAY)
    (row,) = log.anchors()
    assert (row.state, row.confirmed_at) == ("pending", None)
    keep_anchors(anchor=anchor, stores=STORES, at=AT + DAY + MINUTE)
    assert log.states() == {"confirmed": 1}
    final = ToldAnchor(final=True)
    LogAnchor.objects.update(state="pending", receipt=b"", next_try_at=AT)
    _keep(final)
    assert log.anchors()[0].next_try_at is None


def test_a_crash_between_steps_goes_on_where_it_was():
    """Killed after the receipt was stored: not submitted again; after the claim alone: again, but
    not before the claim has run out."""
    log, anchor = _planned(1), ToldAnchor(looks=1)

    class Killed(Exception):
        pass

    anchor.trouble = lambda deed, _size: Killed() if deed == "upgrade" else None
    with pytest.raises(Killed):
        _keep(anchor, 0)
    anchor.trouble = lambda _deed, _size: None
    assert keep_anchors(anchor=anchor, stores=STORES, at=AT + LEASE / 2) == Round()
    assert keep_anchors(anchor=anchor, stores=STORES, at=AT + LEASE).confirmed == 1
    assert anchor.submitted == [2] and log.anchor_leaves() == 1


def test_a_broken_receipt_is_a_refusal():
    """A row whose receipt cannot be read is shown as failed; it stops no other row."""
    log, anchor = _planned(2), ToldAnchor()
    LogAnchor.objects.filter(size=3).update(receipt=b"rubbish")
    _keep(anchor, 1)
    _keep(anchor, 2)
    rows = {row.size: row for row in log.anchors()}
    assert (rows[3].state, rows[3].problem) == ("failed", "receipt_broken")
    assert rows[2].state == "confirmed"


class Broken(Exception):
    """A write that failed, or was said to."""


class BreakWrites:
    """Break the ``which``-th write to anchors: before it is done, or after."""

    def __init__(self, which: int, done: bool) -> None:
        self.left, self.done, self.broke = which, done, False

    def __call__(self, execute, sql, params, many, context):
        """As Django's execute wrappers are called."""
        if not sql.startswith('UPDATE "log_anchor"'):
            return execute(sql, params, many, context)
        self.left -= 1
        if self.left != 0:
            return execute(sql, params, many, context)
        self.broke = True
        if self.done:
            execute(sql, params, many, context)
        raise Broken


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("done", [False, True], ids=["lost", "done but reported failed"])
@pytest.mark.parametrize("which", range(1, 7))
def test_each_write_may_fail_either_way(which: int, done: bool):
    """Whichever write fails, lost or done, the anchor ends confirmed, sent once, with one leaf."""
    log, anchor = _planned(1), OnceAnchor()
    breaking = BreakWrites(which, done)
    with connection.execute_wrapper(breaking):
        try:
            for minutes in range(3):
                _keep(anchor, minutes)
        except Broken:
            pass
    for minutes in range(6, 40, 6):
        _keep(anchor, minutes)
    assert breaking.broke == (which <= 5)
    assert log.states() == {"confirmed": 1} and log.anchor_leaves() == 1
    assert len(anchor.sent) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("done", [False, True], ids=["lost", "done but reported failed"])
def test_the_control_that_sends_before_it_stores_sends_twice(done: bool):
    """An adapter that sends when it is asked to prepare: one lost write, two sendings."""
    _planned(1)
    anchor = OnceAnchor(too_early=True)
    with connection.execute_wrapper(BreakWrites(2, done)), pytest.raises(Broken):
        _keep(anchor, 0)
    for minutes in range(6, 40, 6):
        _keep(anchor, minutes)
    assert len(anchor.sent) == (1 if done else 2)


class OnceAnchor(ToldAnchor):
    """Like a chain: what is prepared has a number of its own, and counts once it was sent."""

    def __init__(self, *, too_early: bool = False) -> None:
        super().__init__(looks=2)
        self.sent: set[int] = set()
        self.too_early, self.number = too_early, 0

    def submit(self, checkpoint):
        """Prepare; send only in the control."""
        self.number += 1
        if self.too_early:
            self.sent.add(self.number)
        return self._at({**mark_of(checkpoint), "number": self.number}, 2)

    def upgrade(self, receipt):
        """Send, the same again and again; then look."""
        self.sent.add(int(receipt.fields["number"]))
        return super().upgrade(receipt)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
def test_two_workers_at_once(guarded: bool, monkeypatch: pytest.MonkeyPatch):
    """Both have read the row before either takes it: one of them gets it; without the guard, both
    do."""
    if not guarded:
        monkeypatch.setattr(keeping, "take_row", _take_anyway)
    _planned(1)
    anchor, together = ToldAnchor(final=True), threading.Barrier(2, timeout=10)
    failed = []

    def work() -> None:
        read = set()

        def wait(execute, sql, params, many, context):
            found = execute(sql, params, many, context)
            fresh = sql.startswith("SELECT") and '"receipt" = ' in sql and "NOT (" not in sql
            if fresh and not read:
                read.add(1)
                together.wait()
            return found

        try:
            with connection.execute_wrapper(wait):
                _keep(anchor, 1)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed
    assert len(anchor.submitted) == (1 if guarded else 2)


def _take_anyway(row: LogAnchor, until) -> bool:
    return LogAnchor.objects.filter(id=row.id).update(next_try_at=until) == 1
