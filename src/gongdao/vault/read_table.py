"""Rows of cells to the fields of secrets: which columns count, and what a spreadsheet has spoilt.

Programs that show tables turn long numbers into 1.23E+15, cut them after 15 digits, drop leading
zeros and make dates of codes. What can be seen to be spoilt is refused, never sold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gongdao.vault.refusals import Reason
from gongdao.vault.split_line import Line, is_header, split_line, strip_label

Rows = Iterable[tuple[int, Sequence[str | None]]]
"""Number (from 1) and cells of each row; None for a cell that the spreadsheet has spoilt."""

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[Ee]\+?\d{2,3}")
_FAILED = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)|#+")
_AS_TEXT = re.compile(r'="([^"]*)"')
_MEANS = (
    ("number", re.compile(r"充值?卡号|卡\s?号|card\s?(?:no|number)\.?|number|序列号|serial", re.I)),
    ("account", re.compile(r"账\s?号|帐\s?号|账户|用户名|account|user(?:name)?", re.I)),
    ("pin", re.compile(r"密\s?码|充值密码|卡密码|卡\s?密|pin\s?码?|pass(?:word|wd)?|secret", re.I)),
    ("code", re.compile(
        r"卡\s?密|兑换码|激活码|充值码|卡券码|提货码|授权码|注册码|礼品卡|CDK(?:EY)?|code|key|secret"
        r"|pin\s?码?|卡密码", re.I)),
)  # fmt: skip
"""What a column's name means, for the names that fields of products usually have."""


class TableSource:
    """The secrets of a table, to be iterated once; ``blank``, ``header`` and ``appended`` (rows
    with further columns, which are not kept) are counted beside."""

    encoding = ""
    separator = None

    def __init__(
        self, rows: Rows, *, fields: Sequence[str], columns: Sequence[int] | None = None
    ) -> None:
        """``fields`` are the product's names for them; ``columns`` (from 1) says where they
        stand, else the header or the number of columns decides."""
        self._rows, self._fields = rows, tuple(fields)
        self._columns = tuple(columns) if columns else None
        self.blank = self.header = self.appended = 0

    def __iter__(self) -> Iterator[Line]:
        columns = [one - 1 for one in self._columns] if self._columns else None
        first = True
        for number, given in self._rows:
            cells = [_clean(cell) for cell in given]
            while cells and cells[-1] == "":
                cells.pop()
            if not cells:
                self.blank += 1
                continue
            named = [cell or "" for cell in cells]
            if first and any(is_header([name]) for name in named if name):
                self.header += 1
                columns = columns or find_columns(named, self._fields)
            else:
                yield self._line(number, cells, columns)
            first = False

    def _line(
        self, number: int, cells: Sequence[str | None], columns: Sequence[int] | None
    ) -> Line:
        """One row; without known columns it must have just as many cells as there are fields."""
        wanted = range(len(self._fields)) if columns is None else columns
        if columns is None and len(cells) != len(self._fields):
            only = cells[0] if len(cells) == 1 else None
            if only is not None:  # a list that is a table by its name alone
                return split_line(number, only, len(self._fields), None)
            return Line(number, (), Reason.FIELDS)
        if max(wanted) >= len(cells):
            return Line(number, (), Reason.FIELDS)
        taken = [cells[one] for one in wanted]
        self.appended += len(cells) > len(taken)
        if any(cell is None for cell in taken):
            return Line(number, (), Reason.SPREADSHEET)
        return Line(number, tuple(strip_label(cell or "") for cell in taken))


def find_columns(header: Sequence[str], fields: Sequence[str]) -> list[int] | None:
    """Where the ``fields`` stand in a table with these column names, from 0; None where the names
    do not say it for all of them."""
    found: list[int] = []
    names = [name.strip() for name in header]
    for field in fields:
        means = dict(_MEANS).get(field)
        fits = [i for i, name in enumerate(names) if name.casefold() == field.casefold()]
        fits += [i for i, name in enumerate(names) if means and means.fullmatch(name)]
        free = [i for i in fits if i not in found]
        if not free:
            return None
        found.append(free[0])
    return found


def _clean(cell: str | None) -> str | None:
    """A cell's text without what makes a spreadsheet keep it as text; None when it is spoilt."""
    if cell is None:
        return None
    text = cell.strip().lstrip("\ufeff")
    if match := _AS_TEXT.fullmatch(text):
        text = match[1].strip()
    text = text.removeprefix("'").strip()
    return None if _SCIENTIFIC.fullmatch(text) or _FAILED.fullmatch(text) else text
