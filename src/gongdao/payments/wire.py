"""Ask a payment service over HTTP and wait for the whole answer, or for none.

Bounded in time and in size, never redirected. Errors carry a code, neither address nor content:
both may hold keys. An answer with an error status is an answer: services explain themselves there.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from gongdao.payments.port import GatewayError

PATIENCE_S = 10.0
_LONGEST_ANSWER = 8 << 20
"""In bytes; a day's bill of a busy account is the longest."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Wire(Protocol):
    """Sends one request; GatewayError where no whole answer comes."""

    def __call__(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer, whatever its status."""


@dataclass(frozen=True)
class HttpWire:
    """Over the network, `patience_s` seconds in all. With ``public`` nothing is sent to an address
    that is not on the open internet, whatever the name resolves to."""

    patience_s: float = PATIENCE_S
    public: bool = False

    def __call__(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request in a thread of its own: a peer that drips bytes defeats the time-outs of
        sockets, so that only the waiting can be ended."""
        done: queue.SimpleQueue[Answer | GatewayError] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put(self._send(method, url, body, headers or {}))
            except TimeoutError:
                done.put(GatewayError("slow"))
            except (OSError, http.client.HTTPException, ValueError):
                done.put(GatewayError("unreachable"))
            except GatewayError as error:
                done.put(error)

        threading.Thread(target=run, daemon=True, name="payments").start()
        try:
            found = done.get(timeout=self.patience_s)
        except queue.Empty:
            raise GatewayError("slow") from None
        if isinstance(found, GatewayError):
            raise found
        return found

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http"):
            raise GatewayError("no_address")
        kinds = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}
        line = kinds[parts.scheme](parts.hostname or "", parts.port, timeout=self.patience_s)
        try:
            line.connect()
            if self.public and not is_public(line.sock.getpeername()[0]):
                raise GatewayError("private_address")
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            line.request(method, path, body or None, {"User-Agent": "gongdao", **headers})
            answer = line.getresponse()
            data = answer.read(_LONGEST_ANSWER + 1)
        finally:
            line.close()
        if len(data) > _LONGEST_ANSWER:
            raise GatewayError("too_long")
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)


def is_public(address: str) -> bool:
    """Whether ``address`` (numbers, not a name) is one of the open internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = inner or found
    return found.is_global and not found.is_multicast


def read_object(body: bytes) -> dict[str, Any]:
    """``body`` as a JSON object; numbers with a point stay text, so that no amount passes through
    binary fractions. GatewayError otherwise."""
    try:
        value = json.loads(body.decode(), parse_float=str)
    except (ValueError, RecursionError):
        raise GatewayError("not_json") from None
    if not isinstance(value, dict):
        raise GatewayError("not_json")
    return value


def post_form(wire: Wire, url: str, fields: Mapping[str, str]) -> Answer:
    """Post ``fields`` as a form."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return wire("POST", url, body=urlencode(fields).encode(), headers=headers)


def check_ok(answer: Answer) -> bytes:
    """The body of an answer with status 200; GatewayError otherwise."""
    if answer.status != http.HTTPStatus.OK:
        raise GatewayError(f"status_{answer.status}")
    return answer.body
