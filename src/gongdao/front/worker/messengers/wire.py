"""One HTTPS request to one allowed server: no redirect, no proxy, no log, a hard time limit.

It stands where apprise's services expect the ``requests`` module. They look at the status alone,
and some of them answer 200 to a wrong key; the wire keeps the answer so that it can be judged.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import types
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from gongdao.front.worker.messengers.cut_off import cut_off_after

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What the server said: ``status_code`` and at most 64 KiB of ``content``."""

    status_code: int
    content: bytes


class Wire:
    """Speaks to ``origin`` (``https://host`` or ``https://host:port``) and nothing else.

    ``answer`` is the last answer; ``broken`` says that a request was begun and got none, so that
    nobody knows whether it was acted on. ``asked`` counts the requests.
    """

    def __init__(
        self,
        origin: str,
        *,
        limit_s: float,
        library: types.ModuleType,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.answer: Answer | None = None
        self.broken = False
        self.asked = 0
        self._origin = origin
        self._limit_s = limit_s
        self._library = library
        self._trust = trust

    def __getattr__(self, name: str) -> Any:
        """Codes and exceptions are the library's own."""
        return getattr(self._library, name)

    def post(
        self,
        url: str,
        data: str | bytes | Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        **_ours: object,
    ) -> Answer:
        """Send ``data``; raise the library's ConnectionError, without any detail, where there is
        no answer. Time-outs, redirects and certificates are not the caller's to choose."""
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self._origin:
            raise self._library.ConnectionError("refused")
        body, kind = _encode(data)
        query = "&".join(part for part in (parts.query, _query(params)) if part)
        path = f"{parts.path or '/'}?{query}" if query else parts.path or "/"
        self.asked += 1
        try:
            self.answer = self._talk(path, body, {**kind, **(headers or {}), "Connection": "close"})
        except (OSError, http.client.HTTPException, ValueError):
            self.broken = True
            raise self._library.ConnectionError("no answer") from None
        return self.answer

    def _talk(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        held = list[socket.socket]()  # a connection lets go of its socket before the answer is read
        with (
            closing(self._connection()) as connection,
            cut_off_after(self._limit_s, lambda: held[-1] if held else connection.sock) as cut,
        ):
            connection.connect()
            held.append(connection.sock)
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            content = response.read(_MOST_BYTES)
            if cut.done:
                raise TimeoutError
            return Answer(response.status, content)

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._origin)
        host = parts.hostname or ""
        if parts.scheme == "https":
            trust = self._trust or ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, parts.port, timeout=self._limit_s, context=trust
            )
        return http.client.HTTPConnection(host, parts.port, timeout=self._limit_s)


def _encode(data: str | bytes | Mapping[str, str] | None) -> tuple[bytes, dict[str, str]]:
    if isinstance(data, Mapping):
        return urlencode(data).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return (data.encode() if isinstance(data, str) else data or b""), {}


def _query(params: Mapping[str, str] | None) -> str:
    """``params`` as a query, each value quoted once: apprise quotes DingTalk's signature itself,
    and a signature quoted twice does not match."""
    return "&".join(f"{name}={quote(unquote(v), safe='')}" for name, v in (params or {}).items())
