"""The embedded PostgreSQL: started where no DATABASE_URL is given, with nothing to set up.

Below the data folder lies ``postgres/``: ``cluster/`` (the data), ``password``, ``port``,
``running.json`` and ``server.log``, all closed to others. A lock says who runs the server; it goes
with its process, so nothing is ever "already running" that is not.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psycopg

from gongdao.core.durable import make_folder
from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason
from gongdao.front.server.postgres_binaries import Binaries, find_binaries
from gongdao.front.server.postgres_cluster import NAME, make_cluster
from gongdao.front.server.postgres_process import (
    PortTaken,
    PostgresProcess,
    find_port,
    start_process,
)
from gongdao.front.server.private_files import take_lock, write_private
from gongdao.front.server.running_file import (
    Running,
    find_running,
    forget_running,
    write_running,
)
from gongdao.front.server.server_user import ServerUser, choose_user

_JOIN_PATIENCE = 60
"""Seconds to wait for a server that another process is just starting."""
_GLANCE = 0.3
"""Seconds for which the lock may be held by one that only looks who holds it, or is ending."""
_TRIES = 5


@dataclass(frozen=True)
class RunningPostgres:
    """A server that answers at ``url`` (with its password) and ``port`` of 127.0.0.1.

    ``own`` is False where another process started it; ``stop()`` then leaves it running. As a
    context manager it stops at the end.
    """

    url: str = field(repr=False)
    port: int
    pid: int
    own: bool
    _home: Path = field(repr=False)
    _process: PostgresProcess | None = field(default=None, repr=False)
    _lock: list[int] = field(default_factory=list, repr=False)

    def is_alive(self) -> bool:
        """Whether the server still runs; of another process's, whether that process still does."""
        if self._process is not None:
            return self._process.server.poll() is None
        lock = take_lock(self._home / "lock")
        if lock is not None:
            os.close(lock)
        return lock is None

    def stop(self) -> None:
        """Stop the server and wait for its end; a second call does nothing."""
        if not self._lock or self._process is None:
            return
        try:
            self._process.stop()
            forget_running(self._home)
        finally:
            os.close(self._lock.pop())

    def __enter__(self) -> RunningPostgres:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_embedded(
    *, data_dir: Path, port: int | None = None, durable: bool = True, attach: bool = False
) -> RunningPostgres:
    """Start the PostgreSQL of ``data_dir``, making its data at the first start.

    ``port`` None: the port of last time, or another one if that is taken. ``durable`` False is for
    tests alone: a power cut may then cost everything. ``attach`` True: where another process runs
    the server of this folder already, use that one. Raise ServerError.
    """
    home = data_dir.absolute() / "postgres"
    try:
        make_folder(home)
        while True:
            lock = take_lock(home / "lock", patience=0 if attach else _GLANCE)
            if lock is not None:
                return _start_locked(home, lock, port, durable=durable)
            if (found := _join(home, attach=attach)) is not None:
                return found
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else str(home)
        raise ServerError(
            _("自带的数据库起不来：{where}：{reason}").format(where=where, reason=os_reason(error))
        ) from error


def _start_locked(home: Path, lock: int, port: int | None, *, durable: bool) -> RunningPostgres:
    try:
        cluster = home / "cluster"
        user = choose_user(cluster)
        binaries = find_binaries(user)
        if cluster.is_dir():
            _check_version(cluster, binaries)
            if cluster.stat().st_uid == 0:
                user.hand_over(cluster)
        else:
            make_cluster(home=home, binaries=binaries, user=user, durable=durable)
        return _start(home, lock, binaries, user, port, durable=durable)
    except BaseException:
        os.close(lock)
        raise


def _start(
    home: Path, lock: int, binaries: Binaries, user: ServerUser, port: int | None, *, durable: bool
) -> RunningPostgres:
    password = (home / "password").read_text("utf-8")
    process, used = _start_on_port(home, binaries, user, port, durable=durable)
    try:
        url = f"postgresql://{NAME}:{password}@127.0.0.1:{used}/{NAME}"
        running = Running(url=url, port=used, pid=process.server.pid, owner_pid=os.getpid())
        write_running(home, running)
    except BaseException:
        process.stop()
        raise
    return RunningPostgres(url, used, running.pid, True, home, process, [lock])


def _start_on_port(
    home: Path, binaries: Binaries, user: ServerUser, port: int | None, *, durable: bool
) -> tuple[PostgresProcess, int]:
    """On ``port``, or on one that is free: that of last time if possible."""
    kept = _read_port(home)
    for tries_left in reversed(range(_TRIES)):
        used = find_port(kept) if port is None else port
        try:
            process = start_process(
                home=home, binaries=binaries, user=user, port=used, durable=durable
            )
        except PortTaken:  # between our look and the server's start
            if port is not None or not tries_left:
                raise
            continue
        if used != kept:
            write_private(home / "port", str(used))
        return process, used
    raise AssertionError("the last try returns or raises")


def _read_port(home: Path) -> int | None:
    with suppress(FileNotFoundError):
        text = (home / "port").read_text("utf-8")
        return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None
    return None


def _check_version(cluster: Path, binaries: Binaries) -> None:
    data = (cluster / "PG_VERSION").read_text("utf-8").strip()
    if data != binaries.major:
        raise ServerError(
            _(
                "{folder} 里的数据是 PostgreSQL {data} 的，这里带的是 {major}，不能直接打开。"
                "请用原来的版本 gongdao backup，再在这里 gongdao restore。"
            ).format(folder=cluster, data=data, major=binaries.major)
        )


def _join(home: Path, *, attach: bool) -> RunningPostgres | None:
    """The server that another process runs; None if that process is gone in the meantime."""
    give_up = time.monotonic() + _JOIN_PATIENCE
    while True:
        found = find_running(home)
        if not attach:
            raise _busy(home, found)
        if found and _answers(found.url):
            return RunningPostgres(found.url, found.port, found.pid, False, home)
        if time.monotonic() > give_up:
            raise _busy(home, found)
        lock = take_lock(home / "lock")
        if lock is not None:
            os.close(lock)
            return None
        time.sleep(0.05)


def _busy(home: Path, found: Running | None) -> ServerError:
    return ServerError(
        _("另一个 gongdao（进程 {pid}）正在用 {folder}。同一个数据文件夹同时只能有一个。").format(
            pid=found.owner_pid if found else "?", folder=home.parent
        )
    )


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True
