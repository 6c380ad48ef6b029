"""``gongdao serve | web | worker``: the pages and the jobs behind them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gongdao.front.cli.options import Lang

Port = Annotated[
    int | None,
    typer.Option("--port", help="端口，默认 8000 或 GONGDAO_PORT。Port.", min=1, max=65535),
]
Host = Annotated[
    str | None, typer.Option("--host", help="监听地址，默认只在本机。Address to listen on.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", help="同时做几件后台任务。Jobs at once.", min=1, max=64)
]


def _run(*, host: str | None, port: int | None, with_pages: bool, jobs: int, attach: bool) -> None:
    from gongdao.front.server.serve import Pages, serve
    from gongdao.front.settings import Settings
    from gongdao.front.stores import get_masters

    environ = dict(os.environ)
    if host is not None:
        environ["GONGDAO_HOST"] = host
    if port is not None:
        environ["GONGDAO_PORT"] = str(port)
    settings = Settings.read(environ)
    get_masters(settings)  # made, or refused, before anything starts
    pages = Pages(
        host=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        public_url=settings.public_url,
    )
    serve(
        data_dir=settings.data_dir,
        database_url=settings.database_url,
        pages=pages if with_pages else None,
        jobs=jobs,
        attach=attach,
        say=_say,
    )


def _say(line: str) -> None:
    print(line, flush=True)


def serve(host: Host = None, port: Port = None, jobs: Jobs = 2, lang: Lang = "zh") -> None:
    """Pages, worker and, without DATABASE_URL, the embedded database: everything, one command."""
    _run(host=host, port=port, with_pages=True, jobs=jobs, attach=False)


def web(host: Host = None, port: Port = None, lang: Lang = "zh") -> None:
    """The pages alone; jobs wait for a worker."""
    _run(host=host, port=port, with_pages=True, jobs=0, attach=True)


def worker(jobs: Jobs = 2, lang: Lang = "zh") -> None:
    """The worker alone: reads files, sends reminders, seals case files."""
    _run(host=None, port=None, with_pages=False, jobs=jobs, attach=True)
