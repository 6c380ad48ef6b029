"""Cases are kept as long as the retention table says, counted from when they were last opened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.forget_cases import forget_cases, note_seen
from gongdao.casework.online.models import Case, ErasedCase
from gongdao.core.models import DataKey
from gongdao.front.clock import now
from gongdao.front.stores import get_stores

pytestmark = pytest.mark.django_db
KEPT = timedelta(days=1095)


def _forget(at):
    return forget_cases(stores=get_stores(), unseen_for=KEPT, ask=lambda _id: None, at=at)


def test_an_unseen_case_is_erased_at_the_end_of_its_time():
    """Not a day before; then its row, its key and everything of it go."""
    begun = now()
    case = begin_case(stores=get_stores(), at=begun)
    assert _forget(begun + KEPT) == 0
    assert _forget(begun + KEPT + timedelta(seconds=1)) == 1
    assert not Case.objects.filter(id=case.row.id).exists()
    assert ErasedCase.objects.filter(case_id=case.row.id).exists()
    assert bytes(DataKey.objects.get(subject_id=case.row.id).wrapped) == b""


def test_a_case_that_is_opened_stays():
    """Opening it begins the time anew, noted at most once a day."""
    begun = now()
    case = begin_case(stores=get_stores(), at=begun)
    note_seen(case=case.row, at=begun + timedelta(hours=23))
    assert Case.objects.get(id=case.row.id).seen_at == case.row.seen_at
    note_seen(case=case.row, at=begun + timedelta(days=30))
    assert Case.objects.get(id=case.row.id).seen_at == begun + timedelta(days=30)
    assert _forget(begun + KEPT + timedelta(days=29)) == 0


def test_forgetting_twice_is_harmless():
    """A second run finds nothing to do."""
    begun = now()
    begin_case(stores=get_stores(), at=begun)
    later = begun + KEPT + timedelta(days=1)
    assert (_forget(later), _forget(later)) == (1, 0)
