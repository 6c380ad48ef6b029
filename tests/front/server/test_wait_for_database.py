"""A database that is starting up is waited for; nothing else is."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.pq import PGconn, Ping
from tests.front.server.server_kit import free_port

from gongdao.core.errors import ServerError
from gongdao.front.server.database import _check
from gongdao.front.server.embedded_postgres import start_embedded
from gongdao.front.server.wait_for_database import wait_for_database

_SERVER = """
import socket, struct
says = b"SFATAL\\0VFATAL\\0C57P03\\0Mthe database system is starting up\\0\\0"
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    while True:
        line, _place = listening.accept()
        with line:
            line.recv(4096)
            line.sendall(b"E" + struct.pack("!I", len(says) + 4) + says)
        print("asked", flush=True)
"""
"""Tells everybody, as PostgreSQL does after a crash, that it is starting up. A process of its own:
libpq's ping lets no other thread run."""


@contextmanager
def _starting_up() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of such a server, and its process, which says a line whenever it is asked."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", _SERVER], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            yield (
                f"postgresql://x:y@127.0.0.1:{port}/x?sslmode=disable&gssencmode=disable",
                server,
            )
        finally:
            server.kill()


def test_a_server_that_is_starting_up_is_asked_again() -> None:
    """It refuses as PostgreSQL does after a crash: it is asked again until the time is over, where
    (the control) connecting at once fails with that very message."""
    with _starting_up() as (url, server):
        with pytest.raises(psycopg.OperationalError, match="starting up"):
            psycopg.connect(url)
        began = time.monotonic()
        assert not wait_for_database(url, patience_s=1)
        assert time.monotonic() - began >= 1
        server.kill()
        assert server.stdout is not None and len(server.stdout.readlines()) >= 3


def test_the_wait_ends_when_the_server_is_there() -> None:
    """Refused twice, then open: nobody waits longer, and nothing failed."""
    answers = iter([Ping.REJECT, Ping.REJECT, Ping.OK])
    assert wait_for_database("postgresql://x", ping=lambda _url: next(answers))


def test_nobody_there_is_no_reason_to_wait() -> None:
    """Where nobody listens the address is wrong, at the start; a part that runs waits a moment."""
    url = f"postgresql://x:y@127.0.0.1:{free_port()}/x"
    asked: list[bytes] = []

    def count(place: bytes) -> int:
        asked.append(place)
        return PGconn.ping(place)

    assert not wait_for_database(url, ping=count)
    assert len(asked) == 1
    with pytest.raises(ServerError, match="DATABASE_URL"):
        _check(url)
    began = time.monotonic()
    assert not wait_for_database(url, absent_s=0.5)
    assert time.monotonic() - began >= 0.5


def test_a_database_that_runs_is_not_waited_for(tmp_path) -> None:
    """The usual case costs next to nothing."""
    with start_embedded(data_dir=tmp_path, durable=False) as running:
        answers: list[int] = []

        def note(place: bytes) -> int:
            answers.append(PGconn.ping(place))
            return answers[-1]

        assert wait_for_database(running.url, ping=note)
        assert answers == [Ping.OK]
