"""``gongdao serve``, ``web`` and ``worker``: the database, its form, then the processes that run.

One small process supervises: it starts the embedded PostgreSQL where no other is named, brings the
database to this version's form, starts pages, worker and log, and starts them again if they end.
When it is asked to stop, or is killed, all of them end.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gongdao.core.language import gettext as _
from gongdao.front.server.database import Database
from gongdao.front.server.granian_server import APPLICATION
from gongdao.front.server.listening import answers, find_address, own_url
from gongdao.front.server.supervise import Part, Signals, run_once, supervise

_ASK_AGAIN = 0.05
Say = Callable[[str], None]


def _print_now(line: str) -> None:
    """Print ``line`` at once, also where the output goes to a file or a journal."""
    print(line, flush=True)


@dataclass(frozen=True)
class Pages:
    """How the pages are served: ``workers`` processes, each answering ``threads`` requests at once.

    A file that comes slowly from a phone holds a thread for as long as it takes, so there are many.
    ``public_url`` is the address that people use, where it differs from ``host`` and ``port``.
    ``application`` is the WSGI application as ``module:name``.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 32
    public_url: str = ""
    application: str = APPLICATION


def serve(
    *,
    data_dir: Path,
    database_url: str = "",
    pages: Pages | None,
    jobs: int = 1,
    attach: bool = False,
    say: Say = _print_now,
) -> None:
    """Run pages, a worker that does ``jobs`` jobs at once, and the sequencer of the public log
    beside it, until SIGTERM or Ctrl-C.

    ``pages`` None: worker and log alone. ``jobs`` 0: the pages alone. ``attach`` True shares the
    embedded database of another process on this folder. ``say`` gets each line for the operator.
    Call it from the main thread. Raise ServerError when something cannot start, or ends again and
    again; nothing that was started runs any more then.
    """
    address = find_address(pages.host, pages.port) if pages else ""
    with (
        Signals() as signals,
        Database(data_dir=data_dir, url=database_url, attach=attach, say=say) as database,
    ):
        seen = {**os.environ, "GONGDAO_DATA": str(data_dir), "DATABASE_URL": database.url}
        parts = []
        if pages:
            seen |= {"GONGDAO_HOST": pages.host, "GONGDAO_PORT": str(pages.port)}
            parts.append(_pages_part(pages, address, seen))
        if jobs:
            parts.append(Part(_("后台任务"), ["worker", f"--concurrency={jobs}"], seen))
            parts.append(Part(_("公开日志"), ["log"], seen))
        run_once(Part(_("启动前的准备"), ["prepare"], seen), signals)
        if pages and not signals.stopping:
            _announce(pages, address, signals, say)
        supervise(parts=parts, signals=signals, look=database.look, say=say)


def _pages_part(pages: Pages, address: str, seen: Mapping[str, str]) -> Part:
    arguments = {
        "host": address,
        "port": pages.port,
        "workers": pages.workers,
        "threads": pages.threads,
        "application": pages.application,
    }
    return Part(_("网页"), ["pages", *(f"--{k}={v}" for k, v in arguments.items())], seen)


def _announce(pages: Pages, address: str, signals: Signals, say: Say) -> None:
    """Say the address once a request to it is answered."""
    shown = pages.public_url or own_url(address, pages.port)
    line = _("公道已经在 {url} 上了，按 Ctrl-C 停止。").format(url=shown)

    def wait() -> None:
        pause = threading.Event()
        while not signals.stopping:
            if answers(address, pages.port):
                say(line)
                return
            pause.wait(_ASK_AGAIN)

    threading.Thread(target=wait, name="announce", daemon=True).start()
