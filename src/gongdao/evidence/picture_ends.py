"""Where a picture ends within its file, so that what is hung behind it can be looked at."""

from __future__ import annotations

import re

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def picture_end(data: bytes, media: str) -> int | None:
    """Offset just after the picture's last byte; None where the format does not tell or the file
    is cut off."""
    if media == "image/png":
        return _png(data)
    if media == "image/jpeg":
        return _jpeg(data)
    if media == "image/webp":
        end = 8 + int.from_bytes(data[4:8], "little")
        return end + end % 2 if end <= len(data) else None
    return _boxes(data)


def _png(data: bytes) -> int | None:
    at = 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        at += 12 + size
        if kind == b"IEND":
            return min(at, len(data))
    return None


def _jpeg(data: bytes) -> int | None:
    """Walk the segments; within a scan, look for the next marker that is no restart and no
    stuffed zero."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker in (0x01, 0xFF) or 0xD0 <= marker <= 0xD7:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            at = _after_scan(data, at)
            if at < 0:
                return None
    return at + 2 if data[at : at + 2] == b"\xff\xd9" else None


def _after_scan(data: bytes, at: int) -> int:
    found = _NEXT_MARKER.search(data, at)
    return found.start() if found else -1


def _boxes(data: bytes) -> int | None:
    """The end of the last whole box of an ISO base media file."""
    at = 0
    for _count in range(10_000):
        if at + 8 > len(data):
            break
        size = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if size == 1 and at + 16 <= len(data):
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8 or at + size > len(data) or not kind.isascii():
            break
        at += size
    return at or None
