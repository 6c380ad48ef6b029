"""A text file of secrets, one a line: its encoding found, its lines given one by one.

Memory stays flat whatever the size: the file is decoded once to find the encoding, then read in
pieces. A line that cannot be decoded, or is far too long, is refused by its number.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.vault.refusals import Reason
from gongdao.vault.split_line import (
    Line,
    Separator,
    choose_separator,
    cut_appended,
    divides,
    has_appended,
    is_header_line,
    split_line,
)

_PIECE = 1 << 18
_HEAD = 1 << 16
MAX_LINE = 16_384
"""Characters; a longer line is no secret."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOST = "\ufffd"


def find_encoding(file: BinaryIO) -> str:
    """The encoding of ``file``, which can seek: by its mark, by zero bytes, else the first of
    UTF-8, GB18030 and Big5 that decodes all of it; GB18030 where none does.

    Big5 text is often valid GB18030, but then made of rare characters: the one that gives more
    common ones is taken.
    """
    file.seek(0)
    head = file.read(_HEAD)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if wide := _wide(head):
        return wide
    fits = [name for name in ("utf-8", "gb18030", "big5") if _decodes(file, name)]
    if "utf-8" in fits or not fits:
        return fits[0] if fits else "gb18030"
    return max(fits, key=lambda name: (_common(file, name), name == "gb18030"))


def read_lines(file: BinaryIO, encoding: str) -> Iterator[tuple[int, str | None]]:
    """Number (from 1) and text of every line; None: it cannot be decoded, or is too long."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, "replace")
    try:
        number, rest, too_long = 0, "", False
        while piece := text.read(_PIECE):
            lines = (rest + piece).split("\n")
            rest = lines.pop()
            for line in lines:
                number += 1
                bad = too_long or len(line) > MAX_LINE or _LOST in line
                too_long = False
                yield number, None if bad else line.replace("\x00", "")
            if len(rest) > MAX_LINE:
                rest, too_long = "", True
        if rest or too_long:
            yield number + 1, None if too_long or _LOST in rest else rest.replace("\x00", "")
    except UnicodeDecodeError:  # an end in the middle of a wide character
        raise InputError(_("文件读到一半断了，编码是 {name}。").format(name=encoding)) from None
    finally:
        text.detach()


class TextSource:
    """The secrets of a text file, to be iterated once. What was found stands beside: ``encoding``,
    ``separator``, and how many lines were ``blank``, ``header`` or ``appended`` to."""

    def __init__(
        self,
        file: BinaryIO,
        *,
        fields: int,
        encoding: str | None = None,
        separator: Separator | None = None,
    ) -> None:
        """Look at ``file`` (which can seek); ``encoding`` and ``separator`` None: find them."""
        self._file, self._fields = file, fields
        self.encoding = _known(encoding) if encoding else find_encoding(file)
        sample = [text for text in self._sample() if text.strip()]
        cut = [cut_appended(text) for text in sample]
        self._cut = has_appended(sample) and divides(cut, fields)
        self.separator = separator or choose_separator(cut if self._cut else sample, fields)
        self.blank = self.header = self.appended = 0

    def __iter__(self) -> Iterator[Line]:
        first = True
        for number, text in read_lines(self._file, self.encoding):
            if text is None:
                yield Line(number, (), Reason.UNDECODABLE)
                continue
            if self._cut and len(cut := cut_appended(text)) < len(text):
                text = cut
                self.appended += 1
            if not text or text.isspace():
                self.blank += 1
                continue
            if first and is_header_line(text):
                self.header += 1
            else:
                yield split_line(number, text, self._fields, self.separator)
            first = False

    def _sample(self) -> Iterator[str]:
        for number, text in read_lines(self._file, self.encoding):
            if number > 300:
                return
            yield text or ""


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise InputError(_("没有这种编码：{name}").format(name=encoding[:40])) from None


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: only it has zero bytes, and only the right way round it has digits and
    line ends."""
    if 0 not in head:
        return ""
    plain = {
        name: sum(char.isascii() and char != "\x00" for char in head.decode(name, "replace"))
        for name in ("utf-16-le", "utf-16-be")
    }
    best = max(plain, key=lambda name: plain[name])
    return best if plain[best] * 20 > len(head) // 2 else ""


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _common(file: BinaryIO, encoding: str) -> int:
    """How many of the first 2,000 Chinese characters are common ones, if decoded so."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    file.seek(0)
    wide: list[str] = []
    while len(wide) < 2000 and (piece := file.read(_PIECE)):
        wide += [char for char in decoder.decode(piece) if char > "\u2e80"]
    return sum(_is_common(char, encoding) for char in wide[:2000])


def _is_common(char: str, encoding: str) -> bool:
    """A frequent one: a full-width sign, or in the first level of the encoding's own table."""
    try:
        row = char.encode("big5" if encoding == "big5" else "gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xA1 <= row <= 0xC6 if encoding == "big5" else row <= 0xA3 or 0xB0 <= row <= 0xD7
