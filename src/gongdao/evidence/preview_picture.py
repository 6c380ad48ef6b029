"""A file as a picture to look at beside what was read from it: made anew, nothing of its bytes.

Used in a process of its own: the decoders here open strangers' files.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence import sniff as media
from gongdao.evidence.picture_bytes import decode_upright
from gongdao.evidence.preview_sources import frame_at, page_as_read

if TYPE_CHECKING:
    from PIL import Image

_MAX_WIDTH = 1200
_MAX_HEIGHT = 16_000  # WebP ends at 16,383
_QUALITY = 80


@dataclass(frozen=True)
class Preview:
    """``webp``: the picture, made smaller where it is large; ``width`` and ``height`` are those
    in which the boxes of readings are given."""

    width: int
    height: int
    webp: bytes


def make_preview(*, data: bytes, name: str, page: int = 1, frame_ms: int = 0) -> Preview:
    """The picture in ``data``, its ``page`` (from 1) or the frame shown ``frame_ms`` after its
    start. Raises UnreadableFile for what cannot be shown as a picture."""
    kind = media.sniff(data, name)
    if kind in (media.PNG, media.JPEG, media.WEBP, media.HEIC):
        picture = decode_upright(data=data, file=name)
        return _preview(picture, picture.size)
    if kind == media.PDF:
        picture, size = page_as_read(data=data, name=name, number=page)
        return _preview(picture, size)
    if kind in (media.MP4, media.MOV):
        picture = frame_at(data=data, name=name, at_ms=frame_ms)
        return _preview(picture, picture.size)
    raise UnreadableFile(Phrase("这种文件没有画面"), file=name)


def _preview(picture: Image.Image, size: tuple[int, int]) -> Preview:
    shrink = max(picture.width / _MAX_WIDTH, picture.height / _MAX_HEIGHT, 1)
    if shrink > 1:
        small = max(1, int(picture.width / shrink)), max(1, int(picture.height / shrink))
        picture = picture.resize(small)
    sink = io.BytesIO()
    picture.convert("RGB").save(sink, "WEBP", quality=_QUALITY, method=2)
    return Preview(*size, sink.getvalue())
