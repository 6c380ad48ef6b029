"""Files that somebody could send to hurt the server, its readers, or who looks at them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

SCRIPT = "<script>alert('executed')</script>"
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" onload="alert('executed')">{SCRIPT}</svg>"""
HTML = f"<!doctype html><title>{SCRIPT}</title><body onload=\"alert('executed')\">{SCRIPT}收款 1 元"
NAMED = "<img src=x onerror=alert('executed')>.txt"
TURNED = "付款\u202egnp.exe"
CLIMBING = "../../../etc/cron.d/付款.txt"


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(buffer, "PNG")
    return buffer.getvalue()


def make_bomb() -> bytes:
    """A zip of 300 kB that says and holds 300 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb:
        for name in ("账单-1.csv", "账单-2.csv", "账单-3.csv"):
            bomb.writestr(name, bytes(100_000_000))
    return buffer.getvalue()


def make_giant() -> bytes:
    """A picture of a few bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(60_000 * 3))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def make_polyglot() -> bytes:
    """A picture, a web page and a zip in one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "x")
    return _picture() + HTML.encode() + buffer.getvalue()


def make_hostile() -> list[dict[str, Any]]:
    """All of them as a browser's form takes them; the last one is empty."""
    broken_pdf = b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj\n" + b"\xff" * 4000
    files = [
        ("图.svg", "image/svg+xml", SVG.encode()),
        ("page.html", "text/html", HTML.encode()),
        ("账单.zip", "application/zip", make_bomb()),
        ("其实是网页.png", "image/png", f"{HTML} 又一次".encode()),
        (TURNED, "image/png", _picture()),
        (NAMED, "text/plain", b"hello"),
        ("polyglot.png", "image/png", make_polyglot()),
        ("giant.png", "image/png", make_giant()),
        ("broken.pdf", "application/pdf", broken_pdf),
        ("空的.png", "image/png", b""),
    ]
    return [{"name": n, "mimeType": kind, "buffer": body} for n, kind, body in files]
