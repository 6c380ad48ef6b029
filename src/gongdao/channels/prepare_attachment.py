"""Make the copy of an exhibit that a form takes: JPEG or PDF, legible, below its size.

Deterministic: the same originals give the same bytes. Originals are hostile and are opened by the
guards of ``evidence.picture_bytes`` alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gongdao.channels.attachments import (
    PIECE,
    READABLE_PX,
    TALL,
    AttachmentItem,
    Form,
)
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.picture_bytes import decode_upright

if TYPE_CHECKING:
    from PIL import Image

_WIDTHS = (2160, 1440, 1080, READABLE_PX)
_QUALITIES = (90, 80, 70, 55)
_OVERLAP_PX = 60
_PAGE_PT = 595
"""Width of an A4 page in points; its height follows the picture."""
_PDF_OVERHEAD, _PAGE_OVERHEAD = 2_000, 800


def prepare_attachment(item: AttachmentItem, originals: Sequence[bytes]) -> bytes:
    """The file to attach, from the bytes of ``item.exhibits`` in their order.

    Raise UnreadableFile for a picture that cannot be opened, or that cannot be made small enough
    and stay legible.
    """
    if len(originals) != len(item.exhibits):
        raise ValueError("one original for each exhibit")
    if item.form is Form.KEEP:
        return originals[0]
    if item.form is Form.JPEG:
        file = item.exhibits[0].path
        picture = decode_upright(data=originals[0], file=file)
        if item.pieces > 1:
            picture = _piece(picture, item.piece, item.pieces)
        return _encode(picture, item.max_bytes, file)
    return _make_pdf(_pages(item, originals))


def _piece(picture: Image.Image, number: int, count: int) -> Image.Image:
    """The ``number``-th of ``count`` pieces from the top, with the edge of the one before."""
    height = -(-picture.height // count)
    top = max(0, (number - 1) * height - _OVERLAP_PX)
    return picture.crop((0, top, picture.width, min(picture.height, number * height)))


def _encode(picture: Image.Image, max_bytes: int, file: str) -> bytes:
    """A JPEG of at most ``max_bytes``: first less fine, then narrower, never under what can be
    read."""
    for width in (picture.width, *(w for w in _WIDTHS if w < picture.width)):
        shown = picture
        if width < picture.width:
            height = max(1, picture.height * width // picture.width)
            shown = picture.resize((width, height), reducing_gap=3)
        for quality in _QUALITIES:
            data = _jpeg(shown, quality)
            if len(data) <= max_bytes:
                return data
    raise UnreadableFile(
        Phrase("缩到 {kb} kB 以内就看不清了", kb=max_bytes // 1000),
        file=file,
        hint=Phrase("请只截取要紧的部分，作为单独的图片添加。"),
    )


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    try:
        picture.save(out, "JPEG", quality=quality, subsampling=0, comment=b"")
    except OSError as error:  # higher than the format can hold
        raise UnreadableFile(
            Phrase("图片太长"), hint=Phrase("请只截取要紧的部分，作为单独的图片添加。")
        ) from error
    return out.getvalue()


def _pages(item: AttachmentItem, originals: Sequence[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Every page as JPEG with its width and height; each picture has its share of the room."""
    share = (item.max_bytes - _PDF_OVERHEAD) // len(originals)
    spare = 0
    for exhibit, data in zip(item.exhibits, originals, strict=True):
        picture = decode_upright(data=data, file=exhibit.path)
        tall = picture.height > TALL * picture.width
        count = -(-picture.height // (PIECE * picture.width)) if tall else 1
        room = share + spare
        used = 0
        for number in range(1, count + 1):
            page = _piece(picture, number, count)
            most = (room - used) // (count - number + 1) - _PAGE_OVERHEAD
            jpeg = _encode(page, most, exhibit.path)
            used += len(jpeg) + _PAGE_OVERHEAD
            yield jpeg, page.width, page.height
        spare = room - used


def _make_pdf(pages: Iterator[tuple[bytes, int, int]]) -> bytes:
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, NumberObject

    writer = PdfWriter()
    for jpeg, width, height in pages:
        high = max(1, _PAGE_PT * height // width)
        page = writer.add_blank_page(width=_PAGE_PT, height=high)
        image = DecodedStreamObject()
        image.set_data(jpeg)
        across, down = _size_of(jpeg)
        values: dict[str, str | int] = {
            "/Type": "/XObject",
            "/Subtype": "/Image",
            "/Width": across,
            "/Height": down,
            "/ColorSpace": "/DeviceRGB",
            "/BitsPerComponent": 8,
            "/Filter": "/DCTDecode",
        }
        for name, value in values.items():
            told = NumberObject(value) if isinstance(value, int) else NameObject(value)
            image[NameObject(name)] = told
        content = DecodedStreamObject()
        content.set_data(f"q {_PAGE_PT} 0 0 {high} 0 0 cm /I Do Q".encode())
        pictures = DictionaryObject({NameObject("/I"): writer._add_object(image)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): pictures})
        page[NameObject("/Contents")] = writer._add_object(content)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _size_of(jpeg: bytes) -> tuple[int, int]:
    from PIL import Image

    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        return image.size
