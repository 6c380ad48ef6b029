"""One page of a PDF, one frame of a video, as pictures."""

from __future__ import annotations

import io
from itertools import islice
from typing import TYPE_CHECKING, Any

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase

if TYPE_CHECKING:
    from PIL import Image

TEXT_SCALE = 2.0
"""Pixels per point in which the lines of a PDF with text are placed; one without text is read
from a picture, somewhat larger."""
_PICTURE_SCALE = TEXT_SCALE * 1.2
_LEAST_TEXT = 4
_MAX_PIXELS = 8_000_000
_MAX_FRAME_PIXELS = 16_000_000
_MAX_DECODED = 6000


def page_as_read(*, data: bytes, name: str, number: int) -> tuple[Image.Image, tuple[int, int]]:
    """The page ``number`` (from 1), and the size in which boxes on it are given. Raises
    UnreadableFile where there is no such page or the file does not open."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
        try:
            if not 1 <= number <= len(document):
                raise UnreadableFile(Phrase("没有这一页"), file=name)
            page = document[number - 1]
            return _render(page)
        finally:
            document.close()
    except pdfium.PdfiumError:
        raise UnreadableFile(Phrase("PDF 打不开，可能已损坏"), file=name) from None


def _render(page: Any) -> tuple[Image.Image, tuple[int, int]]:
    wide, high = page.get_width(), page.get_height()
    scale = max(0.05, min(_PICTURE_SCALE, (_MAX_PIXELS / max(1.0, wide * high)) ** 0.5))
    text_page = page.get_textpage()
    has_text = text_page.count_chars() >= _LEAST_TEXT
    text_page.close()
    picture: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    size = (int(wide * TEXT_SCALE), int(high * TEXT_SCALE)) if has_text else picture.size
    page.close()
    return picture, size


def frame_at(*, data: bytes, name: str, at_ms: int) -> Image.Image:
    """The frame of a video that is shown ``at_ms`` after its start, else the last before. Raises
    UnreadableFile where none can be decoded."""
    import av

    found: Any = None
    try:
        with av.open(io.BytesIO(data), mode="r", metadata_errors="replace") as container:
            stream: Any = next((s for s in container.streams if s.type == "video"), None)
            if stream is None or stream.codec_context is None:
                raise UnreadableFile(Phrase("文件里没有视频画面"), file=name)
            if at_ms > 0 and stream.time_base:
                container.seek(int(at_ms / 1000 / stream.time_base), stream=stream)
            for frame in islice(container.decode(stream), _MAX_DECODED):
                if frame.width * frame.height > _MAX_FRAME_PIXELS:
                    raise UnreadableFile(Phrase("视频画面过大"), file=name)
                found = frame
                if int((frame.time or 0.0) * 1000) >= at_ms:
                    break
    except (av.error.FFmpegError, OSError, ValueError, MemoryError):
        raise UnreadableFile(Phrase("视频打不开，可能已损坏或不是视频"), file=name) from None
    if found is None:
        raise UnreadableFile(Phrase("视频里没有可以解码的画面"), file=name)
    picture: Image.Image = found.to_image()
    return picture
