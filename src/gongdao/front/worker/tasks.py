"""Every background job, and how pages ask for one. Jobs may run any number of times."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status

from gongdao.casework.online.case_file import (
    give_up_case_file,
    make_case_file,
    sweep_case_files,
)
from gongdao.casework.online.erase_case import (
    LATECOMERS,
    finish_all,
    finish_erasing,
    forget_erased,
)
from gongdao.casework.online.read_file import give_up_reading, read_file, show_first_page
from gongdao.casework.online.remove_file import drop_blobs
from gongdao.casework.online.share_case import sweep_shares
from gongdao.core.errors import BlobMissing, BlobStoreError, Busy, SealedDataError
from gongdao.evidence.kept.models import Original
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.web.wait_vouched import wait_vouched
from gongdao.front.worker import follow_tasks
from gongdao.front.worker.reading import read_with_process

log = logging.getLogger("gongdao.worker")
READING = "reading"
"""Queue of slow jobs (OCR, sealing): one at a time per worker, so that pages stay quick."""
QUICK = "quick"
"""Queue of short jobs: reminders, deadlines, erasing."""
STALLED_AFTER = timedelta(seconds=60)
"""A worker gives a sign of life every ten seconds."""
RECEIPT_WAIT_S = 10.0
"""How long a case file waits for its receipt of the public log, and for witnesses of it."""
MOST_ATTEMPTS = 5
MOST_ROUNDS = 3


def ask_for_reading(row: Original, ahead: int) -> None:
    """Ask for ``row`` to be read, in the caller's transaction. A party's later files stand behind
    the first files of others: priority falls with the number of its files already waiting."""
    _defer_reading(row, ahead)


def _defer_reading(
    row: Original, ahead: int, *, rounds: int = 0, attempts: int = 0, wait: int = 0
) -> None:
    """At most one job waits for a file; where one does already, it will see what is new."""
    job = read_original.configure(
        priority=-ahead,
        lock=f"case/{row.subject_id}",
        queueing_lock=f"read/{row.id}",
        schedule_in={"seconds": wait} if wait else None,
    )
    with suppress(AlreadyEnqueued), transaction.atomic():  # its own savepoint
        job.defer(original_id=str(row.id), rounds=rounds, attempts=attempts)


@app.task(name="read_original", queue=READING)
def read_original(original_id: str, rounds: int = 0, attempts: int = 0) -> None:
    """Read one original. ``rounds`` counts how often readings led to further readings, so that
    this ends; ``attempts`` how often the machine failed at this one, which is tried again."""

    def ask_again(row: Original, ahead: int) -> None:
        _defer_reading(row, ahead, rounds=rounds + 1)

    row_id, stores, scratch = UUID(original_id), get_stores(), own_scratch()
    try:
        read_file(
            stores=stores,
            original_id=row_id,
            read=read_with_process,
            ask=ask_again if rounds < MOST_ROUNDS else None,
            at=now(),
            scratch=scratch,
        )
        with suppress(Busy):  # then it is made for the one who looks first
            show_first_page(stores=stores, original_id=row_id, at=now(), scratch=scratch)
        if row := Original.objects.filter(id=row_id).first():
            follow_tasks.ask_to_follow(row.subject_id)
    except (BlobMissing, SealedDataError) as error:
        log.error("the original %s does not open: %s", row_id, error.code)
        give_up_reading(original_id=row_id)
    except (OSError, BlobStoreError) as error:
        if attempts + 1 >= MOST_ATTEMPTS:
            log.error("reading %s failed for good: %s", row_id, type(error).__name__)
            give_up_reading(original_id=row_id)
            return
        log.warning("reading %s is tried again: %s", row_id, type(error).__name__)
        if row := Original.objects.filter(id=row_id).first():
            _defer_reading(row, 0, rounds=rounds, attempts=attempts + 1, wait=10 * 2**attempts)


def ask_for_drop(case_id: UUID, original_id: UUID, address: str) -> None:
    """Ask for the blobs of a removed file to be deleted, in the caller's transaction."""
    drop_removed.defer(case_id=str(case_id), original_id=str(original_id), address=address)


@app.task(name="drop_removed", queue=QUICK, retry=RetryStrategy(max_attempts=10, wait=60))
def drop_removed(case_id: str, original_id: str, address: str) -> None:
    """Delete the blobs of a removed file."""
    drop_blobs(
        stores=get_stores(),
        case_id=UUID(case_id),
        original_id=UUID(original_id),
        address=address,
    )


@app.periodic(cron="* * * * *")
@app.task(name="rescue_stalled", queue=QUICK, queueing_lock="rescue_stalled")
async def rescue_stalled(timestamp: int) -> None:
    """Give jobs of a worker that died back to the queue, and remove what it left in the clear."""
    await sync_to_async(own_scratch)()
    await rescue_jobs(silent_for=STALLED_AFTER)


def _original_of(job: Job) -> UUID:
    """The file a job is about; Django's connection gives a job's arguments as text."""
    given: Any = job.task_kwargs
    arguments = json.loads(given) if isinstance(given, str) else given
    return UUID(arguments["original_id"])


async def rescue_jobs(*, silent_for: timedelta) -> int:
    """Give back every job whose worker has been silent for so long; return how many. One that
    killed its workers again and again is given up; so is one for which another waits already."""
    manager, rescued = app.job_manager, 0
    stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=silent_for.total_seconds())
    for job in stalled:
        if job.attempts < MOST_ATTEMPTS:
            log.warning("job %s of a dead worker goes back to the queue", job.id)
            with suppress(UniqueViolation):
                await manager.retry_job(job)
                rescued += 1
                continue
        log.error("job %s is given up", job.id)
        await manager.finish_job(job, Status.FAILED, delete_job=False)
        if job.task_name == read_original.name and job.attempts >= MOST_ATTEMPTS:
            original_id = _original_of(job)
            await sync_to_async(give_up_reading)(original_id=original_id)
    return rescued


def ask_for_making(case_file_id: UUID) -> None:
    """Ask for a case file to be made, in the caller's transaction."""
    make_one_case_file.defer(case_file_id=str(case_file_id))


def _cover(leaf_hash: bytes) -> bool:
    index = wait_vouched(settings=get_settings(), leaf_hash=leaf_hash, patience_s=RECEIPT_WAIT_S)
    return index is not None


@app.task(name="make_case_file", queue=READING)
def make_one_case_file(case_file_id: str, attempts: int = 0) -> None:
    """Make one case file. ``attempts`` counts how often the machine failed at it: then it is tried
    again later, and given up in the end."""
    row_id = UUID(case_file_id)
    try:
        make_case_file(
            stores=get_stores(),
            case_file_id=row_id,
            at=now(),
            scratch=own_scratch(),
            cover=_cover,
        )
    except (OSError, BlobStoreError) as error:
        if attempts + 1 >= MOST_ATTEMPTS:
            log.error("case file %s failed for good: %s", row_id, type(error).__name__)
            give_up_case_file(case_file_id=row_id, problem=BlobStoreError.code)
            return
        log.warning("case file %s is tried again: %s", row_id, type(error).__name__)
        later = make_one_case_file.configure(schedule_in={"seconds": 10 * 2**attempts})
        later.defer(case_file_id=case_file_id, attempts=attempts + 1)


def ask_for_finishing(case_id: UUID) -> None:
    """Ask for the blobs of an erased case to go, in the caller's transaction: at once, in case the
    page that erased it was stopped, and again after whatever was under way has ended."""
    for seconds in (0, LATECOMERS.total_seconds()):
        job = finish_one_erasing.configure(schedule_in={"seconds": int(seconds)})
        job.defer(case_id=str(case_id))


@app.task(name="finish_erasing", queue=QUICK)
def finish_one_erasing(case_id: str) -> None:
    """Delete what is left of an erased case's blobs; where that fails, ``finish_erasings`` tries
    again."""
    if not finish_erasing(stores=get_stores(), case_id=UUID(case_id), at=now()):
        log.warning("blobs of the erased case %s are still there", case_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="finish_erasings", queue=QUICK, queueing_lock="finish_erasings")
def finish_erasings(timestamp: int) -> None:
    """Go on with every erasing that was stopped or whose store did not answer."""
    if left := finish_all(stores=get_stores(), at=now()):
        log.warning("%s erased cases still have blobs", left)


@app.periodic(cron="20 3 * * *")
@app.task(name="let_go", queue=QUICK, queueing_lock="let_go")
def let_go(timestamp: int) -> None:
    """Let go of what the retention table promises not to keep: case files that lay ready, links
    that ended, records of erasures."""
    sweep_case_files(stores=get_stores(), at=now())
    sweep_shares(at=now())
    forget_erased(stores=get_stores(), at=now())
