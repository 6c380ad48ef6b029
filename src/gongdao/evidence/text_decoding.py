"""Bytes of a text file to text, with the encoding told. Never raises UnicodeDecodeError.

Order of trust: a byte order mark; strict UTF-8; UTF-16 by its zero bytes; strict GB18030; at last
whichever of UTF-8 and GB18030 loses fewer characters. Line ends become ``\\n``.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase

MAX_TEXT_BYTES = 32 << 20
MAX_LINES = 1_000_000
"""A larger text file is refused: no bill or chat of one order comes near it."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class DecodedText:
    """``text`` with ``\\n`` line ends; ``encoding`` as Python names it; ``bom`` whether a byte
    order mark stood in front; ``lost`` how many characters could not be decoded (U+FFFD)."""

    text: str
    encoding: str
    bom: bool = False
    lost: int = 0


def decode_text(data: bytes, *, name: str = "") -> DecodedText:
    """Decode ``data``; raise UnreadableFile only when it is over MAX_TEXT_BYTES or
    MAX_LINES."""
    if len(data) > MAX_TEXT_BYTES:
        raise UnreadableFile(
            Phrase("文本文件超过 {limit} MB", limit=MAX_TEXT_BYTES >> 20),
            file=name or None,
            hint=Phrase("请只导出与这笔订单有关的时间段。"),
        )
    decoded = _decode(data)
    if decoded.text.count("\n") > MAX_LINES:
        raise UnreadableFile(
            Phrase("文本文件超过 {limit} 行", limit=MAX_LINES),
            file=name or None,
            hint=Phrase("请只导出与这笔订单有关的时间段。"),
        )
    return decoded


def _decode(data: bytes) -> DecodedText:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _done(data[len(mark) :], encoding, bom=True)
    text = _strict(data, "utf-8")
    if text is not None and not ("\x00" in text and _utf16(data)):
        return DecodedText(_tidy(text), "utf-8")
    wide = _utf16(data)
    if wide:
        return _done(data, wide, bom=False)
    return _best_of_two(data)


_BLANKS = re.compile(r"\s{9,}")


def squeeze_blanks(text: str) -> str:
    """``text`` with long runs of blanks and line ends cut to eight, for searching: patterns that
    allow blanks in several places would try a run of thousands in every way."""
    return _BLANKS.sub(lambda run: run.group(0)[:8], text)


def split_lines(text: str) -> list[str]:
    """Lines of decoded text, split at ``\\n`` only: line N of the file is item N-1."""
    return text.split("\n")


def _best_of_two(data: bytes) -> DecodedText:
    as_utf8 = data.decode("utf-8", "replace")
    lost = as_utf8.count("\ufffd")
    good = sum(1 for char in as_utf8 if char > "\x7f") - lost
    if good >= 8 * lost:
        return DecodedText(_tidy(as_utf8), "utf-8", lost=lost)
    as_gb = data.decode("gb18030", "replace")
    lost_gb = as_gb.count("\ufffd")
    if lost_gb <= lost:
        return DecodedText(_tidy(as_gb), "gb18030", lost=lost_gb)
    return DecodedText(_tidy(as_utf8), "utf-8", lost=lost)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: ASCII digits and line ends leave zero bytes on one side only."""
    head = data[:4096]
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 10 < len(head) // 2 or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _done(data: bytes, encoding: str, *, bom: bool) -> DecodedText:
    text = data.decode(encoding, "replace")
    return DecodedText(_tidy(text), encoding, bom=bom, lost=text.count("\ufffd"))


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").removeprefix("\ufeff")
