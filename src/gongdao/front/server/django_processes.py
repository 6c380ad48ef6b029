"""The processes that load Django besides the pages: migrations once, and the worker.

The sequencer of the public log is a third one: see log_part.py.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import psycopg

from gongdao.front.server.end_with_parent import end_with_parent

if TYPE_CHECKING:
    from procrastinate import App

SETTINGS = "gongdao.front.web.django_settings"
_MIGRATION_LOCK = 7_463_011
"""Any number that nobody else locks in this database."""
_ASK_AGAIN_S = 0.1
SLOW, QUICK = "reading", "quick"
"""The queues: reading and sealing files; everything else."""
OUTSIDE = "outside"
"""The queue of what waits for services outside (anchors): slow ones hold up nothing here."""
MARKET, CALLS = "market", "calls"
"""The queues of what keeps orders true, every few seconds, and of its talks with suppliers and
mailboxes: neither waits behind a reminder, nor one behind the other."""
_GRACE = 5
"""Seconds for jobs under way when the worker stops; they are taken up again later."""


def prepare(database_url: str, *, with_static: bool = False) -> None:
    """Bring the database to this version's form, and the static files where pages are to be served
    (``with_static``); two at once do it one by one.

    The lock has a connection of its own, and goes with it, whatever happens. It is asked for again
    and again: a statement that waits for it would hold a snapshot, for which an index that is built
    beside writes waits in turn.
    """
    set_up_django()
    from django.apps import apps
    from django.core.management import call_command

    with psycopg.connect(database_url, autocommit=True) as lock:
        while not _is_mine(lock):
            time.sleep(_ASK_AGAIN_S)
        call_command("migrate", interactive=False, verbosity=0)
        if with_static and apps.is_installed("django.contrib.staticfiles"):
            call_command("collectstatic", interactive=False, verbosity=0)
        if apps.is_installed("gongdao.core"):
            from gongdao.front.server.check_masters import check_masters
            from gongdao.front.stores import get_stores

            check_masters(get_stores())


def _is_mine(lock: psycopg.Connection[tuple[bool]]) -> bool:
    row = lock.execute("SELECT pg_try_advisory_lock(%s)", (_MIGRATION_LOCK,)).fetchone()
    return row is not None and row[0]


def run_worker(*, concurrency: int) -> None:
    """Do jobs until SIGTERM: ``concurrency`` quick ones at once, and beside them one slow one, so
    that a reminder never waits behind a video."""
    end_with_parent()
    set_up_django()
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        raise TypeError(f"jobs go through Django's connection, not {type(connector).__name__}")
    with app.replace_connector(connector.get_worker_connector()) as ready:
        asyncio.run(_run_queues(ready, concurrency))


async def _run_queues(app: App, concurrency: int) -> None:
    """A worker for each queue in one loop; asked to stop, all let their jobs end for a while."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with app.open_async():
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue],
                    concurrency=most,
                    name=queue,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=_GRACE,
                )
            )
            for queue, most in (
                (SLOW, 1),
                (QUICK, concurrency),
                (OUTSIDE, 1),
                (MARKET, 1),
                (CALLS, 2),
            )
        ]
        asked = asyncio.create_task(stop.wait())
        await asyncio.wait([asked, *workers], return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            worker.cancel()
        ended = await asyncio.gather(*workers, return_exceptions=True)
        asked.cancel()
    for error in ended:
        if isinstance(error, Exception):
            raise error


def set_up_django() -> None:
    """Load Django in this process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()
