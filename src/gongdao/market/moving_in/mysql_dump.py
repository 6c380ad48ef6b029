"""Rows out of a MySQL dump, as mysqldump, Navicat, phpMyAdmin and Adminer write them.

The text is read in pieces and never kept: memory is flat whatever the size. Only ``CREATE TABLE``
(for the order of columns) and ``INSERT`` are understood; everything else is passed over, strings
and comments whole, so that no text inside a value is ever taken for a statement.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.vault.read_text import find_encoding

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Value = str | bytes | None
"""Text, a number as it was written, bytes of a hexadecimal literal, or NULL."""

_PIECE = 1 << 18
_LONGEST = 16 << 20
"""Characters of one value; a longer one is no value of a shop."""
_MAX_UNPACKED = 8 << 30
_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<comment>--(?=\s)[^\n]*(?:\n|\Z) | \#[^\n]*(?:\n|\Z) | /\*.*?\*/)
  | (?P<text>'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'(?!') | "[^"\\]*(?:(?:\\.|"")[^"\\]*)*"(?!"))
  | (?P<name>`[^`]*(?:``[^`]*)*`(?!`))
  | (?P<hex>0x[0-9A-Fa-f]+ | [xX]'[0-9A-Fa-f]*')
  | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
  | (?P<word>[A-Za-z_@$\u0080-\uffff][\w@$.]*)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUE = (
    r"(?:NULL(?![\w@$.])|[-+]?\d+(?:\.\d+)?(?![\w@$.])|'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+'(?!'))"
)
_PLAIN_ROW = re.compile(rf"\s*+{_VALUE}(?:\s*+,\s*+{_VALUE})*+\s*+\)", re.DOTALL)
"""A row as every program writes it, up to its closing bracket; others are read token by token."""
_PLAIN_VALUE = re.compile(_VALUE, re.DOTALL)
_AHEAD = 3
"""Characters behind a token that may still change what it is (a second quotation mark, say)."""
_OPENS = ("'", '"', "`", "/")
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_UTC = re.compile(r"TIME_ZONE\s*=\s*['\"]\+00:00['\"]", re.IGNORECASE)


@dataclass(frozen=True)
class DumpRow:
    """One row of ``table``; ``line`` (from 1) is where it ends in the file."""

    table: str
    line: int
    values: dict[str, Value] = field(repr=False)


class _Token(NamedTuple):
    kind: str
    text: str

    def __repr__(self) -> str:
        return f"_Token({self.kind})"

    @property
    def closes(self) -> bool:
        """Whether the statement, or the file, ends here."""
        return self.kind == "end" or (self.kind == "sign" and self.text == ";")

    def is_word(self, *words: str) -> bool:
        """Whether this is one of the (upper-case) words, in any case."""
        return self.kind == "word" and self.text.upper() in words


class MysqlDump:
    """The rows of a dump, to be iterated once. ``utc``: times in it are in UTC, as the dump says
    of itself before its rows; else they are the shop's own."""

    def __init__(self, file: BinaryIO, *, tables: Container[str]) -> None:
        """``file`` can seek, and may be packed with gzip; rows of other tables are passed over."""
        self.utc = False
        self._text = open_dump(file)
        self._tables = tables
        self._columns: dict[str, list[str]] = {}
        self._line = 1
        self._buffer, self._at = "", 0
        self._tokens = self._scan()

    def __iter__(self) -> Iterator[DumpRow]:
        try:
            yield from self._rows()
        finally:
            self._text.detach()  # the file is the caller's, who may read it again

    def _rows(self) -> Iterator[DumpRow]:
        while (token := self._next()).kind != "end":
            if token.is_word("CREATE"):
                self._create()
            elif token.is_word("INSERT", "REPLACE"):
                yield from self._insert()
            elif token.is_word("DELIMITER"):
                self._skip_routines()
            elif token.is_word("SET"):
                self._set()
            elif not token.closes:
                self._skip()

    def _scan(self) -> Iterator[_Token]:
        """Tokens without blanks and comments, and the end of the file as an empty one, for ever."""
        ended = False
        while True:
            buffer, at = self._buffer, self._at
            match = _TOKEN.match(buffer, at)
            kind = match.lastgroup if match is not None else ""
            opens = match is not None and kind == "sign" and match[0] in _OPENS
            if not ended and (match is None or opens or match.end() + _AHEAD > len(buffer)):
                if len(buffer) - at > _LONGEST:
                    raise self._broken(_("有一个值太长，或引号没有成对"))
                more = self._read(max(_PIECE, len(buffer) - at))
                ended = not more
                self._buffer, self._at = buffer[at:] + more, 0
            elif match is None:
                yield _Token("end", "")
            elif opens and match[0] != "/":
                raise self._broken(_("有一个值太长，或引号没有成对"))
            else:
                self._at = match.end()
                if kind == "sign" or kind == "number":
                    yield _Token(kind, match[0])
                    continue
                self._line += match[0].count("\n")
                if kind == "comment":
                    self.utc = self.utc or bool(_UTC.search(match[0]))
                elif kind != "blank":
                    yield _Token(kind or "", match[0])

    def _read(self, size: int) -> str:
        try:
            return self._text.read(size)
        except (OSError, EOFError, zlib.error, UnicodeDecodeError):
            raise self._broken(_("文件坏了，或没有下载完")) from None

    def _next(self) -> _Token:
        return next(self._tokens)

    def _skip(self) -> None:
        """To the end of the statement."""
        while not self._next().closes:
            pass

    def _skip_routines(self) -> None:
        """Over procedures and triggers, which stand between two changes of the delimiter."""
        token = self._next()
        while token.kind != "end" and not token.is_word("DELIMITER"):
            token = self._next()

    def _set(self) -> None:
        words = []
        while not (token := self._next()).closes:
            words.append(token.text)
        self.utc = self.utc or bool(_UTC.search(" ".join(words)))

    def _create(self) -> None:
        """``CREATE TABLE name (``: the names that begin a part at the first level are columns."""
        token = self._next()
        if not token.is_word("TABLE"):
            if not token.closes:
                self._skip()
            return
        table, token = self._table_name()
        depth, begins, columns = 0, False, list[str]()
        while not token.closes:
            if begins and depth == 1 and token.kind == "name":
                columns.append(_name(token))
            begins = token.kind == "sign" and token.text in "(,"
            depth += (token.kind == "sign") * ((token.text == "(") - (token.text == ")"))
            token = self._next()
        self._columns[table] = columns

    def _table_name(self) -> tuple[str, _Token]:
        """The name of a table, with or without its database, and the token behind it."""
        token = self._next()
        while token.is_word("IF", "NOT", "EXISTS", "INTO", "IGNORE", "DELAYED", "LOW_PRIORITY"):
            token = self._next()
        name, token = _name(token), self._next()
        if token.text == ".":
            name, token = _name(self._next()), self._next()
        return name.rpartition(".")[2], token

    def _insert(self) -> Iterator[DumpRow]:
        table, token = self._table_name()
        columns = self._columns.get(table, [])
        if token.text == "(":
            columns = []
            while (token := self._next()).text != ")":
                if token.kind in ("name", "word"):
                    columns.append(_name(token))
                elif token.kind == "end":
                    raise self._broken(_("没有结尾"))
            token = self._next()
        wanted = table in self._tables
        if not token.is_word("VALUES", "VALUE"):
            if wanted:
                raise self._broken(_("INSERT 后面没有 VALUES"))
            if not token.closes:
                self._skip()
            return
        if wanted and not columns:
            raise self._broken(_("没有 {table} 的表结构").format(table=table[:40]))
        while not token.closes:
            token = self._next()
            if token.kind != "sign" or token.text != "(":
                continue
            if not wanted:
                self._skip_row()
            else:
                values = self._row()
                if len(values) != len(columns):
                    raise self._broken(_("{table} 的列数对不上").format(table=table[:40]))
                yield DumpRow(table, self._line, dict(zip(columns, values, strict=True)))

    def _skip_row(self) -> None:
        """To its closing bracket, without reading the values where that can be seen at once."""
        match = _PLAIN_ROW.match(self._buffer, self._at)
        if match is None:
            self._row()
            return
        self._line += match[0].count("\n")
        self._at = match.end()

    def _row(self) -> list[Value]:
        """Values up to the closing bracket."""
        match = _PLAIN_ROW.match(self._buffer, self._at)
        if match is not None:
            self._line += match[0].count("\n")
            self._at = match.end()
            return [_plain(one) for one in _PLAIN_VALUE.findall(match[0])]
        values: list[Value] = []
        while True:
            token = self._next()
            if token.kind == "word" and token.text.startswith("_"):  # the value's character set
                token = self._next()
            values.append(self._value(token))
            token = self._next()
            if token.text == ")":
                return values
            if token.text != ",":
                raise self._broken(_("值之间没有逗号"))

    def _value(self, token: _Token) -> Value:
        if token.kind == "text":
            return _unescape(token.text)
        if token.kind == "number":
            return token.text
        if token.kind == "hex":
            digits = token.text[2:].rstrip("'")
            return bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
        if token.is_word("NULL"):
            return None
        if token.is_word("TRUE", "FALSE"):
            return "1" if token.is_word("TRUE") else "0"
        raise self._broken(_("有看不懂的值"))

    def _broken(self, why: str) -> InputError:
        return InputError(
            _("数据库导出文件读不下去：{why}。").format(why=why),
            line=self._line,
            hint=_("请用 mysqldump 重新导出整个数据库。"),
        )


def open_dump(file: BinaryIO) -> io.TextIOWrapper:
    """The text of a dump, unpacked where it is packed with gzip; its encoding is found."""
    file.seek(0)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    unpacked = _Bounded(gzip.GzipFile(fileobj=file))
    plain = cast(BinaryIO, io.BufferedReader(unpacked)) if packed else file
    try:
        encoding = find_encoding(plain)
    except (OSError, EOFError, zlib.error):
        raise InputError(_("压缩的导出文件坏了，或没有下载完。")) from None
    plain.seek(0)
    return io.TextIOWrapper(plain, encoding, "replace")


class _Bounded(io.RawIOBase):
    """What gzip unpacks, up to a limit: an archive must not fill the machine."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        super().__init__()
        self._packed, self._left = packed, _MAX_UNPACKED

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """To the beginning."""
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Only to the beginning, or nowhere."""
        if offset or whence > 1:
            raise OSError("a packed dump is read from its beginning")
        if whence:
            return _MAX_UNPACKED - self._left
        self._left = _MAX_UNPACKED
        return self._packed.seek(0)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """The next bytes; OSError beyond the limit."""
        room = memoryview(buffer).cast("B")
        data = self._packed.read(len(room))
        self._left -= len(data)
        if self._left < 0:
            raise OSError("too much")
        room[: len(data)] = data
        return len(data)


def _plain(text: str) -> Value:
    if text[0] == "'":
        return _unescape(text)
    return None if text == "NULL" else text


def _name(token: _Token) -> str:
    return token.text[1:-1].replace("``", "`") if token.kind == "name" else token.text


def _unescape(quoted: str) -> str:
    mark, inner = quoted[0], quoted[1:-1]
    if "\\" not in inner and mark not in inner:
        return inner
    return re.sub(
        rf"\\(.)|{mark}{mark}",
        lambda m: mark if m[1] is None else _ESCAPED.get(m[1], m[1]),
        inner,
        flags=re.DOTALL,
    )
