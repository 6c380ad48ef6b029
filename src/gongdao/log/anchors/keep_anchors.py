"""Bring the planned anchors about, one after another, and keep what came of each.

A row is claimed before anybody outside is asked, for longer than a round lasts, so that two workers
never work on the same one; what was claimed and never settled is claimed again. A receipt is stored
before the adapter goes on with it. What failed is tried again, ever more seldom, for as long as it
takes; the newest checkpoint comes first, since its anchor speaks for all before it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from gongdao.core.stores import Stores
from gongdao.log.anchors.anchored_leaf import anchored_leaf
from gongdao.log.anchors.port import (
    Anchor,
    AnchorDelayed,
    AnchorRefused,
    AnchorState,
    Receipt,
)
from gongdao.log.anchors.problems import RECEIPT_BROKEN, Problem
from gongdao.log.append import append_leaves
from gongdao.log.models import LogAnchor, LogCheckpoint
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import BadNote, parse_note

BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60))
"""How long to wait after each failure in a row; the last one over and over."""
FAILED_AFTER = 3
"""So many failures in a row, and the row is shown as failed; it is tried again all the same."""
LEASE = timedelta(minutes=5)
"""How long a claimed row is left alone; longer than a round may take."""
SECOND_LOOKS = (timedelta(hours=1), timedelta(days=1))
"""When a confirmed anchor that could still fall away is looked at again, after its confirmation."""
BURST = 4
"""Most new anchors of a kind in one round; a round is made every minute."""
MOST_UNDER_WAY = 16
WORK_FOR_S = 40
_STEPS = 3
"""How often an anchor may move on within a round: stored, sent, seen."""


@dataclass(frozen=True)
class Claim:
    """A row that is ours until ``until``, and nobody else's."""

    id: int
    size: int
    until: datetime
    tries: int
    state: AnchorState
    confirmed_at: datetime | None
    stored: bytes = field(repr=False)


@dataclass
class Round:
    """How a round went for one kind: how many ended in which state, and the last problem."""

    confirmed: int = 0
    pending: int = 0
    failed: int = 0
    problem: Problem | None = None


def keep_anchors(
    *, anchor: Anchor, stores: Stores, at: datetime, work_for_s: float = WORK_FOR_S
) -> Round:
    """Work on the rows of one kind for at most ``work_for_s`` seconds: first those under way, then
    confirmed ones that get a second look, then new ones, newest first.

    Stops where the service as such does not work; new ones wait while one under way has trouble.
    """
    done, end = Round(), time.monotonic() + work_for_s
    for rows in (_under_way(anchor.kind), _confirmed(anchor.kind)):
        for claim in _claim_due(rows, at, MOST_UNDER_WAY * 2):
            trouble = _work(done, anchor, stores, claim, at)
            down = isinstance(trouble, AnchorDelayed) and trouble.service_down
            if down or time.monotonic() > end:
                return done
    under_way = _under_way(anchor.kind).exclude(next_try_at=None).count()
    room = min(BURST, MOST_UNDER_WAY - under_way)
    if done.problem is None:
        for claim in _claim_due(_fresh(anchor.kind), at, max(0, room)):
            trouble = _work(done, anchor, stores, claim, at)
            if trouble is not None or time.monotonic() > end:
                break
    return done


def _open_rows(kind: str) -> QuerySet[LogAnchor]:
    states = [AnchorState.PENDING.value, AnchorState.FAILED.value]
    return LogAnchor.objects.filter(kind=kind, state__in=states)


def _under_way(kind: str) -> QuerySet[LogAnchor]:
    return _open_rows(kind).exclude(receipt=b"")


def _fresh(kind: str) -> QuerySet[LogAnchor]:
    return _open_rows(kind).filter(receipt=b"")


def _confirmed(kind: str) -> QuerySet[LogAnchor]:
    return LogAnchor.objects.filter(kind=kind, state=AnchorState.CONFIRMED.value)


def _claim_due(rows: QuerySet[LogAnchor], at: datetime, most: int) -> Iterator[Claim]:
    """Claim what is due, newest checkpoint first, each just before it is worked on."""
    for row in rows.filter(next_try_at__lte=at).order_by("-size")[:most]:
        if take_row(row, at + LEASE):
            yield Claim(
                id=row.id,
                size=row.size,
                until=at + LEASE,
                tries=row.tries,
                state=AnchorState(row.state),
                confirmed_at=row.confirmed_at,
                stored=bytes(row.receipt),
            )


def take_row(row: LogAnchor, until: datetime) -> bool:
    """Make ``row`` ours until then, unless somebody else did so since it was read."""
    as_read = LogAnchor.objects.filter(id=row.id, next_try_at=row.next_try_at)
    return as_read.update(next_try_at=until) == 1


def _work(
    done: Round, anchor: Anchor, stores: Stores, claim: Claim, at: datetime
) -> AnchorDelayed | AnchorRefused | None:
    """Bring one claimed row forward as far as it goes now, and note how it stands. Returns what
    stood in its way."""
    trouble: AnchorDelayed | AnchorRefused | None = None
    try:
        receipt = _bring_forward(anchor, claim)
    except AnchorDelayed as delayed:
        trouble, state = delayed, _settle_delayed(claim, delayed.problem, at)
    except AnchorRefused as refused:
        trouble, state = refused, _settle_refused(claim, refused.problem)
    else:
        if receipt is None:  # somebody else's by now
            return None
        state = receipt.state
        if state is AnchorState.CONFIRMED:
            _settle_confirmed(anchor, stores, claim, receipt, at)
        else:
            _settle_pending(claim, at)
    done.problem = trouble.problem if trouble else done.problem
    done.confirmed += state is AnchorState.CONFIRMED
    done.pending += state is AnchorState.PENDING
    done.failed += state is AnchorState.FAILED
    return trouble


def _bring_forward(anchor: Anchor, claim: Claim) -> Receipt | None:
    """The receipt as it stands now, every step of it stored; None once the row is not ours."""
    if claim.stored:
        receipt = _parse(claim.stored)
    else:
        receipt = anchor.submit(_checkpoint(claim.size))
        if not _store(claim, receipt):
            return None
    for _step in range(_STEPS):
        if receipt.state is AnchorState.CONFIRMED and claim.state is not AnchorState.CONFIRMED:
            break
        newer = anchor.upgrade(receipt)
        if newer == receipt:
            break
        if not _store(claim, newer):
            return None
        receipt = newer
    return receipt


def _parse(stored: bytes) -> Receipt:
    try:
        return Receipt.parse(stored)
    except ValueError:
        raise AnchorRefused(Problem(RECEIPT_BROKEN)) from None


def _checkpoint(size: int) -> Checkpoint:
    note = LogCheckpoint.objects.values_list("note", flat=True).get(size=size)
    try:
        return Checkpoint.parse(parse_note(note.encode()).text)
    except BadNote:
        raise AnchorRefused(Problem(RECEIPT_BROKEN)) from None


def _mine(claim: Claim) -> QuerySet[LogAnchor]:
    return LogAnchor.objects.filter(id=claim.id, next_try_at=claim.until)


def _store(claim: Claim, receipt: Receipt) -> bool:
    return _mine(claim).update(receipt=receipt.dump()) == 1


def _settle_pending(claim: Claim, at: datetime) -> None:
    """Under way: due again in the next round."""
    state = AnchorState.PENDING.value
    _mine(claim).update(state=state, tries=0, problem="", next_try_at=at, confirmed_at=None)


def _settle_refused(claim: Claim, problem: Problem) -> AnchorState:
    """Never again, until a person comes."""
    _mine(claim).update(
        state=AnchorState.FAILED.value,
        tries=claim.tries + 1,
        problem=problem.pack(),
        next_try_at=None,
        confirmed_at=None,
    )
    return AnchorState.FAILED


def _settle_delayed(claim: Claim, problem: Problem, at: datetime) -> AnchorState:
    """Nothing came of it this time. A confirmed row stays so: nobody said that it is not."""
    tries = claim.tries + 1
    wait = BACK_OFF[min(tries, len(BACK_OFF)) - 1]
    state = claim.state
    if state is not AnchorState.CONFIRMED:
        state = AnchorState.FAILED if tries >= FAILED_AFTER else AnchorState.PENDING
    _mine(claim).update(
        state=state.value, tries=tries, problem=problem.pack(), next_try_at=at + wait
    )
    return state


def _settle_confirmed(
    anchor: Anchor, stores: Stores, claim: Claim, receipt: Receipt, at: datetime
) -> None:
    """Confirmed, with the leaf that says so, in one transaction."""
    again = claim.state is AnchorState.CONFIRMED
    since = claim.confirmed_at if again and claim.confirmed_at else at
    looks = [since + wait for wait in SECOND_LOOKS if since + wait > at]
    with transaction.atomic():
        settled = _mine(claim).update(
            state=AnchorState.CONFIRMED.value, tries=0, problem="", confirmed_at=since,
            next_try_at=None if anchor.final or not looks else looks[0],
        )  # fmt: skip
        if settled and not again:
            leaf = anchored_leaf(receipt, _checkpoint(claim.size))
            append_leaves(stores=stores, leaves=[leaf], at=at)


def states_of(sizes: Sequence[int]) -> dict[int, dict[str, AnchorState]]:
    """For each of ``sizes`` the state of its anchors by kind, in one query."""
    found: dict[int, dict[str, AnchorState]] = {size: {} for size in sizes}
    for size, kind, state in LogAnchor.objects.filter(size__in=list(sizes)).values_list(
        "size", "kind", "state"
    ):
        found[size][kind] = AnchorState(state)
    return found
