"""The OCR port: bands of tall pictures, the cache, refusal of hostile files."""

from __future__ import annotations

import io
import json
import stat
import struct
import zlib

import pytest
from PIL import Image
from tests.evidence.screen_kit import Drawn

from gongdao.core.errors import UnreadableFile
from gongdao.evidence.ocr import MODEL, FolderOcrCache, OcrLine, recognise
from gongdao.evidence.picture_bytes import decode_upright, open_picture
from gongdao.evidence.reading import TextLine

DIGEST = "ab" * 32
LINES = (OcrLine("卡密", 0.9, (1, 2, 3, 4), quad=(1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 1.0, 4.0)),)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_cache_keeps_lines_and_is_private(tmp_path):
    """What is put comes back equal, from a file only the owner can read."""
    cache = FolderOcrCache(tmp_path / "ocr")
    cache.put(DIGEST, LINES)
    assert cache.get(DIGEST) == LINES
    assert stat.S_IMODE((tmp_path / "ocr" / f"{DIGEST}.json").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "ocr").iterdir()] == [f"{DIGEST}.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"model": "old", "lines": []}',
        '{"lines": []}',
        f'{{"model": "{MODEL}", "lines": [[1, 2]]}}',
        f'{{"model": "{MODEL}", "lines": [["x", "y", null, null]]}}',
        "[" * 5000,
    ],
)
def test_broken_cache_entries_are_not_used(tmp_path, text):
    """A broken or older entry is as good as none, and is written anew."""
    cache = FolderOcrCache(tmp_path)
    (tmp_path / f"{DIGEST}.json").write_text(text, encoding="utf-8")
    assert cache.get(DIGEST) is None
    cache.put(DIGEST, LINES)
    assert cache.get(DIGEST) == LINES


def test_cache_takes_digests_only(tmp_path):
    """A name that is no digest never becomes a path."""
    with pytest.raises(ValueError, match="SHA-256"):
        FolderOcrCache(tmp_path).put("../evil", ())


def test_second_reading_comes_from_the_cache(tmp_path):
    """A picture that is in the cache is not read again."""
    cache = FolderOcrCache(tmp_path)
    data = Drawn().bar("卡密查询").png()
    first = recognise(image_bytes=data, cache=cache)
    assert any("卡密查询" in line.text for line in first)
    (entry,) = tmp_path.glob("*.json")
    kept = json.loads(entry.read_text(encoding="utf-8"))
    kept["lines"] = [["替换", 0.5, [0, 0, 1, 1], None]]
    entry.write_text(json.dumps(kept), encoding="utf-8")
    assert [line.text for line in recognise(image_bytes=data, cache=cache)] == ["替换"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0" + b"\0" * 50,
        png_of_size(100_000, 100_000),
        png_of_size(9000, 9000),
        png_of_size(50, 50),
        b"GIF89a" + b"\0" * 40,
    ],
    ids=["empty", "text", "head", "jpeg", "bomb", "81 MP", "truncated", "gif"],
)
def test_hostile_pictures_give_one_error(data):
    """Broken, huge and foreign files are refused by one clear error."""
    with pytest.raises(UnreadableFile):
        recognise(image_bytes=data, file="x.png")


def test_orientation_is_applied():
    """A picture lying on its side in the file stands upright after decoding."""
    picture = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    exif[274] = 6
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    assert open_picture(data=buffer.getvalue()).size == (40, 20)
    assert decode_upright(data=buffer.getvalue()).size == (20, 40)


def test_tall_screenshots_are_read_in_bands():
    """Lines of a screenshot four screens long are all read, once each, at their place."""
    tall = Image.new("RGB", (1170, 7000), "white")
    wanted = []
    for index, top in enumerate(range(0, 7000, 1400)):
        piece = Drawn(y=60).left(f"第{index}段卡密已发放").png()
        tall.paste(Image.open(io.BytesIO(piece)).crop((0, 0, 1170, 300)), (0, top))
        wanted.append((f"第{index}段卡密已发放", top + 60))
    buffer = io.BytesIO()
    tall.save(buffer, "PNG")
    lines = recognise(image_bytes=buffer.getvalue())
    assert [line.text for line in lines] == [text for text, _top in wanted]
    for line, (_text, top) in zip(lines, wanted, strict=True):
        assert isinstance(line, TextLine)
        assert line.box is not None
        assert abs(line.box[1] - top) < 30


def test_blank_picture_has_no_lines():
    """A picture without text is read as nothing."""
    buffer = io.BytesIO()
    Image.new("RGB", (200, 200), "white").save(buffer, "PNG")
    assert recognise(image_bytes=buffer.getvalue()) == ()
