"""A ground for measuring: a data folder and a durable PostgreSQL of its own, thrown away."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gongdao.front.settings import Settings


@contextmanager
def stand_on_new_ground(
    folder: Path | None = None, more: Mapping[str, str] | None = None
) -> Iterator[Settings]:
    """Settings of an empty installation below ``folder`` (None: where temporary files go), its
    database running in this version's form and Django set up upon it. Once in a process: its
    environment, with ``more`` in it, leads there, also for processes that it starts."""
    from gongdao.front.server.django_processes import prepare
    from gongdao.front.server.embedded_postgres import start_embedded
    from gongdao.front.stores import get_masters

    for name in [one for one in os.environ if one.startswith("GONGDAO_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="gongdao-bench-", dir=folder) as data:
        os.environ |= {**(more or {}), "GONGDAO_DATA": data}
        get_masters(Settings.read(os.environ))
        with start_embedded(data_dir=Path(data)) as running:
            os.environ["DATABASE_URL"] = running.url
            prepare(running.url, with_static=True)
            try:
                yield Settings.read(os.environ)
            finally:
                _let_go()


def _let_go() -> None:
    """Close Django's connections, so that the database can stop."""
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    connections.close_all()
    default = connections["default"]
    if isinstance(default, DatabaseWrapper):
        default.close_pool()
