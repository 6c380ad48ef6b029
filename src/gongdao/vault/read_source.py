"""A file of secrets as lines, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import BinaryIO

from gongdao.vault.canonical_form import CanonRules
from gongdao.vault.read_csv import read_csv
from gongdao.vault.read_table import TableSource
from gongdao.vault.read_text import TextSource
from gongdao.vault.read_xlsx import read_xlsx
from gongdao.vault.split_line import Separator


class Form(StrEnum):
    """What kind of file."""

    TEXT = "text"
    CSV = "csv"
    XLSX = "xlsx"


Source = TextSource | TableSource
_ZIP = b"PK\x03\x04"


def find_form(file: BinaryIO, name: str) -> Form:
    """The kind of ``file``: a workbook by its first bytes, CSV by its name, else text."""
    file.seek(0)
    if file.read(4) == _ZIP:
        return Form.XLSX
    return Form.CSV if name.lower().endswith((".csv", ".tsv")) else Form.TEXT


def read_source(
    file: BinaryIO,
    *,
    name: str,
    rules: CanonRules,
    form: Form | None = None,
    encoding: str | None = None,
    separator: Separator | None = None,
    columns: Sequence[int] | None = None,
) -> Source:
    """The lines of ``file`` (which can seek), for a product with these ``rules``; iterate it once.

    What is None is found out. Raise InputError for a file that is not of its kind.
    """
    fields = [one.name for one in rules.fields]
    kind = form or find_form(file, name)
    if kind is Form.XLSX:
        return read_xlsx(file, fields=fields, columns=columns)
    if kind is Form.CSV:
        return read_csv(file, fields=fields, columns=columns, encoding=encoding)
    return TextSource(file, fields=len(fields), encoding=encoding, separator=separator)
