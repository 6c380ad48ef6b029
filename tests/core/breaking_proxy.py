"""A wire that breaks: a proxy on this machine that cuts or delays chosen connections."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

_PIECE = 1 << 16


class Break(StrEnum):
    """What happens to a request."""

    REQUEST = "request"
    """Cut after more than ``bytes`` of what the client sends; the server never sees the rest."""
    ANSWER = "answer"
    """Cut when the server answers, before the client hears of it: done, but reported failed."""
    BODY = "body"
    """Cut after more than ``bytes`` of the answer."""
    LATE = "late"
    """The answer comes ``delay_s`` late."""


@dataclass
class BreakingProxy:
    """Listens on ``port``; chosen requests suffer ``how``, all others pass."""

    port: int
    how: Break | None = None
    skip: int = 0
    times: int = 0
    bytes: int = 0
    delay_s: float = 0
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def break_next(
        self, how: Break, *, skip: int = 0, times: int = 1, after: int = 0, delay_s: float = 0
    ) -> None:
        """Let ``skip`` requests pass, then ``times`` of them suffer ``how``."""
        with self.lock:
            self.how, self.skip, self.times, self.bytes = how, skip, times, after
            self.delay_s, self.broken = delay_s, 0

    def take(self) -> Break | None:
        """What the request that begins now suffers, if anything."""
        with self.lock:
            if self.skip:
                self.skip -= 1
                return None
            if not self.times:
                return None
            self.times -= 1
            self.broken += 1
            return self.how


@contextmanager
def run_proxy(upstream_port: int) -> Iterator[BreakingProxy]:
    """The proxy before ``upstream_port``, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = BreakingProxy(server.getsockname()[1])
        accepting = threading.Thread(target=_accept, args=(server, upstream_port, proxy))
        accepting.start()
        try:
            yield proxy
        finally:
            proxy.stopped.set()
            server.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(server: socket.socket, upstream_port: int, proxy: BreakingProxy) -> None:
    lines = []
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            break
        line = threading.Thread(target=_carry, args=(client, upstream_port, proxy))
        line.start()
        lines.append(line)
    for line in lines:
        line.join()


def _carry(client: socket.socket, upstream_port: int, proxy: BreakingProxy) -> None:
    """One connection, to its end. Each request on it asks the proxy what it is to suffer."""
    fault: Break | None = None
    asked = answered = 0
    with client, socket.create_connection(("127.0.0.1", upstream_port)) as upstream:
        while not proxy.stopped.is_set():
            ready, _writable, _failed = select.select([client, upstream], [], [], 0.1)
            for line in ready:
                piece = _receive(line)
                if not piece:
                    return
                if line is client:
                    if answered or not asked:
                        fault, asked, answered = proxy.take(), 0, 0
                    asked += len(piece)
                    if fault is Break.REQUEST and asked > proxy.bytes:
                        return
                elif not piece.startswith(b"HTTP/1.1 100"):
                    answered += len(piece)
                    if fault is Break.ANSWER:
                        return
                    if fault is Break.BODY and answered > proxy.bytes:
                        return
                    if fault is Break.LATE:
                        time.sleep(proxy.delay_s)
                with suppress(OSError):
                    (upstream if line is client else client).sendall(piece)


def _receive(line: socket.socket) -> bytes:
    """What has come; empty at the end."""
    try:
        return line.recv(_PIECE)
    except OSError:
        return b""
