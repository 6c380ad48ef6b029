"""Let go, every day, of what the retention table promises not to keep."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import connection
from procrastinate.contrib.django import app

from gongdao.casework.online.forget_cases import forget_cases
from gongdao.casework.online.upload_pieces import sweep_uploads
from gongdao.core.attempts import forget_attempts
from gongdao.core.clock import beijing
from gongdao.disputes.authority_register import find_kept
from gongdao.disputes.forget_readings import forget_readings
from gongdao.disputes.forget_words import forget_requests, forget_words
from gongdao.front.clock import now
from gongdao.front.scratch import sweep_scratch
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.worker.tasks import QUICK, ask_for_finishing
from gongdao.ledger.payees import forget_payees
from gongdao.market.api_keys import forget_answers
from gongdao.market.drop_unkept import drop_unkept
from gongdao.market.forget_records import (
    find_left,
    forget_contacts,
    forget_entered,
    forget_moved,
    forget_papers,
    forget_tested_files,
    forget_threads,
)
from gongdao.rules.queries import retention_days
from gongdao.vault.forget_checks import forget_checks

log = logging.getLogger("gongdao.worker")
_UNFINISHED_PARTS = timedelta(days=1)
_LONGEST_WORK = timedelta(hours=1)
"""Beside reading, nothing leaves a file in the clear untouched for longer."""
_LONGEST_SWEEP = timedelta(hours=2)
"""What a day did not get to is left to the next."""
_READINGS = 4
"""A file is read at most so often while it lies in the clear once."""


def _kept_for(code: str, at: datetime) -> timedelta:
    """How long the table keeps ``code``; what has no days there ends with something else."""
    days = retention_days(code, beijing(at).date())
    if days is None:
        raise ValueError(f"retention/{code} has no number of days")
    return timedelta(days=days)


@app.periodic(cron="40 * * * *")
@app.task(name="sweep_hourly", queue=QUICK, queueing_lock="sweep_hourly")
def sweep_hourly(timestamp: int) -> None:
    """Uploads that nobody goes on with, counters whose window is over, ended sessions, and what a
    killed process left in the clear."""
    at = now()
    settings = get_settings()
    working = _LONGEST_WORK + _READINGS * timedelta(seconds=settings.reading_timeout)
    sweep_scratch(ground=settings.scratch, before=at - working)
    sweep_uploads(stores=get_stores(), at=at)
    forget_attempts(before=at - _kept_for("counter", at))
    forget_answers(before=at - _kept_for("api_answer", at))
    Session.objects.filter(expire_date__lt=at).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_cache WHERE expires < %s", [at])


@app.periodic(cron="50 3 * * *")
@app.task(name="sweep_daily", queue=QUICK, queueing_lock="sweep_daily")
def sweep_daily(timestamp: int) -> None:
    """Cases that nobody opened for as long as they are kept, and what a broken write left."""
    at = now()
    forgotten = forget_cases(
        stores=get_stores(), unseen_for=_kept_for("case", at), ask=ask_for_finishing, at=at
    )
    if forgotten:
        log.info("%s cases were erased at the end of their time", forgotten)
    get_stores().blobs.sweep(at - _UNFINISHED_PARTS)


@app.periodic(cron="20 4 * * *")
@app.task(name="sweep_market", queue=QUICK, queueing_lock="sweep_market")
def sweep_market(timestamp: int) -> None:
    """What the market keeps of merchants and orders, at the end of its time."""
    at, stores = now(), get_stores()
    entered, thread = at - _kept_for("order_entries", at), at - _kept_for("thread", at)
    papers, tested = at - _kept_for("merchant_papers", at), at - _kept_for("test_files", at)
    moved, said = at - _kept_for("moved_order", at), at - _kept_for("dispute_words", at)
    asked, keep = at - _kept_for("authority_request", at), find_kept(at=at)
    forgotten = {
        "contacts": forget_contacts(before=at - _kept_for("contact_code", at)),
        "merchants": _each(lambda: forget_papers(stores=stores, before=papers, at=at), at),
        "orders' entries": _each(lambda: forget_entered(before=entered, keep=keep), at),
        "old orders": _each(lambda: forget_moved(before=moved), at),
        "threads": _each(lambda: forget_threads(before=thread, keep=keep), at),
        "tested files": _each(
            lambda: forget_tested_files(stores=stores, before=tested, keep=keep, at=at), at
        ),
        "payees": _forget_payees(at),
        "readings of exhibits": forget_readings(at=at),
        "disputes": _each(lambda: forget_words(stores=stores, before=said, at=at), at),
        "requests": _each(lambda: forget_requests(stores=stores, before=asked, at=at), at),
        "uploads that were never kept": drop_unkept(stores=stores, before=at - _UNFINISHED_PARTS),
        "issuer checks": forget_checks(before=at - _kept_for("issuer_check", at), keep=keep),
    }
    for what, count in forgotten.items():
        if count:
            log.info("%s %s went at the end of their time", count, what)


def _each(step: Callable[[], int], begun: datetime) -> int:
    """Do a bounded ``step`` until it finds nothing more; how many it forgot."""
    total = 0
    while count := step():
        total += count
        if now() - begun > _LONGEST_SWEEP:
            break
    return total


def _forget_payees(at: datetime) -> int:
    before = at - _kept_for("payee", at)
    return forget_payees(before=before, owners=find_left(before=before), at=at)


@app.periodic(cron="10 4 * * *")
@app.task(name="forget_jobs", queue=QUICK, queueing_lock="forget_jobs")
async def forget_jobs(timestamp: int) -> None:
    """Jobs that have ended; they hold ids only."""
    hours = int(_kept_for("job", now()).total_seconds() // 3600)
    await app.job_manager.delete_old_jobs(nb_hours=hours, include_failed=True)
