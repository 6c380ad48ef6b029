"""Hostile picture bytes → one upright RGB picture, or one clear error.

Only the formats a phone writes are opened; the size is checked before any pixel is decoded.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Any

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 60_000_000
"""Larger pictures are refused: three bytes a pixel are then 180 MB."""
_LIMIT = MAX_PIXELS // 10_000
"""The same in words: 万."""

_PHOTO_IFD = 0x8769
_ORIENTATION = 274
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientation → Pillow's Transpose that undoes it."""

_FORMATS = ("PNG", "JPEG", "WEBP", "HEIF")


def open_picture(*, data: bytes, file: str | None = None) -> Image.Image:
    """The picture in ``data`` without decoding its pixels, size and format checked.

    Raise UnreadableFile when it is no picture of an allowed format or too large.
    """
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken metadata is no reason to refuse
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        said = Phrase("图片的像素太多，超过上限 {limit} 万像素", limit=_LIMIT)
        raise _too_large(file, said) from None
    except (OSError, ValueError, SyntaxError):
        raise _unreadable(file) from None
    if image.width * image.height > MAX_PIXELS:
        told = {"width": image.width, "height": image.height, "limit": _LIMIT}
        said = Phrase("图片有 {width}×{height} 像素，超过上限 {limit} 万像素", **told)
        raise _too_large(file, said)
    return image


def exif_of(image: Image.Image) -> dict[int, Any]:
    """The EXIF tags of a picture, its photo tags included; empty where they are broken."""
    if image.format == "PNG" and "exif" not in image.info and not _holds(image, b"eXIf"):
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif = image.getexif()
            return {**dict(exif.get_ifd(_PHOTO_IFD)), **dict(exif)}
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, struct.error):
        return {}


def _holds(image: Image.Image, mark: bytes) -> bool:
    """Whether the file behind ``image`` holds ``mark``: Pillow decodes a whole PNG to find a
    chunk behind the pixels, which most files do not have."""
    file: Any = getattr(image, "fp", None)
    if file is None:
        return True
    at = file.tell()
    file.seek(0)
    found = mark in file.read()
    file.seek(at)
    return found


def decode_upright(*, data: bytes, file: str | None = None) -> Image.Image:
    """The picture in ``data`` as RGB with its EXIF orientation applied, transparency on white.

    Raise UnreadableFile when it cannot be decoded completely.
    """
    from PIL import Image

    image = open_picture(data=data, file=file)
    turn = _TURNS.get(exif_of(image).get(_ORIENTATION, 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
        if turn is not None:
            image = image.transpose(Image.Transpose(turn))
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            layer = image.convert("RGBA")
            image = Image.new("RGB", layer.size, "white")
            image.paste(layer, mask=layer.getchannel("A"))
        return image.convert("RGB")
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        struct.error,
        MemoryError,
        Image.DecompressionBombError,
    ):
        raise _unreadable(file) from None


def _too_large(file: str | None, said: Phrase) -> UnreadableFile:
    return UnreadableFile(said, file=file, hint=Phrase("请改交手机直接保存的截图。"))


def _unreadable(file: str | None) -> UnreadableFile:
    return UnreadableFile(
        Phrase("图片打不开，可能已损坏或不是图片"),
        file=file,
        hint=Phrase("请重新从手机导出原图（PNG、JPEG、WebP 或 HEIC）。"),
    )
