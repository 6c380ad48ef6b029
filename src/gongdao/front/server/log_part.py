"""The part ``log`` of a running server: the sequencer, and what goes on beside it.

It never ends by itself: where the log refuses to go on, it says so loudly, waits, and looks again.
Pages and worker go on meanwhile; leaves that they append wait in the queue.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

import psycopg

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.log_place import find_head_file, find_published, open_log_key
from gongdao.front.server.django_processes import set_up_django
from gongdao.front.server.end_with_parent import end_with_parent
from gongdao.front.server.lifting_stock import lifting_stock
from gongdao.front.server.log_feeding import feeding_witnesses
from gongdao.front.settings import Settings
from gongdao.log.errors import HeadMoved, KeyChanged, LogForked, LogRefused
from gongdao.log.integrate import connect, take_lock
from gongdao.log.log_key import LogKey, take_next_key
from gongdao.log.queue_gate import bound_queue
from gongdao.log.sequence import BATCH, Sequencer
from gongdao.log.signers import as_known_log

log = logging.getLogger("gongdao.log")
LOOK_AGAIN_S = 0.1
"""Pause after a round, unless it was full: leaves that come meanwhile share one checkpoint, and
what it costs to have that on disk."""
OTHER_S = 1.0
"""Pause where another process is the sequencer."""
REFUSED_S = 5.0
"""Pause after a refusal; a replay meanwhile is noticed then."""
SAY_AGAIN = 60
"""A refusal that goes on is said again after so many looks: every five minutes."""
_KNOWN = (GongdaoError, psycopg.Error, OSError)
"""What may happen; anything else is a fault of ours, and its trace is kept."""


def run_log() -> None:
    """Sequence leaves until SIGTERM."""
    end_with_parent()
    set_up_django()
    from django.apps import apps

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if not apps.is_installed("gongdao.log"):
        stop.wait()
        return
    settings = Settings.read(os.environ)
    keep_sequencing(settings=settings, stop=stop, clock=now)


def keep_sequencing(
    *, settings: Settings, stop: threading.Event, clock: Callable[[], datetime]
) -> None:
    """Open a sequencer and run it, again and again, until ``stop``; whatever happens, it is said
    and tried again: nothing that the log meets may end the server."""
    said, looks = "", 0
    while not stop.is_set():
        try:
            if _sequence(settings, stop, clock):
                said, looks = "", 0
        except HeadMoved as error:
            log.warning("%s", error)
            stop.wait(LOOK_AGAIN_S)
        except KeyChanged as error:
            log.info("%s", error)
        except Exception as error:  # whatever it is, the next try begins with what is on disk
            text = _describe(error)
            if text != said or looks % SAY_AGAIN == 0:
                log.error("%s", text, exc_info=None if isinstance(error, _KNOWN) else error)
                _show_notes(error)
            said, looks = text, looks + 1
            _bound(settings)
            stop.wait(REFUSED_S)


def _sequence(settings: Settings, stop: threading.Event, clock: Callable[[], datetime]) -> bool:
    """Be the sequencer until ``stop``; False where another one is, after a pause."""
    head_file, folder = find_head_file(settings), find_published(settings)
    begun = head_file.read() is not None or folder.checkpoint() is not None
    key = open_log_key(settings, may_create=not (begun or _has_checkpoints(settings)))
    with Sequencer(
        database_url=settings.database_url, head_file=head_file, key=key, publish=folder
    ) as sequencer:
        if not sequencer.open(at=clock()):
            stop.wait(OTHER_S)
            return False
        if sequencer.next_signs:
            take_next_key(settings.log_key_file)
        log.info("%s", _("日志 {name} 有 {size} 条。").format(name=key.origin, size=sequencer.size))
        _begin(key, clock())
        known = as_known_log(sequencer.signers)
        with feeding_witnesses(settings, known or key.verifier), lifting_stock(clock):
            while not stop.is_set():
                if sequencer.run_once(at=clock()) < BATCH:
                    stop.wait(LOOK_AGAIN_S)
    return True


def _bound(settings: Settings) -> None:
    """While the log stands still: let no more than the settings allow wait."""
    try:
        with closing(connect(settings.database_url)) as connection:
            if take_lock(connection) and bound_queue(connection, most=settings.log_queue):
                log.error(
                    "%s",
                    _("日志停着，已有 {n} 条在排队，新的记录暂时不收。").format(
                        n=settings.log_queue
                    ),
                )
    except (psycopg.Error, OSError):
        log.warning("%s", _("这次没能看排队有多长，马上再看。"))


def _begin(key: LogKey, at: datetime) -> None:
    from django.db import connections

    from gongdao.front.stores import get_stores
    from gongdao.log.begin import begin_log

    try:
        begin_log(stores=get_stores(), key=key, at=at)
    finally:  # one that the database broke would be found broken by every later try
        connections.close_all()


def _has_checkpoints(settings: Settings) -> bool:
    with connect(settings.database_url) as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM log_checkpoint)").fetchone()
    return bool(found and found[0])


def _show_notes(error: Exception) -> None:
    """The signed notes of a fork, byte for byte: they are evidence, and no log line masks them."""
    for note in error.notes if isinstance(error, LogForked) else ():
        print(note, file=sys.stderr, flush=True)


def _describe(error: Exception) -> str:
    """What happened, for the operator."""
    if isinstance(error, LogRefused):
        return str(error)
    return _("日志停了一下，马上再试：{reason}").format(
        reason=" ".join(f"{type(error).__name__}: {error}".split())[:400]
    )
