"""PDF files: text where there is text, OCR of the rendered page where there is none.

The text comes from the same library that renders, so that lines keep their place on the page.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gongdao.core.codes import Kind
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.condition import claimed_signs
from gongdao.evidence.file_times import times_of
from gongdao.evidence.ocr import OcrCache, recognise
from gongdao.evidence.pictures import PictureReading, read_screen
from gongdao.evidence.reading import Field, Message, TextLine
from gongdao.evidence.screens import Screen, recognise_screen
from gongdao.evidence.statement import ExhibitNote

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 100 * 1024 * 1024
MAX_PAGES = 200
MAX_OCR_PAGES = 20
_SCALE = 2.0
_MAX_PIXELS = 8_000_000
_MAX_LINES = 20_000


def read_pdf(
    *, data: bytes, name: str, cache: OcrCache | None = None, note: ExhibitNote | None = None
) -> PictureReading:
    """Read a PDF file. Every line and field carries its ``page`` from 1; of very long files only
    the first pages are read.

    Raise UnreadableFile when it is no PDF, encrypted, broken or too large.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(Phrase("PDF 超过 {limit} MB", limit=MAX_BYTES // 1048576), file=name)
    lines: list[TextLine] = []
    fields: dict[str, Field] = {}
    messages: list[Message] = []
    screens: list[Screen] = []
    hint = note.kind if note else None
    for read, size in _pages(data, name, cache):
        lines.extend(read)
        if not read:
            continue
        screen = recognise_screen(read, size, hint=hint)
        here, said = read_screen(lines=read, screen=screen, size=size, hint=hint)
        screens.append(screen)
        messages.extend(said)
        for key, value in here.items():
            fields.setdefault(key, replace(value, page=read[0].page))
    best = max(screens, key=lambda s: s.confidence, default=Screen("unknown", Kind.OTHER, 0.0))
    return PictureReading(
        form=best.form,
        kind=best.kind,
        fields=fields,
        lines=tuple(lines),
        messages=tuple(messages),
        signs=claimed_signs(note),
        times=times_of(path_name=name, data=data, media_type="application/pdf", note=note),
    )


def _pages(
    data: bytes, name: str, cache: OcrCache | None
) -> list[tuple[tuple[TextLine, ...], tuple[int, int]]]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise _unreadable(name, str(error)) from None
    out = []
    ocr_left, count = MAX_OCR_PAGES, 0
    try:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            try:
                size = (int(page.get_width() * _SCALE), int(page.get_height() * _SCALE))
                lines = _text_lines(page, number + 1)
                if sum(len(line.text) for line in lines) < 4 and ocr_left > 0:
                    ocr_left -= 1
                    picture = _render(page)
                    size = picture.size
                    read = recognise(image_bytes=_as_png(picture), cache=cache, file=name)
                    lines = tuple(replace(line, page=number + 1) for line in read)
            finally:
                page.close()
            out.append((lines, size))
            count += len(lines)
            if count > _MAX_LINES:
                break
    except pdfium.PdfiumError as error:
        raise _unreadable(name, str(error)) from None
    finally:
        document.close()
    return out


def _unreadable(name: str, detail: str) -> UnreadableFile:
    if "password" in detail.lower():
        return UnreadableFile(
            Phrase("PDF 设了密码，打不开"),
            file=name,
            hint=Phrase("请去掉密码另存一份，或改交截图。"),
        )
    return UnreadableFile(
        Phrase("PDF 打不开，可能已损坏"), file=name, hint=Phrase("请重新下载，或改交截图。")
    )


def _text_lines(page: Any, number: int) -> tuple[TextLine, ...]:
    """The text of a page in lines with boxes, in pixels at the scale used for reading."""
    text_page = page.get_textpage()
    try:
        height = page.get_height()
        pieces = []
        for index in range(min(text_page.count_rects(), _MAX_LINES)):
            left, bottom, right, top = text_page.get_rect(index)
            text = text_page.get_text_bounded(left, bottom, right, top).strip()
            text = " ".join(text.split())
            if text:
                box = (
                    int(left * _SCALE),
                    int((height - top) * _SCALE),
                    int(right * _SCALE) + 1,
                    int((height - bottom) * _SCALE) + 1,
                )
                pieces.append(TextLine(text, 1.0, box, page=number))
        return _joined(pieces)
    finally:
        text_page.close()


def _joined(pieces: list[TextLine]) -> tuple[TextLine, ...]:
    """Fonts change inside a line (digits, Chinese): neighbours that touch are one piece."""
    out: list[TextLine] = []
    for piece in pieces:
        last = out[-1] if out else None
        assert piece.box is not None
        if last is not None and last.box is not None and _touch(last.box, piece.box):
            box = (
                min(last.box[0], piece.box[0]),
                min(last.box[1], piece.box[1]),
                max(last.box[2], piece.box[2]),
                max(last.box[3], piece.box[3]),
            )
            out[-1] = replace(last, text=last.text + piece.text, box=box)
        else:
            out.append(piece)
    return tuple(out)


def _touch(one: tuple[int, int, int, int], two: tuple[int, int, int, int]) -> bool:
    small = min(one[3] - one[1], two[3] - two[1])
    shared = min(one[3], two[3]) - max(one[1], two[1])
    return shared > 0.4 * small and -small < two[0] - one[2] < 0.45 * small


def _render(page: Any) -> Image.Image:
    wide, high = page.get_width(), page.get_height()
    scale = min(_SCALE * 1.2, (_MAX_PIXELS / max(1.0, wide * high)) ** 0.5)
    picture: Image.Image = page.render(scale=max(0.05, scale)).to_pil().convert("RGB")
    return picture


def _as_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
