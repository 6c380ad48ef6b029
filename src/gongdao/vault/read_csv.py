"""A CSV file of secrets: any of the usual encodings and delimiters, quoted or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.vault.read_table import TableSource
from gongdao.vault.read_text import find_encoding

_DELIMITERS = ",;\t|，；"
_SAMPLE = 50
_LOST = "\ufffd"


def read_csv(
    file: BinaryIO,
    *,
    fields: Sequence[str],
    columns: Sequence[int] | None = None,
    encoding: str | None = None,
) -> TableSource:
    """The secrets in ``file``, which can seek; an InputError while iterating names the line where a
    quotation mark was left open."""
    found = encoding or find_encoding(file)
    source = TableSource(_rows(file, found), fields=fields, columns=columns)
    source.encoding = found
    return source


def _rows(file: BinaryIO, encoding: str) -> Iterator[tuple[int, list[str | None]]]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, "replace", newline="")
    try:
        head = [line for line, _n in zip(text, range(_SAMPLE), strict=False)]
        text.seek(0)
        reader = csv.reader(text, delimiter=_delimiter(head), skipinitialspace=True)
        before = 0
        for row in reader:
            number, before = before + 1, reader.line_num
            yield number, [None if _LOST in cell else cell.replace("\x00", "") for cell in row]
    except csv.Error:
        raise InputError(
            _("第 {line} 行起的引号没有成对。").format(line=before + 1),
            hint=_("请检查这一行，或另存为文本文件再导入。"),
        ) from None
    finally:
        text.detach()


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that divides most lines into the same number of cells."""
    best, score = ",", 0
    for sign in _DELIMITERS:
        counts = [line.count(sign) for line in lines if line.strip()]
        usual = max(set(counts), key=counts.count, default=0)
        if usual and counts.count(usual) > score:
            best, score = sign, counts.count(usual)
    return best
