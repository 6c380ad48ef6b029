"""The pages' processes: granian, WSGI, several of them on one port.

No access log: addresses of pages hold private links.
"""

from __future__ import annotations

import importlib
import multiprocessing
from typing import Any

from gongdao.front.server.end_with_parent import end_with_parent

APPLICATION = "gongdao.front.web.wsgi:application"
_KILL_PATIENCE = 5
"""Seconds for requests under way when the server stops."""
_RESPAWN_PAUSE = 0.2
_TO_STDERR = {
    "class": "logging.StreamHandler",
    "formatter": "generic",
    "stream": "ext://sys.stderr",
}


def serve_pages(
    *, host: str, port: int, workers: int, threads: int, application: str = APPLICATION
) -> None:
    """Serve ``application`` (``module:name``) until SIGTERM; exit 1 if its processes keep dying.

    ``threads`` is how many requests each of the ``workers`` processes answers at once. Processes
    are begun afresh, not forked, so that none inherits a lock, a thread or a connection.
    """
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server.mp import MPServer

    multiprocessing.set_start_method("spawn", force=True)
    end_with_parent()
    server = MPServer(
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": {"console": _TO_STDERR, "access": _TO_STDERR}},
        respawn_failed_workers=True,
        respawn_interval=_RESPAWN_PAUSE,
        workers_kill_timeout=_KILL_PATIENCE,
    )
    server.serve(target_loader=load_application)


def load_application(target: str) -> Any:
    """The WSGI application ``module:name``, in a process that has just begun."""
    end_with_parent()
    module, _colon, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
