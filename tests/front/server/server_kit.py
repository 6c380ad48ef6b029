"""What the tests of the server share: starting it in a process of its own, and looking at it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from gongdao.front.server.embedded_postgres import RunningPostgres

REPO = Path(__file__).parents[3]
SEARCHED = f"{REPO / 'src'}:{REPO}:{Path(psycopg.__file__).parents[1]}"
PATIENCE = 60
"""Seconds; far more than anything takes, for machines that do other work as well."""


def wait_until(happened: Callable[[], bool], *, seconds: float = PATIENCE) -> float:
    """Wait for ``happened``; return how long it took, fail if it takes longer than ``seconds``."""
    begin = time.monotonic()
    while not happened():
        assert time.monotonic() - begin < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - begin


def lives(pid: int) -> bool:
    """Whether process ``pid`` runs; one that ended and was not asked after does not."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def is_free(port: int) -> bool:
    """Whether nobody listens on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def add_row(running: RunningPostgres) -> None:
    """Commit one more row."""
    with psycopg.connect(running.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def count_rows(running: RunningPostgres) -> int:
    """How many rows ``add_row`` committed."""
    with psycopg.connect(running.url) as connection:
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    return int(found[0]) if found else 0


def python_for(user: int | None) -> str:
    """An interpreter that ``user`` can start and that has what we need; skips where none is."""
    if user is None:
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        with suppress(PermissionError, FileNotFoundError):
            command = [candidate, "-c", "import psycopg, gongdao, embedded_postgres"]
            env = {"PYTHONPATH": SEARCHED}
            if not subprocess.run(
                command, user=user, group=user, extra_groups=[], env=env, cwd="/", check=False
            ).returncode:
                return candidate
    pytest.skip("NOT TESTED HERE: no Python that an ordinary user could start")


@contextmanager
def python(
    code: str, *arguments: object, user: int | None = None, more: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that runs ``code``; killed at the end if it still runs."""
    process = subprocess.Popen(
        [python_for(user), "-W", "error", "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        env={**os.environ, "PYTHONPATH": SEARCHED, **(more or {})},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_python(code: str, *arguments: object, user: int | None = None) -> Sequence[str]:
    """The lines that ``code`` prints; it must succeed."""
    with python(code, *arguments, user=user) as process:
        shown, _none = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return shown.splitlines()


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line that ``process`` prints; empty if it ended."""
    assert process.stdout
    return process.stdout.readline()


def read_rest(process: subprocess.Popen[str]) -> str:
    """What ``process`` prints until it ends."""
    assert process.stdout
    return process.stdout.read()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """The first line that ``process`` prints with ``words`` in it; fails if it ends before."""
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}")


def kill(pid: int) -> None:
    """Kill -9, and wait until the process is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not lives(pid))
