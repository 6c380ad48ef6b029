"""Have released money split at the payment service that holds it, once, and book what it says.

A row is taken for a while by moving its next try (a lease). What may be asked for is set aside in
one transaction, asked for outside any, and settled in a second one: the promise becomes a transfer,
or is free again after a no. A worker that dies leaves it requested; the service is then asked what
became of it before it is asked again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores
from gongdao.ledger.payees import open_payee
from gongdao.ledger.pending import post_pending, void_pending
from gongdao.market.plan_split import wake_rest
from gongdao.market.prepare_split import (
    NO_RECEIVER,
    PAID_OTHERWISE,
    PAYOUTS_HELD,
    SHARES_FIRST,
    TIMED,
    prepare_rest,
    prepare_share,
)
from gongdao.payments.ask_split import SplitAnswer, ask_split, find_splitter
from gongdao.payments.models import Split
from gongdao.payments.port import Gateway
from gongdao.payments.split_port import ShareState, Splitter

LEASE = timedelta(minutes=5)
"""Longer than a service may take; a worker that died gives its split back after it."""
LONGEST_WAIT = timedelta(days=14)
"""How long a service may be silent, or say "not done yet", before a person looks."""
MOST_NOS, MOST_TRIES = 8, 20
"""After how many tries a no is final; after how many a silence is a person's matter."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
_LONGEST_PREPARE = timedelta(minutes=10)
NOT_SPLITTING, NOTHING_FROZEN, GATEWAY_OFF = "not_splitting", "nothing_frozen", "gateway_off"
NOT_DONE_YET, RECEIVER_GONE, WITH_LAST = "not_done_yet", "receiver_gone", "with_last"
_SKIPS = frozenset({NOT_SPLITTING, NOTHING_FROZEN, PAID_OTHERWISE})
_SLEEPS = frozenset({NO_RECEIVER, PAYOUTS_HELD, GATEWAY_OFF, SHARES_FIRST})
"""What may last for weeks: not looked at again before it is over (`wake_rest`, `wake_splits`)."""


def send_splits(
    *,
    stores: Stores,
    gateways: Mapping[str, Gateway],
    held: Collection[UUID],
    at: datetime,
    most: int = 8,
) -> int:
    """Work on splits that are due; return how many were looked at: 0 where none is due any more.
    What waits comes due again later, or sleeps until it is woken, so it does not keep the others
    back. Several workers may do this at once. ``held``: merchants whose payouts a ground holds
    back; their shares wait. ``most`` times what one asking may last has to stay below `LEASE`,
    which counts from ``at``."""
    taken = 0
    for _ in range(most):
        split = _take(at)
        if split is None:
            break
        taken += 1
        intent = split.credit.intent
        gateway = gateways.get(intent.gateway)
        splitter = find_splitter(gateway, intent.account)
        if split.state == "waiting":
            why = NOT_SPLITTING if gateway is not None and splitter is None else GATEWAY_OFF
            split = _prepare(split, splitter, why, stores, held, at)
            if split is None:
                continue
        if split.state == "requested":
            _settle(split, _ask(split, splitter, stores, at), at)
    return taken


def _rows() -> QuerySet[Split]:
    return Split.objects.select_for_update(of=("self",)).select_related("credit__intent")


def _take(at: datetime) -> Split | None:
    """The split that is due longest, a share before the rest, held for `LEASE`."""
    due = Split.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state__in=["waiting", "requested"], next_try_at__lte=at
    )
    with transaction.atomic():
        split = due.select_related("credit__intent").order_by("next_try_at", "-part", "id").first()
        if split is None:
            return None
        split.tries += 1
        split.next_try_at = at + LEASE
        split.save(update_fields=["tries", "next_try_at"])
    return split


def _prepare(
    taken: Split,
    splitter: Splitter | None,
    why: str,
    stores: Stores,
    held: Collection[UUID],
    at: datetime,
) -> Split | None:
    """The split as it stands after trying to begin it: requested, or skipped; None where it waits,
    or where another worker took it over."""
    with transaction.atomic():
        split = _rows().filter(id=taken.id, state="waiting", tries=taken.tries).first()
        if split is None:
            return None
        if splitter is None:
            problem: str | None = why
        elif split.part == "rest" and not splitter.freezes:
            problem = NOTHING_FROZEN
        elif split.part == "rest":
            problem = prepare_rest(split=split)
        else:
            problem = prepare_share(split=split, stores=stores, held=held, at=at)
            split.last = split.last and splitter.freezes
        split.problem = problem or ""
        if problem is None:
            split.state, split.requested_at, split.tries = "requested", at, 1
            split.next_try_at = at + LEASE  # also where it was woken while it was looked at
        elif problem in _SKIPS:
            split.state, split.ended_at, split.next_try_at = "skipped", at, None
            if split.part == "share":
                wake_rest(credit_id=split.credit_id, at=at)
        elif problem in _SLEEPS:
            split.next_try_at = None
        elif problem in TIMED:
            pass  # its next try was set with the problem
        else:
            split.next_try_at = at + min(_FIRST_PAUSE * 2 ** min(split.tries, 12), _LONGEST_PREPARE)
        split.save()
    return None if split.state == "waiting" else split


def _ask(split: Split, splitter: Splitter | None, stores: Stores, at: datetime) -> SplitAnswer:
    if splitter is None:
        return SplitAnswer(problem=GATEWAY_OFF)
    account = ""
    if split.part == "share":
        assert split.receiver is not None
        try:
            account = open_payee(stores=stores, payee_id=split.receiver).number
        except KeyGone:
            return SplitAnswer(problem=RECEIVER_GONE)
    return ask_split(splitter=splitter, split=split, account=account, at=at)


def _settle(taken: Split, answer: SplitAnswer, at: datetime) -> None:
    """Write what became of the try, unless another worker took the split over meanwhile."""
    with transaction.atomic():
        split = _rows().filter(id=taken.id, state="requested", tries=taken.tries).first()
        if split is None:
            return
        no = answer.state is ShareState.REFUSED or (answer.said_no and split.tries >= MOST_NOS)
        if answer.state is ShareState.DONE:
            _confirm(split, answer.number, at)
        elif no:
            _refuse(split, answer.problem, at)
        else:
            _later(split, answer, at)
        split.save()


def _confirm(split: Split, number: str, at: datetime) -> None:
    split.state, split.ended_at, split.next_try_at = "confirmed", at, None
    split.number, split.problem = number, ""
    if split.pending_id is not None:
        post_pending(pending_id=split.pending_id, at=at)
    if split.last:
        Split.objects.filter(credit_id=split.credit_id, part="rest", state="waiting").update(
            state="confirmed", problem=WITH_LAST, ended_at=at, next_try_at=None
        )
    elif split.part == "share":
        wake_rest(credit_id=split.credit_id, at=at)


def _refuse(split: Split, problem: str, at: datetime) -> None:
    """The amount is the merchant's free money again."""
    split.state, split.ended_at, split.next_try_at = "refused", at, None
    split.problem = problem[:64]
    if split.pending_id is not None:
        void_pending(pending_id=split.pending_id, at=at)


def _later(split: Split, answer: SplitAnswer, at: datetime) -> None:
    waits = answer.state is ShareState.WAITING
    split.problem = NOT_DONE_YET if waits else answer.problem[:64]
    split.next_try_at = at + min(_FIRST_PAUSE * 2 ** min(split.tries, 12), _LONGEST_PAUSE)
    begun = split.requested_at or at
    if at - begun >= LONGEST_WAIT or (split.tries >= MOST_TRIES and not waits):
        split.state, split.next_try_at = "stuck", None
