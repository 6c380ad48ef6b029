"""This server's database and keys for a command, also beside pages that run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gongdao.front.settings import Settings


@contextmanager
def open_server(*, may_create: bool | None = None) -> Iterator[Settings]:
    """Django over the database of this server, running; its settings. Master keys are made, or
    refused, before anything starts (``may_create``: see `get_masters`)."""
    from gongdao.front.server.database import Database
    from gongdao.front.settings import Settings
    from gongdao.front.stores import get_masters

    settings = Settings.read(os.environ)
    get_masters(settings, may_create=may_create)
    database = Database(
        data_dir=settings.data_dir, url=settings.database_url, attach=True, say=to_stderr
    )
    with database:
        from gongdao.front.server.django_processes import prepare

        os.environ.update({"GONGDAO_DATA": str(settings.data_dir), "DATABASE_URL": database.url})
        prepare(database.url)
        yield settings


def to_stderr(line: str) -> None:
    """What goes on, beside the answer and out of its way."""
    print(line, file=sys.stderr, flush=True)
