"""What a file is: by content, with every refusal named."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.errors import UnreadableFile
from gongdao.evidence import sniff as sniffing
from gongdao.evidence.picture_ends import picture_end
from gongdao.evidence.sniff import sniff

SHARED = Path(__file__).resolve().parents[3] / "shared"


def png() -> bytes:
    """A picture of one grey dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """The bones of a JPEG: a comment, a scan with a stuffed byte and a restart, an end."""
    comment = b"\xff\xfe\x00\x06abcd"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + comment + scan + b"\xff\xd9"


def zipped(*names: str) -> bytes:
    """A zip with empty members of these names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")
    return out.getvalue()


FTYP = b"\x00\x00\x00\x14ftyp%s\x00\x00\x00\x00%s"
RIFF = b"RIFF\x0c\x00\x00\x00WEBPVP8 \x00\x00\x00\x00"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (png(), "image/png"),
        (jpeg(), "image/jpeg"),
        (RIFF, "image/webp"),
        (FTYP % (b"heic", b"mif1"), "image/heic"),
        (FTYP % (b"mif1", b"heic"), "image/heic"),
        (FTYP % (b"isom", b"mp42"), "video/mp4"),
        (FTYP % (b"qt  ", b"qt  "), "video/quicktime"),
        (PDF, "application/pdf"),
        (zipped("a.csv"), "application/zip"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), sniffing.XLSX),
        (b"<!DOCTYPE html><html><svg></svg></html>", "text/html"),
        (b"\xef\xbb\xbf \n<!-- saved from url=(0014)about:internet -->\n<html>", "text/html"),
        (b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; "
         b'boundary="a"\r\n\r\n--a--', "multipart/related"),
        (b'{"messages": []}', "application/json"),
        (b'[{"a": 1}]', "application/json"),
        ("流水号,时间,类型,金额,余额\n".encode("gb18030"), "text/csv"),
        ("成交时间,商品,成交价\n".encode(), "text/csv"),
        ("2026-11-02 15:10:03 买家: 在吗\n".encode(), "text/plain"),
        ("[图片]\n你好".encode("utf-16"), "text/plain"),
    ],
)  # fmt: skip
def test_content_decides(data, media):
    """The name says nothing about the kind: a picture called .txt is a picture."""
    assert sniff(data, "file") == media
    if media.startswith(("image", "video")):
        assert sniff(data, "chat.txt") == media


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.png", "空"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE svg><svg:svg/>", "a.png", "SVG"),
        ("<svg/>".encode("utf-16"), "a.txt", "SVG"),
        (b"MZ" + b"\x00" * 58 + struct.pack("<I", 64) + b"PE\x00\x00", "a.png", "程序"),
        (b"\x7fELF\x02", "a.pdf", "程序"),
        (b"\xcf\xfa\xed\xfe\x00", "a", "程序"),
        (b"#!/bin/sh\nrm -rf /\n", "a.txt", "程序"),
        (zipped("AndroidManifest.xml", "classes.dex"), "a.zip", "程序"),
        (b"Rar!\x1a\x07\x00", "a.png", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "a.zip", "7z"),
        (b"\x1f\x8b\x08", "a.csv", "gzip"),
        (b"\x00" * 257 + b"ustar\x00", "a", "tar"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "Office"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a.docx", "Word"),
        (png() + PDF, "a.png", "PDF"),
        (png() + zipped("a.csv"), "a.png", "ZIP"),
        (jpeg() + b"\x00" * 8 + zipped("a.csv"), "a.jpg", "ZIP"),
        (jpeg() + b"<html><script>", "a.jpg", "HTML"),
        (jpeg() + b"\x7fELF", "a.jpg", "ELF"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "a.gif", "GIF"),
        (b"\xff\xd8\xff\xfe\x00\x10%PDF-1.4 1 0 obj" + jpeg()[2:], "a.jpg", "PDF"),
        (PDF + zipped("a.csv"), "a.pdf", "ZIP"),
        (FTYP % (b"isom", b"mp42") + b"PK\x05\x06" + b"\x00" * 18, "a.mp4", "ZIP"),
        (b"<html><body>hello</body></html>", "a.png", "像图片"),
        ("买家: 在吗".encode(), "a.jpg", "像图片"),
        (b"\x00\x01\x02\x03" * 100, "a.bin", "认不出"),
        (zipped("a.csv")[:40], "a.zip", "损坏"),
    ],
)  # fmt: skip
def test_refusals_name_file_and_reason(data, name, reason):
    """Each refused file gives one error with its name and why."""
    with pytest.raises(UnreadableFile, match=reason) as caught:
        sniff(data, name)
    assert caught.value.place.file == name


def test_too_large_is_refused(monkeypatch):
    """Over the limit nothing is looked at."""
    monkeypatch.setattr(sniffing, "MAX_BYTES", 10)
    with pytest.raises(UnreadableFile, match="MB"):
        sniff(png(), "a.png")


def test_harmless_tails_pass():
    """Padding and a phone's trailing data behind a picture are no second file."""
    assert sniff(jpeg() + b"\x00" * 64, "a.jpg") == "image/jpeg"
    assert sniff(jpeg() + b"SEFHe\x00\x00\x00SEFT", "a.jpg") == "image/jpeg"


def test_the_end_of_a_picture_is_found():
    """What follows the end is not counted; a cut-off picture has no end."""
    for data, media in ((png(), "image/png"), (jpeg(), "image/jpeg"), (RIFF, "image/webp")):
        assert picture_end(data + b"tail", media) == len(data)
        assert picture_end(data[:-3], media) is None


@pytest.mark.parametrize("folder", ["inputs", "cases"])
def test_shared_material_is_what_its_name_says(folder):
    """Every sample is recognised, and in accord with its ending."""
    files = [f for f in sorted((SHARED / folder).rglob("*")) if f.suffix.lower() in ENDINGS]
    if not files:
        pytest.skip("the shared samples are not beside this repository")
    for file in files:
        assert sniff(file.read_bytes(), file.name) in ENDINGS[file.suffix.lower()], file.name


ENDINGS = {
    ".png": ("image/png",),
    ".jpg": ("image/jpeg",),
    ".csv": ("text/csv",),
    ".txt": ("text/plain",),
    ".html": ("text/html",),
    ".xlsx": (sniffing.XLSX,),
    ".zip": ("application/zip",),
}


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_give_a_kind_or_one_error(data):
    """There is a media type or an UnreadableFile, nothing else."""
    try:
        assert "/" in sniff(data, "x")
    except UnreadableFile as error:
        assert error.reason


def test_a_hostile_picture_is_walked_in_time():
    """Endless fill bytes in a scan cost no more than reading them."""
    data = jpeg()[:-2] + b"\xff" * (20 << 20)
    assert picture_end(data, "image/jpeg") is None
