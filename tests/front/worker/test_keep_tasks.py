"""Jobs of keeping and erasing: tried again when the machine fails, given up in the end."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.casework.online.kept_kit import full_case

from gongdao.casework.online.case_file import ask_for_case_file
from gongdao.casework.online.erase_case import erase_case
from gongdao.casework.online.models import CaseFile, ErasedCase, MakingState
from gongdao.core.errors import BlobStoreError
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.worker import tasks
from gongdao.front.worker.tasks import (
    MOST_ATTEMPTS,
    ask_for_finishing,
    ask_for_making,
    finish_erasings,
    finish_one_erasing,
    let_go,
    make_one_case_file,
)

pytestmark = pytest.mark.django_db


def _jobs(name: str) -> list[dict[str, Any]]:
    jobs = ProcrastinateJob.objects.filter(task_name=name).order_by("id")
    return [{**job.args, "at": job.scheduled_at} for job in jobs]


def test_a_case_file_that_fails_is_tried_later_and_given_up_in_the_end(tmp_path, monkeypatch):
    """With the store away the job asks for itself, later each time; after the last try the case
    file is failed, so that the page can offer a new one."""
    case = full_case(get_stores(), tmp_path, at=now())
    row = ask_for_case_file(case=case, ask=ask_for_making, at=now())

    def away(**_given: Any) -> bool:
        raise BlobStoreError("away")

    monkeypatch.setattr(tasks, "make_case_file", away)
    for attempt in range(MOST_ATTEMPTS):
        make_one_case_file(case_file_id=str(row.id), attempts=attempt)
    jobs = _jobs("make_case_file")
    assert [job.get("attempts", 0) for job in jobs] == [0, 1, 2, 3, 4]
    assert [job["at"] is None for job in jobs] == [True, False, False, False, False]
    row.refresh_from_db()
    assert (row.state, row.problem) == (MakingState.FAILED, "blob_store")


def test_erasing_asks_for_its_end_twice(tmp_path):
    """In the transaction that destroys the key two jobs are asked for: one at once, one after what
    was under way has ended; each does what is left, and harms nothing when nothing is."""
    case = full_case(get_stores(), tmp_path, at=now())
    erase_case(stores=get_stores(), case_id=case.row.id, ask=ask_for_finishing, at=now())
    jobs = _jobs("finish_erasing")
    assert [job["case_id"] for job in jobs] == [str(case.row.id)] * 2
    for _twice in range(2):
        finish_one_erasing(case_id=str(case.row.id))
    ErasedCase.objects.update(blobs_gone_at=None)
    finish_erasings(timestamp=0)
    assert ErasedCase.objects.get().blobs_gone_at is not None


def test_what_was_promised_not_to_be_kept_goes(tmp_path):
    """The nightly job lets go of old case files and leaves a young case alone."""
    case = full_case(get_stores(), tmp_path, at=now())
    row = ask_for_case_file(case=case, ask=ask_for_making, at=now())
    let_go(timestamp=0)
    assert CaseFile.objects.filter(id=row.id).exists()
    CaseFile.objects.update(asked_at="2020-01-01T00:00:00+08:00")
    let_go(timestamp=0)
    assert not CaseFile.objects.exists()
