"""Hostile picture bytes → one upright RGB picture, or one clear error.

Only the formats a phone writes are opened; the size is checked before any pixel is decoded.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import gettext as _

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 60_000_000
"""Larger pictures are refused: three bytes a pixel are then 180 MB."""

_FORMATS = ("PNG", "JPEG", "WEBP", "HEIF", "MPO")


def open_picture(*, data: bytes, file: str | None = None) -> Image.Image:
    """The picture in ``data`` without decoding its pixels, size and format checked.

    Raise UnreadableFile when it is no picture of an allowed format or too large.
    """
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(file, error) from None
    if image.width * image.height > MAX_PIXELS:
        raise UnreadableFile(
            _("图片有 {width}×{height} 像素，超过上限 {limit} 万像素").format(
                width=image.width, height=image.height, limit=MAX_PIXELS // 10_000
            ),
            file=file,
            hint=_("请改交手机直接保存的截图。"),
        )
    return image


def decode_upright(*, data: bytes, file: str | None = None) -> Image.Image:
    """The picture in ``data`` as RGB with its EXIF orientation applied, transparency on white.

    Raise UnreadableFile when it cannot be decoded completely.
    """
    from PIL import Image, ImageOps

    image = open_picture(data=data, file=file)
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
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
        MemoryError,
        Image.DecompressionBombError,
    ) as error:
        raise _unreadable(file, error) from None


def _unreadable(file: str | None, error: BaseException) -> UnreadableFile:
    return UnreadableFile(
        _("图片打不开，可能已损坏或不是图片（{detail}）").format(detail=type(error).__name__),
        file=file,
        hint=_("请重新从手机导出原图（PNG、JPEG、WebP 或 HEIC）。"),
    )
