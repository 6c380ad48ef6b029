"""The witness's ASGI application: ``POST /add-checkpoint`` and ``GET /<log>/checkpoint``.

ASGI and not WSGI, for a body that comes a byte at a time must hold no thread: it is awaited, for a
few seconds and no more. What blocks (verifying, locking, writing to disk) runs in threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongdao.core.errors import GongdaoError
from gongdao.front.clock import now
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.witness import MOST_BODY_BYTES, Answer, Refused, read_request, refuse
from gongdao.log.witness_store import add_checkpoint, read_checkpoint
from gongdao_verify.tlog_policy import LogSigner

PATIENCE_S = 10
"""Seconds that a whole request body may take."""
_ADD = "/add-checkpoint"
_LOG = logging.getLogger("gongdao.log.witness")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _Gone(Exception):
    """The client went away before its request was whole."""


@dataclass(frozen=True)
class WitnessApp:
    """One witness: its key, the logs it knows (origin → keys), its state folder."""

    state: Path
    key: CosignerKey = field(repr=False)
    logs: Mapping[str, LogSigner]
    patience_s: float = PATIENCE_S
    clock: Callable[[], int] = lambda: int(now().timestamp())

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except _Gone:
            return
        await _reply(send, answer, whole=answer.status not in (408, 413))

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        if path == _ADD:
            if method != "POST":
                return refuse(405, "POST only").answer
            return await self._add(scope, receive)
        name = path.removesuffix("/checkpoint").removeprefix("/")
        if method not in ("GET", "HEAD") or path != f"/{name}/checkpoint":
            return refuse(404, "nothing here").answer
        found = await asyncio.to_thread(read_checkpoint, state=self.state, name=name)
        return refuse(404, "unknown log").answer if found is None else Answer(200, found)

    async def _add(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        too_long = refuse(413, "the request is too long").answer
        if _announced(scope) > MOST_BODY_BYTES:
            return too_long
        try:
            async with asyncio.timeout(self.patience_s):
                body = await _read_body(receive)
        except TimeoutError:
            return refuse(408, "the request came too slowly").answer
        if body is None:
            return too_long
        return await asyncio.to_thread(self._judge, body)

    def _judge(self, body: bytes) -> Answer:
        request = read_request(body, self.logs)
        if isinstance(request, Refused):
            return request.answer
        try:
            return add_checkpoint(state=self.state, key=self.key, request=request, at=self.clock())
        except (OSError, GongdaoError) as error:
            _LOG.error("nothing was cosigned: %s", error)
            return refuse(503, "this witness cannot keep what it cosigns; nothing cosigned").answer


def _announced(scope: Mapping[str, Any]) -> int:
    """The length that the client announces; 0 where it does not."""
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value[:12])
    return 0


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too long."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BODY_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _reply(send: Send, answer: Answer, *, whole: bool) -> None:
    """Send ``answer``; where the request was not read to its ``whole`` end, end the connection."""
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if not whole:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
