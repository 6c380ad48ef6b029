"""A part of a file, for a download that broke off and goes on (RFC 9110, chapter 14).

The sealed stream begins at its beginning: what was there already is decrypted and dropped, half a
second for the largest file. One range at a time; whatever else is asked for gets the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse

from gongdao.core.attempts import Limit, count_attempt
from gongdao.front.clock import now
from gongdao.front.stores import get_stores

PARTS = Limit("parts", 300, timedelta(hours=1))
"""Parts of files of one case; each costs as much work as the whole file before it."""
_ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def answer_part(
    request: HttpRequest,
    *,
    case_id: UUID,
    size: int,
    digest: str,
    open_whole: Callable[[], StreamingHttpResponse],
) -> StreamingHttpResponse:
    """The file of ``size`` bytes with this ``digest`` that ``open_whole`` gives, or the part of it
    that is asked for: 206; 416 where it has no such part. Raises TooManyAttempts where so many
    parts of this case were taken that somebody lets the server decrypt for nothing."""
    tag = f'"{digest}"'
    wanted = find_range(request.headers.get("Range", ""), size)
    if request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        wanted = None
    if wanted is not None:
        count_attempt(stores=get_stores(), limit=PARTS, who=str(case_id), at=now())
    start, end = wanted or (0, size)
    if wanted and start >= end:
        nothing = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        return StreamingHttpResponse(iter(()), status=416, headers=nothing)
    whole = open_whole()
    whole["ETag"], whole["Accept-Ranges"] = tag, "bytes"
    if wanted:
        content = whole.streaming_content
        assert isinstance(content, Iterator)
        whole.status_code, whole["Content-Range"] = 206, f"bytes {start}-{end - 1}/{size}"
        whole["Content-Length"] = str(end - start)
        whole.streaming_content = cut(content, start, end)
    return whole


def find_range(asked: str, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of the one range that ``asked`` names in a file of ``size`` bytes,
    empty where there is nothing in it; None where no single range is asked for."""
    found = _ONE_RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size


def cut(chunks: Iterable[bytes], start: int, end: int) -> Iterator[bytes]:
    """The bytes from ``start`` to ``end`` of what ``chunks`` are together."""
    at = 0
    for chunk in chunks:
        piece = chunk[max(0, start - at) : max(0, end - at)]
        at += len(chunk)
        if piece:
            yield piece
        if at >= end:
            return
