"""Buyers for a benchmark: real HTTP, each waits for his secret before he orders again.

One thread, bare sockets and hand-written HTTP/1.1, so that the buyers cost the shared cores little.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

Sign = Callable[[str, str, str], Mapping[str, str]]
"""The signed fields of a callback for (order number, trade number, amount)."""
Answer = tuple[int, bytes]
"""Status and body."""
Buyer = Generator[bytes, Answer, None]
"""Gives each request as it goes out, and is sent its answer."""
_PATIENCE_S = 60.0


@dataclass
class Seen:
    """What the buyers saw: seconds per delivered order, the secrets, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    missing: int = 0
    problems: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Errand:
    """What all buyers do: order ``wanted`` at the server ``host``:``port``, and have the payment
    service call with what ``sign`` signs."""

    host: str
    port: int
    wanted: Mapping[str, object]
    sign: Sign


class _Line:
    """One kept-alive connection, and what came of the answer so far."""

    def __init__(self, errand: Errand) -> None:
        self.socket = socket.create_connection((errand.host, errand.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = b""

    def take(self) -> Answer | None:
        """Read what is there; the answer once it is whole. Raise ConnectionError at its end."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self._came += piece
        head, gap, body = self._came.partition(b"\r\n\r\n")
        if not gap:
            return None
        lines = head.lower().split(b"\r\n")
        length = next(int(one[15:]) for one in lines if one.startswith(b"content-length:"))
        if len(body) < length:
            return None
        self._came = body[length:]
        return int(lines[0].split()[1]), body[:length]


def run_buyers(*, errand: Errand, clients: int, seconds: float) -> Seen:
    """Let ``clients`` buyers go on the errand again and again for ``seconds``; what they saw."""
    seen, until = Seen(), time.monotonic() + seconds
    with selectors.DefaultSelector() as waiting:
        for number in range(clients):
            line, buyer = _Line(errand), _buy(number, errand, until, seen)
            line.socket.sendall(next(buyer))
            waiting.register(line.socket, selectors.EVENT_READ, (line, buyer))
        while waiting.get_map():
            ready = waiting.select(_PATIENCE_S)
            if not ready:
                raise TimeoutError("the server does not answer")
            for key, _events in ready:
                if not _go_on(*key.data):
                    waiting.unregister(key.fileobj)
    return seen


def _go_on(line: _Line, buyer: Buyer) -> bool:
    """Read, and let the buyer ask again where the answer is whole; False where he is done."""
    answer = line.take()
    if answer is None:
        return True
    try:
        line.socket.sendall(buyer.send(answer))
    except StopIteration:
        line.socket.close()
        return False
    return True


def _buy(number: int, errand: Errand, until: float, seen: Seen) -> Buyer:
    turn, host = 0, f"Host: {errand.host}:{errand.port}\r\n"
    while turn == 0 or time.monotonic() < until:
        turn += 1
        began = time.perf_counter()
        contact = f"buyer-{number}-{turn}@example.invalid"
        body = json.dumps({**errand.wanted, "contact": contact}).encode()
        status, told = yield _post("/api/v1/orders", host + _JSON, body)
        if status != 201:
            _count(seen, f"place {status} {told[:80]!r}")
            continue
        order = json.loads(told)
        fields = errand.sign(order["number"], f"T{order['number']}", order["total"])
        paid = yield _post("/pay/sandbox/notify", host + _FORM, urlencode(fields).encode())
        if paid != (200, b"success"):
            _count(seen, f"notify {paid[0]}")
        more = f"{host}X-Query-Code: {order['query_code']}\r\n"
        status, told = yield _post(f"/api/v1/orders/{order['number']}/secrets", more, b"")
        if status != 200:
            seen.missing += 1
            _count(seen, f"secrets {status}")
            continue
        found = [one["fields"]["secret"] for one in json.loads(told)["secrets"]]
        seen.missing += len(found) != 1
        seen.secrets += found
        seen.seconds.append(time.perf_counter() - began)


def _post(path: str, more: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


_JSON = "Content-Type: application/json\r\n"
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def _count(seen: Seen, problem: str) -> None:
    seen.problems[problem] = seen.problems.get(problem, 0) + 1
