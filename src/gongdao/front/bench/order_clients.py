"""Buyers for a benchmark: real HTTP, each waits for his secret before he orders again.

One event loop and hand-written HTTP/1.1, so that the buyers cost the shared cores little.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

Sign = Callable[[str, str, str], Mapping[str, str]]
"""The signed fields of a callback for (order number, trade number, amount)."""


@dataclass
class Seen:
    """What the buyers saw: seconds per delivered order, the secrets, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    missing: int = 0
    problems: dict[str, int] = field(default_factory=dict)


class _Connection:
    """One kept-alive connection."""

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._head = f"Host: {host}:{port}\r\n"

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._place)

    async def ask(self, method: str, path: str, body: bytes, more: str) -> tuple[int, bytes]:
        """Send one request; the status and the body of its answer."""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{more}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        lines = answer.decode("latin-1").lower().split("\r\n")
        length = next(int(one[15:]) for one in lines if one.startswith("content-length:"))
        return int(lines[0].split()[1]), await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()


async def run_buyers(
    *, host: str, port: int, clients: int, seconds: float, wanted: Mapping[str, object], sign: Sign
) -> Seen:
    """Let ``clients`` buyers order ``wanted`` for ``seconds``; what they saw."""
    seen, begin = Seen(), time.monotonic()
    buyers = [
        _buy(number, host, port, begin + seconds, wanted, sign, seen) for number in range(clients)
    ]
    await asyncio.gather(*buyers)
    return seen


async def _buy(
    number: int,
    host: str,
    port: int,
    until: float,
    wanted: Mapping[str, object],
    sign: Sign,
    seen: Seen,
) -> None:
    line = _Connection(host, port)
    await line.open()
    turn = 0
    while time.monotonic() < until:
        turn += 1
        began = time.perf_counter()
        contact = f"buyer-{number}-{turn}@example.invalid"
        body = json.dumps({**wanted, "contact": contact}).encode()
        status, told = await line.ask("POST", "/api/v1/orders", body, _JSON)
        if status != 201:
            _count(seen, f"place {status} {told[:80]!r}")
            continue
        order = json.loads(told)
        fields = sign(order["number"], f"T{order['number']}", order["total"])
        status, told = await line.ask(
            "POST", "/pay/sandbox/notify", urlencode(fields).encode(), _FORM
        )
        if (status, told) != (200, b"success"):
            _count(seen, f"notify {status}")
        more = f"X-Query-Code: {order['query_code']}\r\n"
        path = f"/api/v1/orders/{order['number']}/secrets"
        status, told = await line.ask("POST", path, b"", more)
        if status != 200:
            seen.missing += 1
            _count(seen, f"secrets {status}")
            continue
        found = [one["fields"]["secret"] for one in json.loads(told)["secrets"]]
        seen.missing += len(found) != 1
        seen.secrets += found
        seen.seconds.append(time.perf_counter() - began)
    line.close()


_JSON = "Content-Type: application/json\r\n"
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def _count(seen: Seen, problem: str) -> None:
    seen.problems[problem] = seen.problems.get(problem, 0) + 1
