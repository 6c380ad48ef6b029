"""Cells of a bill: CSV text line by line, XLSX by its own small reader.

One damaged CSV line costs only itself: an opening quote that never closes does not swallow the
rows below it. XLSX is read straight from its XML, so that amounts stay decimal text, with limits
on every size.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.text_decoding import split_lines

MAX_ROWS = 200_000
MAX_COLUMNS = 64
_MAX_JOINED = 6
_MAX_LINE = 100_000


@dataclass(frozen=True)
class Row:
    """One row: ``line`` from 1 in the file or sheet; ``raw`` the line as it stands."""

    line: int
    cells: tuple[str, ...]
    raw: str


def csv_rows(text: str) -> Iterator[Row]:
    """Rows of CSV text, blank ones left out. A quoted field may run over up to six lines.
    Raise UnreadableFile after MAX_ROWS lines."""
    lines = split_lines(text)
    delimiter = _delimiter(lines)
    number = 0
    while number < len(lines) and number < MAX_ROWS:
        line = lines[number]
        number += 1
        if not line.strip():
            continue
        taken = line[:_MAX_LINE]
        start = number
        if _open_quote(taken, delimiter):
            joined, used = _join(taken, lines, number, delimiter)
            taken, number = joined, number + used
        yield Row(start, _split(taken, delimiter), line[:_MAX_LINE])
    if number < len(lines):
        raise UnreadableFile(
            Phrase("账单超过 {limit} 行", limit=MAX_ROWS),
            hint=Phrase("请只导出与这笔订单有关的时间段。"),
        )


def _delimiter(lines: list[str]) -> str:
    head = "\n".join(lines[:200])
    return "\t" if head.count("\t") > 2 * head.count(",") else ","


def _open_quote(line: str, delimiter: str) -> bool:
    """Whether a quoted field starts on this line and does not end on it."""
    if line.count('"') % 2 == 0:
        return False
    fields = re.split(rf"(?:^|{re.escape(delimiter)}) {{0,8}}\"", line)
    return len(fields) > 1 and '"' not in fields[-1]


def _join(line: str, lines: list[str], number: int, delimiter: str) -> tuple[str, int]:
    joined = line
    for used in range(1, _MAX_JOINED):
        if number + used > len(lines):
            break
        joined += "\n" + lines[number + used - 1][:_MAX_LINE]
        if not _open_quote(joined, delimiter):
            return joined, used
    return line, 0


def _split(line: str, delimiter: str) -> tuple[str, ...]:
    if _open_quote(line, delimiter):
        return tuple(cell.strip().strip('"') for cell in line.split(delimiter))
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=False), [])
    except csv.Error:
        cells = line.split(delimiter)
    return tuple(cell.strip() for cell in cells)


def serial_time(text: str) -> datetime | None:
    """A spreadsheet's day number (days since 1899-12-30) as a time without zone, or None."""
    if not re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return None
    at = datetime(1899, 12, 30) + timedelta(days=float(text))
    return (at + timedelta(microseconds=500_000)).replace(microsecond=0)
