"""Damaged pictures, videos and PDFs: a reading or one clear error, never anything else."""

from __future__ import annotations

import io
import random
import re
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from tests.evidence.screen_kit import Drawn

from gongdao.core.errors import UnreadableFile
from gongdao.evidence import pdf_pages, pictures, videos

ROUNDS = 150
_CLASS_NAME = re.compile(r"[A-Za-z]+Error|Exception")


def picture(kind: str) -> bytes:
    """A small noisy picture with metadata."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[305], exif[274] = "tool", 6
    exif.get_ifd(0x8769).update({36867: "2026:11:02 06:03:21", 33437: 1.8})
    options: dict[str, Any] = {"exif": exif.tobytes()}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt(
            "XML:com.adobe.xmp", '<x xmp:CreateDate="2026-01-01T00:00:00"/>'
        )
    buffer = io.BytesIO()
    Image.effect_noise((64, 96), 40).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def originals() -> dict[str, tuple[Callable[..., object], bytes]]:
    """One sound file of each kind with the function that reads it."""
    video, document = io.BytesIO(), io.BytesIO()
    with av.open(video, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuv420p"
        for grey in range(0, 240, 40):
            plane = np.full((96, 64, 3), grey, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(plane)))
        container.mux(stream.encode())
    Image.new("RGB", (64, 96)).save(document, "PDF")
    out: dict[str, tuple[Callable[..., object], bytes]] = {
        kind: (pictures.read_picture, picture(kind)) for kind in ("JPEG", "PNG", "WEBP", "HEIF")
    }
    out["MP4"] = (videos.read_video, video.getvalue())
    out["PDF"] = (pdf_pages.read_pdf, document.getvalue())
    return out


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, often in the header; sometimes cut off."""
    spoilt = bytearray(data)
    reach = min(len(spoilt), 400) if chance.random() < 0.6 else len(spoilt)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        spoilt[chance.randrange(reach)] = chance.choice((0, 255, chance.randrange(256)))
    return bytes(spoilt[: chance.randrange(len(spoilt))] if chance.random() < 0.15 else spoilt)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "MP4", "PDF"])
def test_damaged_files_are_read_or_refused(kind, monkeypatch):
    """Every damaged copy gives a reading or UnreadableFile; warnings are errors here, too."""
    lines = Drawn().bar("订单详情").pair("订单号", "KM20261102140250017").lines()
    for module in (pictures, videos, pdf_pages):
        monkeypatch.setattr(module, "recognise", lambda **_kw: lines)
    read, data = originals()[kind]
    assert read(data=data, name="x") is not None
    chance = random.Random(kind)
    for _ in range(ROUNDS):
        try:
            read(data=damaged(data, chance), name="x")
        except UnreadableFile as error:
            assert str(error).startswith("x: ") and not _CLASS_NAME.search(str(error))


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_a_picture_of_too_many_pixels_is_refused_in_words(side):
    """A picture that claims more pixels than any phone makes is refused before it is decoded, and
    the reason is one that a person understands."""
    data = bytearray(picture("PNG"))
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(UnreadableFile) as refused:
        pictures.read_picture(data=bytes(data), name="x")
    said = str(refused.value)
    assert "超过上限 6000 万像素" in said and "截图" in said and not _CLASS_NAME.search(said)
