"""Answers that are files: named, never cached, never compressed on the way."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from gongdao.core.clock import beijing

Member = tuple[str, Iterable[bytes]]
_INDEX_ENTRY, _END, _LONG_END = 46, 22, 76
"""Bytes at the end of a zip: of each member without its name, of the end, and of the end of one
with numbers beyond 32 bits (APPNOTE 4.3.12 to 4.3.16)."""


def file_answer(
    chunks: Iterable[bytes], *, name: str, media_type: str, size: int = 0, inline: bool = False
) -> StreamingHttpResponse:
    """``chunks`` as the file ``name``; ``size`` in bytes where it is known; ``inline``: to be
    looked at, not saved."""
    answer = StreamingHttpResponse(chunks, content_type=media_type)
    disposition = content_disposition_header(not inline, name)
    if disposition:
        answer["Content-Disposition"] = disposition
    answer["Content-Encoding"] = "identity"  # zips and pictures do not get smaller
    if size:
        answer["Content-Length"] = str(size)
    return answer


def zip_chunks(members: Iterable[Member], *, at: datetime) -> Iterator[bytes]:
    """A zip of ``members``, made while it is sent: nothing lies in the clear anywhere, and memory
    holds one piece. The one who stops reading it stops it."""
    sink = _Sink()
    local = beijing(at)
    when = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, chunks in members:
            info = zipfile.ZipInfo(name, when)
            info.create_system, info.external_attr = 3, 0o100600 << 16
            with archive.open(info, "w", force_zip64=True) as member:
                for chunk in chunks:
                    member.write(chunk)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def zip_size(sizes: Iterable[tuple[str, int]], *, at: datetime) -> int:
    """How many bytes ``zip_chunks`` makes of members with these names and sizes in bytes: told
    before, so that a zip that breaks off is seen to, and is not taken for a whole one."""
    sizes = list(sizes)
    empty: list[Member] = [(name, []) for name, _size in sizes]
    frames = [len(b"".join(zip_chunks([one], at=at))) - _END for one in empty]
    index = [_INDEX_ENTRY + len(name.encode()) for name, _size in sizes]
    start, extras = 0, 0
    for (_name, size), frame, entry in zip(sizes, frames, index, strict=True):
        long = 2 * (size > zipfile.ZIP64_LIMIT) + (start > zipfile.ZIP64_LIMIT)
        extras += 4 + 8 * long if long else 0
        start += frame - entry + size
    listed = sum(index) + extras
    if max(start, listed) > zipfile.ZIP64_LIMIT or len(sizes) > zipfile.ZIP_FILECOUNT_LIMIT:
        extras += _LONG_END
    return start + sum(index) + extras + _END


def whole_zip(members: Iterable[Member], *, at: datetime, folder: Path) -> tuple[IO[bytes], int]:
    """The zip of ``members`` as a nameless file in the private ``folder``, and its size in bytes,
    for members whose sizes nobody knows before: what goes wrong is raised here, before anything
    is sent. The file vanishes when it is closed."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # the answer closes it
    try:
        for chunk in zip_chunks(members, at=at):
            file.write(chunk)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, size


class _Sink(io.RawIOBase):
    """Takes what the zip writes; cannot seek, so the zip says sizes after each file."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # narrower than any buffer: the zip writes these
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
