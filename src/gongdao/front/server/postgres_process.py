"""The server process of the embedded PostgreSQL: start it, wait for it, stop it.

It listens on 127.0.0.1 alone. A watchdog, a shell that waits for the end of a pipe, stops it when
the process that started it is gone, however that ended. What a killed start left behind is cleared
away by looking at processes, not by believing files.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.server.postgres_binaries import PLAIN_ENVIRONMENT, Binaries
from gongdao.front.server.private_files import open_log
from gongdao.front.server.server_user import ServerUser

_HOST = "127.0.0.1"
_STEP = 0.01
_START_PATIENCE = 600
"""Seconds for recovery after a crash, which on a slow disk takes minutes."""
_LEFTOVER_PATIENCE = 15
"""Seconds for what a killed server left behind to end."""
_STOP_PATIENCE = 30
_LOG_BYTES = 1024 * 1024
_OPTIONS: Mapping[str, str] = {
    "listen_addresses": _HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    # A failed statement is not written to the log, nor its values: they may be about people.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_FAST: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_LEFT_BEHIND = ("is still in use", 'lock file "postmaster.pid" already exists')
_PORT_TAKEN = ("could not bind", "could not create any TCP/IP sockets")


class PortTaken(ServerError):
    """The port for the database is in use; another one may be free."""

    code = "port_taken"


@dataclass(frozen=True)
class PostgresProcess:
    """A server process and its watchdog; ``log_start`` is where its lines begin in server.log."""

    server: subprocess.Popen[bytes]
    watchdog: subprocess.Popen[bytes]
    log_start: int

    def stop(self) -> None:
        """End the server, politely first; return when it has ended."""
        for number, patience in ((signal.SIGINT, _STOP_PATIENCE), (signal.SIGQUIT, 5)):
            if self.server.poll() is None:
                self.server.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    self.server.wait(patience)
        if self.server.poll() is None:
            self.server.kill()
            self.server.wait()
        self.watchdog.kill()
        self.watchdog.wait()
        if self.watchdog.stdin:
            self.watchdog.stdin.close()


def start_process(
    *, home: Path, binaries: Binaries, user: ServerUser, port: int, durable: bool
) -> PostgresProcess:
    """Start the server on ``home/cluster`` and wait until it answers.

    Raise PortTaken, or ServerError with the end of the server's log.
    """
    cluster = home / "cluster"
    _clear_leftover(cluster)
    give_up = time.monotonic() + _LEFTOVER_PATIENCE
    while True:
        started = _launch(home, binaries, user, port, durable=durable)
        complaint = _wait_ready(started, home)
        if complaint is None:
            return started
        started.stop()
        if any(words in complaint for words in _PORT_TAKEN):
            raise PortTaken(_("端口 {port} 已被占用，自带的数据库起不来。").format(port=port))
        if not any(words in complaint for words in _LEFT_BEHIND) or time.monotonic() > give_up:
            reason = complaint.strip().splitlines()[-1:] or [str(started.server.returncode)]
            raise ServerError(
                _("自带的数据库起不来：{reason}。完整的日志在 {log}").format(
                    reason=reason[0], log=home / "server.log"
                )
            )
        time.sleep(0.1)


def find_port(wished: int | None) -> int:
    """``wished`` if it is free on 127.0.0.1, else one that is."""
    for port in (wished, 0):
        if port is not None and (found := _try_port(port)):
            return found
    raise ServerError(_("本机没有空闲的端口，自带的数据库起不来。"))


def _try_port(port: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _mark(cluster: Path) -> str:
    """What the command line of the server for ``cluster`` holds, and no other's."""
    return f"gongdao-{sha256(os.fsencode(cluster.resolve())).hexdigest()[:12]}"


def _launch(
    home: Path, binaries: Binaries, user: ServerUser, port: int, *, durable: bool
) -> PostgresProcess:
    cluster = home / "cluster"
    command = [binaries.path("postgres"), "-D", user.data_path(cluster)]
    options = {**_OPTIONS, "port": str(port), "cluster_name": _mark(cluster)}
    for name, value in {**options, **({} if durable else _FAST)}.items():
        command += ["-c", f"{name}={value}"]
    log = open_log(home / "server.log", keep_bytes=_LOG_BYTES)
    log_start = os.fstat(log).st_size
    try:
        server = subprocess.Popen(
            command,
            cwd=cluster,
            env=PLAIN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=user.uid,
            group=user.gid,
            extra_groups=user.groups,
            umask=0o077,
            start_new_session=True,
        )
    finally:
        os.close(log)
    return PostgresProcess(server, _watch(server.pid, user), log_start)


def _watch(pid: int, user: ServerUser) -> subprocess.Popen[bytes]:
    """A shell that stops ``pid`` when this process is gone: the pipe to it then ends."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _; kill -INT "$1"', "gongdao-watchdog", str(pid)],
        cwd="/",
        env=PLAIN_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user.uid,
        group=user.gid,
        extra_groups=user.groups,
        start_new_session=True,
    )


def _wait_ready(started: PostgresProcess, home: Path) -> str | None:
    """Wait until the server answers; else what it wrote to its log since it was started."""
    give_up = time.monotonic() + _START_PATIENCE
    while started.server.poll() is None:
        lines = _read_pid_file(home / "cluster")
        if lines[:1] == [str(started.server.pid)] and lines[7:8] == ["ready"]:
            return None
        if time.monotonic() > give_up:
            break
        time.sleep(_STEP)
    return (home / "server.log").read_bytes()[started.log_start :].decode("utf-8", "replace")


def _read_pid_file(cluster: Path) -> list[str]:
    try:
        text = (cluster / "postmaster.pid").read_text("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _clear_leftover(cluster: Path) -> None:
    """End a server of ours that lost its owner, and forget one whose number somebody else has.

    The caller holds the lock: nobody else starts a server here.
    """
    first = next(iter(_read_pid_file(cluster)), "")
    pid = int(first) if first.isdecimal() else 0
    if not pid or _mark(cluster) not in _command_line(pid):
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        return
    for number, patience in ((signal.SIGINT, _LEFTOVER_PATIENCE), (signal.SIGQUIT, 5)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            if _mark(cluster) not in _command_line(pid):
                return
            time.sleep(_STEP)


def _command_line(pid: int) -> str:
    """With what the process was started; empty if it ended, even if nobody asked how."""
    if Path("/proc/self/cmdline").exists():
        with suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
        return ""
    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
