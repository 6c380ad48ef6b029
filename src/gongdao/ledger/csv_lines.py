"""Lines of CSV that a spreadsheet opens rightly: UTF-8 with its mark, and no cell that computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Each row as one line (CRLF, as RFC 4180 has it), the first with the byte order mark."""
    mark = "\ufeff"
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([_plain(cell) for cell in row])
        yield mark + line.getvalue()
        mark = ""


def _plain(cell: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe; amounts stay."""
    if cell.startswith(_STARTS) and not cell.lstrip("-").replace(".", "", 1).isdigit():
        return f"'{cell}"
    return cell
