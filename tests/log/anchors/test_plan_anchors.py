"""Which checkpoints get an anchor: one a minute, the last, and none is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.log.anchors.anchor_log import AT, DAY, MINUTE, GrowingLog, ToldAnchor
from tests.log.log_kit import STORES

from gongdao.log.anchors.keep_anchors import keep_anchors
from gongdao.log.anchors.plan_anchors import plan_anchors

pytestmark = pytest.mark.django_db
KINDS = {"told": MINUTE}


def _sizes(log: GrowingLog, kind: str = "told") -> list[int]:
    return [row.size for row in log.anchors(kind)]


def test_the_last_checkpoint_of_each_minute_that_is_over():
    """Several checkpoints in a minute: the last one; the minute that runs on has to wait."""
    log = GrowingLog()
    for second in (1, 20, 59, 61, 80, 130):
        log.sign(AT + timedelta(seconds=second))
    assert plan_anchors(kinds=KINDS, at=AT + timedelta(seconds=131)) == 2
    assert _sizes(log) == [4, 6]
    assert plan_anchors(kinds=KINDS, at=AT + timedelta(seconds=150)) == 0
    assert plan_anchors(kinds=KINDS, at=AT + timedelta(seconds=184)) == 0
    assert plan_anchors(kinds=KINDS, at=AT + timedelta(seconds=185)) == 1
    assert _sizes(log) == [4, 6, 7]


def test_a_day_without_a_worker_leaves_no_gap():
    """Whatever was signed while nobody planned is planned afterwards, a row for each minute."""
    log = GrowingLog()
    minutes = [n for n in range(240) if n % 7]
    for n in minutes:
        log.sign(AT + n * MINUTE, leaves=1)
        log.sign(AT + n * MINUTE + timedelta(seconds=30), leaves=1)
    assert plan_anchors(kinds=KINDS, at=AT + DAY) == len(minutes)
    assert plan_anchors(kinds=KINDS, at=AT + DAY) == 0


def test_each_kind_has_its_own_span_and_its_own_rows():
    """One a minute for one kind, one in ten minutes for another."""
    log = GrowingLog()
    for n in range(30):
        log.sign(AT + n * MINUTE)
    spans = {"told": MINUTE, "dear": 10 * MINUTE}
    plan_anchors(kinds=spans, at=AT + 31 * MINUTE)
    assert len(_sizes(log)) == 30 and _sizes(log, "dear") == [11, 21, 31]
    with pytest.raises(ValueError, match="minute"):
        plan_anchors(kinds={"told": timedelta(seconds=59)}, at=AT)


def test_a_quiet_log_does_not_anchor_its_own_anchors():
    """The leaf about an anchor makes a new checkpoint, which gets none; real leaves go on getting
    theirs."""
    log, anchor = GrowingLog(), ToldAnchor(final=True)
    log.sign(AT)
    for n in range(1, 20):
        plan_anchors(kinds=KINDS, at=AT + n * MINUTE + timedelta(seconds=30))
        keep_anchors(anchor=anchor, stores=STORES, at=AT + n * MINUTE + timedelta(seconds=30))
        log.sign(AT + n * MINUTE + timedelta(seconds=31), leaves=1 if n == 10 else 0)
    assert _sizes(log) == [2, 4] and log.anchor_leaves() == 2
