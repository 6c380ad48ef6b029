"""An XLSX workbook of secrets: its first sheet with anything in it, row by row.

The archive is checked before it is opened. Rows are streamed; the workbook's table of texts is not,
so memory grows with it: a million secrets are better imported as text or CSV.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree.ElementTree import ParseError

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.evidence.zip_guard import check_zip
from gongdao.vault.read_table import TableSource

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

MAX_UNPACKED = 128 << 20
_PRECISE = 10**15
"""Spreadsheets keep 15 digits; a longer number has lost its end."""
_BROKEN = (
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, IndexError, AttributeError,
    EOFError, ParseError, NotImplementedError,
)  # fmt: skip
"""What the library raises for a workbook that is damaged or is none: it trusts the XML inside, so a
broken part ends in whatever its next step meets (NotImplementedError: a packing it cannot undo)."""


def read_xlsx(
    file: BinaryIO, *, fields: Sequence[str], columns: Sequence[int] | None = None
) -> TableSource:
    """The secrets in the workbook ``file``, which can seek; raise InputError when it is broken."""
    _check(file)
    return TableSource(_rows(file), fields=fields, columns=columns)


def _check(file: BinaryIO) -> None:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            check_zip(archive, name="", max_total=MAX_UNPACKED)
            for info in archive.infolist():
                with archive.open(info) as member:
                    if b"<!DOCTYPE" in member.read(4096):
                        raise _broken()
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        # zipfile says "encrypted" by RuntimeError, and an unknown packing by NotImplementedError
        raise _broken() from None


def _rows(file: BinaryIO) -> Iterator[tuple[int, list[str | None]]]:
    from openpyxl import load_workbook

    file.seek(0)
    try:
        book: Workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            empty = True
            for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
                cells = [_text(value) for value in row]
                empty = empty and not any(cell != "" for cell in cells)
                yield number, cells
            if not empty:
                return
    except _BROKEN:
        raise _broken() from None


def _text(value: Any) -> str | None:
    """What a cell says; None for what a spreadsheet has spoilt: long numbers, dates, fractions."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not 0 <= value < _PRECISE:
        return None
    return str(int(value))


def _broken() -> InputError:
    return InputError(_("XLSX 文件打不开，可能坏了。"), hint=_("请另存为 CSV 或文本文件再导入。"))
