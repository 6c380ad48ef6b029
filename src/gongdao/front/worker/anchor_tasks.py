"""The job that anchors checkpoints of the public log: once a minute, where anything is set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from procrastinate.contrib.django import app

from gongdao.core.stores import Stores
from gongdao.front.clock import now
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.worker.make_anchors import make_anchors
from gongdao.log.anchors.keep_anchors import Round, keep_anchors
from gongdao.log.anchors.plan_anchors import plan_anchors
from gongdao.log.anchors.port import Anchor

log = logging.getLogger("gongdao.log")
OUTSIDE = "outside"
"""Queue of jobs that wait for services outside: a slow one holds up neither files nor reminders."""


@app.periodic(cron="* * * * *")
@app.task(name="anchor_log", queue=OUTSIDE, queueing_lock="anchor_log", lock="anchor_log")
def anchor_log(timestamp: int) -> None:
    """Plan the anchors of what was signed meanwhile, and bring planned ones about."""
    if anchors := _anchors():
        run_round(anchors=anchors, stores=get_stores())


@cache
def _anchors() -> Sequence[tuple[Anchor, timedelta]]:
    return make_anchors(get_settings().log_anchors)


def run_round(*, anchors: Sequence[tuple[Anchor, timedelta]], stores: Stores) -> dict[str, Round]:
    """One round over all kinds; one that has trouble takes nothing from the others."""
    plan_anchors(kinds={anchor.kind: span for anchor, span in anchors}, at=now())
    rounds = {}
    for anchor, _span in anchors:
        done = keep_anchors(anchor=anchor, stores=stores, at=now())
        if done.problem is not None:
            log.warning("anchors, %s: %s", anchor.kind, done.problem.pack())
        rounds[anchor.kind] = done
    return rounds
