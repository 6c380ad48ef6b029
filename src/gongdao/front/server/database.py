"""The database of a running server: the one that is named, or the embedded one, kept running."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psycopg

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.server.embedded_postgres import RunningPostgres, start_embedded
from gongdao.front.server.wait_for_database import wait_for_database

_OLDEST = 15
_OFTEN = 3
_WHILE = 60
"""The embedded server may end this often in so many seconds before we give up."""


class Database:
    """A context manager: ``url`` answers inside it. Raise ServerError where it cannot.

    With an empty ``url`` the embedded server of ``data_dir`` is started and stopped again;
    ``attach`` True shares it with another process that runs it.
    """

    def __init__(
        self, *, data_dir: Path, url: str, attach: bool, say: Callable[[str], None]
    ) -> None:
        self.url = url
        self._data_dir = data_dir
        self._attach = attach
        self._say = say
        self._embedded: RunningPostgres | None = None
        self._ends: list[float] = []

    def __enter__(self) -> Database:
        if self.url:
            _check(self.url)
        else:
            self._embedded = start_embedded(data_dir=self._data_dir, attach=self._attach)
            self.url = self._embedded.url
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._embedded is not None:
            self._embedded.stop()

    def look(self) -> None:
        """Start the embedded server again, at the same address, if it ended.

        Raise ServerError if it ends again and again, or was another process's and is gone.
        """
        running = self._embedded
        if running is None or running.is_alive():
            return
        if not running.own:
            raise ServerError(_("数据库是另一个 gongdao 启动的，它停了。请重新启动。"))
        now = time.monotonic()
        self._ends = [end for end in self._ends if now - end < _WHILE] + [now]
        if len(self._ends) >= _OFTEN:
            raise ServerError(
                _("自带的数据库接连退出 {count} 次，不再重试。日志在 {log}").format(
                    count=len(self._ends), log=self._data_dir / "postgres/server.log"
                )
            )
        self._say(_("自带的数据库意外退出，重新启动。"))
        running.stop()
        self._embedded = start_embedded(data_dir=self._data_dir, port=running.port)


def _check(url: str) -> None:
    try:
        wait_for_database(url)
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise ServerError(
            _("连不上 DATABASE_URL 指的数据库：{reason}").format(reason=reason)
        ) from error
    if version < _OLDEST:
        raise ServerError(
            _("数据库是 PostgreSQL {version}，至少要 {oldest}。").format(
                version=version, oldest=_OLDEST
            )
        )
