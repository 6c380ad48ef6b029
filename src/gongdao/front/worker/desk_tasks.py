"""Jobs of the merchants' desks: lists of secrets that were handed in."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.worker.market_tasks import reachable, read_contact
from gongdao.market.desk_models import Thread
from gongdao.market.notices_merchant import plan_post_notice
from gongdao.market.take_stock import run_intake

QUEUE = "reading"
"""Slow jobs stand in the queue of slow jobs, so that pages and orders stay quick."""


def ask_for_intake(intake_id: UUID) -> None:
    """Ask for what is due for an intake; at most one job waits for it."""
    job = take_stock.configure(lock=f"intake/{intake_id}", queueing_lock=f"intake/{intake_id}")
    with suppress(AlreadyEnqueued), transaction.atomic():  # its own savepoint
        job.defer(intake_id=str(intake_id))


@app.task(name="take_stock", queue=QUEUE, retry=RetryStrategy(max_attempts=5, wait=10))
def take_stock(intake_id: str) -> None:
    """Look a list through, or put it on the shelf; run again it goes on where it stopped."""
    run_intake(stores=get_stores(), intake_id=UUID(intake_id), at=now())


def tell_of_post(thread: Thread) -> bool:
    """Plan a notice to the other side that there is something to read in ``thread``; False where it
    knows, or left no address that can be reached."""
    return plan_post_notice(
        stores=get_stores(),
        thread_id=thread.id,
        read=read_contact,
        channels=reachable(),
        at=now(),
    )
