"""Requests over HTTP to somebody whom we do not trust: bounded in size and time, not redirected.

A server may answer slowly, for ever, too much, or with something else; it may not make us wait
longer than we said, keep more than we said, or go where it points.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _

_CHUNK = 65536
AGENT = "gongdao-log/1"


@dataclass(frozen=True)
class Reply:
    """What a server answered; ``body`` is whole, identity-coded and within the limit."""

    status: int
    content_type: str
    body: bytes
    location: str = ""
    retry_after: str = ""


class Unanswered(OSError):
    """No usable answer: refused, cut, too slow, too long or not HTTP. Trying again may help."""


class _Deadline:
    """A moment that waits may not pass."""

    def __init__(self) -> None:
        self.at = 0.0

    def left(self) -> float:
        """Seconds left; raise TimeoutError when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow")
        return left


class _TimedReader(io.RawIOBase):
    """Reads from a socket; every wait counts against the one deadline of the request."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


class _TimedSocket:
    """As much of a socket as http.client uses, with one deadline for all of a request."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, mode: str, *_more: object) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def close(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for an answer
        self._sock.close()


def check_base(url: str, *, field: str | None = None) -> SplitResult:
    """The parts of ``url``; raise InputError unless it is http(s) without user, query, fragment."""
    try:
        parts = urlsplit(url.rstrip("/"))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            _("地址不能用：{url}").format(url=url[:200]),
            field=field,
            hint=_("要写成 https://主机/路径 的样子。"),
        )
    return parts


class HttpPeer:
    """One server below ``base_url``, over a connection that is kept. For one thread at a time.

    ``patience_s`` bounds a whole request: connecting, asking, and the last byte of the answer.
    """

    def __init__(self, base_url: str, *, patience_s: float = 30) -> None:
        self._parts = check_base(base_url)
        self._patience_s = patience_s
        self._deadline = _Deadline()
        self._connection: http.client.HTTPConnection | None = None
        self._closed = False

    def get(self, path: str, *, limit: int) -> Reply:
        """GET ``path`` below the base, ``limit`` bytes of body at most; raise Unanswered."""
        return self._ask("GET", path, None, limit)

    def post(self, path: str, body: bytes, *, limit: int) -> Reply:
        """POST ``body`` to ``path`` below the base; raise Unanswered."""
        return self._ask("POST", path, body, limit)

    def close(self) -> None:
        """Let the connection go, for good. From any thread: one that waits gets no answer."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, limit: int) -> Reply:
        self._deadline.at = time.monotonic() + self._patience_s
        kept = self._connection is not None
        try:
            return self._exchange(method, path, body, limit)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            # A kept connection may have been closed by the server meanwhile: once more, afresh.
            if not kept or isinstance(error, Unanswered | TimeoutError):
                raise _unanswered(error) from error
        try:
            return self._exchange(method, path, body, limit)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise _unanswered(error) from error

    def _exchange(self, method: str, path: str, body: bytes | None, limit: int) -> Reply:
        connection = self._connect()
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        connection.request(method, f"{self._parts.path}/{path}", body, headers)
        response = connection.getresponse()
        if response.getheader("Content-Encoding", "identity").lower() != "identity":
            raise Unanswered("an encoded body, which was not asked for")
        data = _read_all(response, limit, self._deadline)
        if response.will_close:
            self._drop()
        return Reply(
            status=response.status,
            content_type=response.getheader("Content-Type", "").partition(";")[0].strip().lower(),
            body=data,
            location=response.getheader("Location", ""),
            retry_after=response.getheader("Retry-After", ""),
        )

    def _connect(self) -> http.client.HTTPConnection:
        if self._closed:
            raise Unanswered("closed")
        if self._connection is None:
            host, port, left = self._parts.hostname or "", self._parts.port, self._deadline.left()
            if self._parts.scheme == "https":
                made: http.client.HTTPConnection = http.client.HTTPSConnection(
                    host, port, timeout=left, context=ssl.create_default_context()
                )
            else:
                made = http.client.HTTPConnection(host, port, timeout=left)
            made.connect()
            made.sock = _TimedSocket(made.sock, self._deadline)
            self._connection = made
        return self._connection


def _read_all(response: http.client.HTTPResponse, limit: int, deadline: _Deadline) -> bytes:
    """The body; raise Unanswered when it is longer than ``limit`` or cut short."""
    if response.length is not None and response.length > limit:
        raise Unanswered(f"{response.length} bytes, more than {limit}")
    parts, size = [], 0
    while part := response.read1(_CHUNK):
        deadline.left()
        size += len(part)
        if size > limit:
            raise Unanswered(f"more than {limit} bytes")
        parts.append(part)
    if response.length:
        raise Unanswered("cut short")
    response.close()
    return b"".join(parts)


def _unanswered(error: BaseException) -> Unanswered:
    if isinstance(error, Unanswered):
        return error
    if isinstance(error, TimeoutError):
        return Unanswered("too slow")
    return Unanswered(str(error) or type(error).__name__)
