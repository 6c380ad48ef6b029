"""Run one of our programs on a stranger's file and take its answer, never more of it than agreed.

Two at a time in a process, whatever asks; who waits too long, or finds too many waiting, is told
to come again. The program may have been taken over by the file: it is ended when its time is over
or when it writes too much, and nothing that it starts is waited for.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gongdao.core.errors import Busy

AT_ONCE = 2
"""Programs that run at the same time; each may use gigabytes and a processor."""
WAITING = 8
"""Threads that may wait for their turn; the others answer pages."""
WAIT_SECONDS = 10.0
_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_AT_A_TIME = 1 << 16
_running = threading.BoundedSemaphore(AT_ONCE)
_places = threading.BoundedSemaphore(AT_ONCE + WAITING)


def run_apart(
    *, module: str, arguments: Sequence[str], seconds: float, most_bytes: int
) -> bytes | None:
    """What ``module`` writes to standard output within ``seconds``, at most ``most_bytes``; None
    where it fails, is late or writes more. Raises Busy where its turn does not come in time."""
    with _turn():
        return _run(
            [sys.executable, "-I", "-B", "-X", "utf8", "-m", module, *arguments],
            seconds,
            most_bytes,
        )


@contextmanager
def _turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        if not _running.acquire(timeout=WAIT_SECONDS):
            raise Busy
        try:
            yield
        finally:
            _running.release()
    finally:
        _places.release()


def _run(program: Sequence[str], seconds: float, most_bytes: int) -> bytes | None:
    until = time.monotonic() + seconds
    with subprocess.Popen(
        program,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        start_new_session=True,  # Ctrl-C in a terminal is not for it
    ) as child:
        try:
            assert child.stdout
            said = _take(child.stdout.fileno(), until, most_bytes)
            if said is not None and child.wait(max(0.0, until - time.monotonic())) == 0:
                return said
        except subprocess.TimeoutExpired:
            pass
        finally:
            child.kill()
    return None


def _take(pipe: int, until: float, most_bytes: int) -> bytes | None:
    """All that comes through ``pipe``; None after ``until`` or where it is too much, of which
    never more than one byte is read."""
    pieces: list[bytes] = []
    size = 0
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while size <= most_bytes:
            if not selector.select(max(0.0, until - time.monotonic())):
                return None
            piece = os.read(pipe, min(_AT_A_TIME, most_bytes + 1 - size))
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
    return None
