"""Erase what has not been opened for as long as the retention table keeps it."""

from __future__ import annotations

from datetime import datetime, timedelta

from gongdao.casework.online.erase_case import Ask, erase_case
from gongdao.casework.online.models import Case
from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores

_AT_ONCE = 500
SEEN_EVERY = timedelta(days=1)
"""A case seen within this time is not noted as seen again."""


def forget_cases(*, stores: Stores, unseen_for: timedelta, ask: Ask, at: datetime) -> int:
    """Erase cases that nobody opened for ``unseen_for``, at most 500 in one go; return how many."""
    old = Case.objects.filter(seen_at__lt=at - unseen_for).order_by("seen_at")
    forgotten = 0
    for case_id in list(old.values_list("id", flat=True)[:_AT_ONCE]):
        try:
            erase_case(stores=stores, case_id=case_id, ask=ask, at=at)
        except KeyGone:  # erased by its owner meanwhile
            continue
        forgotten += 1
    return forgotten


def note_seen(*, case: Case, at: datetime) -> None:
    """Note that the case was opened, at most once a day: from then its time to be kept runs."""
    if case.seen_at < at - SEEN_EVERY:
        Case.objects.filter(id=case.id, seen_at__lt=at).update(seen_at=at)
