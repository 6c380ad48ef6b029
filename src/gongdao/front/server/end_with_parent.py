"""A process that nobody waits for must not go on: it would hold the port and take jobs."""

from __future__ import annotations

import os
import signal
import threading
import time

_STEP = 0.5
_PATIENCE = 3


def end_with_parent() -> None:
    """End this process when the one that started it is gone, politely first."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="end-with-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_STEP)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    os._exit(1)
