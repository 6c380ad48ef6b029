"""Labels and their values on a screen: right of the label, below it, or after a colon.

Which fact a label means depends on the screen and is decided by the families beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from gongdao.evidence.layout import Cell, Page, Row, gap_below
from gongdao.evidence.screen_fields import words
from gongdao.evidence.values import half_width, plain

_EXTRA_TRIM = re.compile(r"(?:复制|[>›»＞]|查看详情|去复制|点击复制|一键复制)+\s*$")
_BUTTONS = frozenset(
    [
        "复制",
        "查看",
        "去复制",
        ">",
        "›",
        "详情",
        "点击复制",
        "复制卡密",
        "复制卡号",
        "一键复制",
        "全部复制",
        "查看详情",
        "复制密码",
    ]
)
_TABLE_HEADS = frozenset(
    ["卡号", "卡密", "密码", "序列号", "充值卡号", "充值密码", "兑换码", "面值", "数量"]
)
_MARKS = " \t:：·•.，,【】[]()（）*"


@dataclass(frozen=True)
class Pair:
    """A label and its value; ``cells`` are the cells the value was read from."""

    label: str
    value: str
    cells: Row
    label_cell: Cell


@cache
def label_words() -> frozenset[str]:
    """Every label word, in its plain form."""
    return frozenset(plain(word) for word in words.ALL.split())


def _any_word(least: int) -> str:
    chosen = sorted((w for w in label_words() if len(w) >= least), key=len, reverse=True)
    return "|".join(r"\s*".join(map(re.escape, word)) for word in chosen)


@cache
def _inline() -> re.Pattern[str]:
    return re.compile(rf"(?<![一-鿿A-Za-z0-9])({_any_word(2)})(\s?\d{{0,2}})\s*[:：]", re.I)


@cache
def _leading() -> re.Pattern[str]:
    return re.compile(
        rf"^\W*({_any_word(2)})(?P<rest>\s+\S.*|[0-9A-Za-z¥￥+\-].*)$", re.I | re.DOTALL
    )


def label_of(text: str) -> str | None:
    """The label that ``text`` is, nothing else around it; one misread character is forgiven."""
    word = re.sub(r"(?<=[卡密号码K])\d{1,2}$", "", plain(text).strip(_MARKS)).strip(_MARKS)
    if not 2 <= len(word) <= 12:
        return None
    for form in (word, word.upper()):
        if form in label_words():
            return form
    if len(word) < 4:
        return None
    near = {w for w in label_words() if len(w) == len(word) and _differ(w, word) == 1}
    return near.pop() if len(near) == 1 else None


def _differ(one: str, two: str) -> int:
    return sum(a != b for a, b in zip(one, two, strict=True))


def find_pairs(*, page: Page) -> tuple[Pair, ...]:
    """Every label on the page with its value, top to bottom."""
    pairs: list[Pair] = []
    used: set[int] = set()
    rows = [_join_spread(row, page) for row in page.rows]
    for index, row in enumerate(rows):
        for position, cell in enumerate(row):
            if id(cell) in used:
                continue
            for pair in _pairs_at(rows, index, position, page):
                pairs.append(pair)
                used.update(id(c) for c in pair.cells if c is not cell)
    return tuple(pairs)


def _join_spread(row: Row, page: Page) -> Row:
    """名 称 printed wide apart is one label."""
    if len(row) >= 2 and len(row[0].text) == 1 and len(row[1].text) == 1:
        word = row[0].text + row[1].text
        if label_of(word) and row[1].x0 - row[0].x1 < 3 * page.em:
            return (replace(row[0], text=word, x1=row[1].x1), *row[2:])
    return row


def _pairs_at(rows: list[Row], index: int, position: int, page: Page) -> Iterable[Pair]:
    cell = rows[index][position]
    label = label_of(cell.text)
    if label:
        value = _beside_or_below(rows, index, position, page)
        if value:
            yield _pair(label, value, cell)
        return
    inline = list(_inline().finditer(cell.text))
    if inline:
        yield from _inline_pairs(rows, index, position, page, inline)
        return
    leading = _leading().match(cell.text)
    if leading and cell.x0 < page.left + 0.5 * (page.right - page.left):
        label = label_of(leading[1])
        if label:
            tail = replace(cell, text=leading["rest"].strip())
            more = _value_beside(rows, index, position, page) if position == 0 else ()
            yield _pair(label, (tail, *more), cell)


def _inline_pairs(
    rows: list[Row], index: int, position: int, page: Page, found: list[re.Match[str]]
) -> Iterable[Pair]:
    cell = rows[index][position]
    for number, match in enumerate(found):
        last = number + 1 == len(found)
        end = len(cell.text) if last else found[number + 1].start()
        text = cell.text[match.end() : end].strip(" ,，;；|｜")
        value: Row
        if text:
            value = (replace(cell, text=text),)
            if last and position == len(rows[index]) - 1:
                value += _run_on_inline(rows, index, cell, page)
        else:
            value = _beside_or_below(rows, index, position, page)
        if value:
            yield _pair(label_of(match[1]) or plain(match[1]), value, cell)


def _run_on_inline(rows: list[Row], index: int, cell: Cell, page: Page) -> Row:
    """A code after a colon that breaks at the edge of its box goes on in the next row."""
    if index + 1 >= len(rows) or not re.search(r"[0-9A-Za-z\-]{6}$", cell.text):
        return ()
    below = rows[index + 1]
    close = gap_below(rows[index], below) < 0.45 * page.em
    rest = len(below) == 1 and re.fullmatch(r"[0-9A-Za-z\-]{2,}", below[0].text)
    wide = cell.x1 - cell.x0 > 9 * page.em and below[0].x1 <= cell.x1 + page.em
    return below if close and rest and wide else ()


def _pair(label: str, value: Row, cell: Cell) -> Pair:
    text = ""
    for part in value:
        piece = _EXTRA_TRIM.sub("", part.text).strip()
        same_row = bool(text) and abs(part.cy - value[0].cy) < 0.5 * part.height
        text += (" " if same_row and piece else "") + piece
    return Pair(label, _EXTRA_TRIM.sub("", text).strip(), value, cell)


def _beside_or_below(rows: list[Row], index: int, position: int, page: Page) -> Row:
    beside = _value_beside(rows, index, position, page)
    return beside or _value_below(rows, index, position, page)


def _value_beside(rows: list[Row], index: int, position: int, page: Page) -> Row:
    """Cells right of the label in its row, and what they run on into below."""
    row = rows[index]
    value: list[Cell] = []
    stopped = False
    for cell in row[position + 1 :]:
        labelled = _is_label(cell) and not _answers(row, position, cell, page)
        if labelled or _is_button(cell):
            stopped = labelled
            break
        value.append(cell)
    if not value:
        return () if stopped else _value_straddling(rows, index, position, page)
    if stopped:
        return tuple(value)
    for lower in rows[index + 1 : index + 5]:
        if not _goes_on(row[position], value, lower, page):
            break
        value.extend(lower)
    return tuple(value)


def _answers(row: Row, position: int, cell: Cell, page: Page) -> bool:
    """Whether a label-like word is the value here: 支付方式 … 账户余额, flush right."""
    if len(row) != 2 or position != 0 or cell is not row[1]:
        return False
    table = label_of(row[0].text) in _TABLE_HEADS and label_of(cell.text) in _TABLE_HEADS
    return not table and cell.x1 > page.right - 0.1 * (page.right - page.left)


def _goes_on(label: Cell, value: list[Cell], lower: Row, page: Page) -> bool:
    if lower[0].x0 < label.x1 + 0.2 * page.em or any(_is_label(c) for c in lower):
        return False
    if gap_below((value[-1],), lower) > 0.62 * min(page.em, value[-1].height) or len(lower) > 1:
        return False
    left = abs(lower[0].x0 - value[0].x0) < 1.2 * page.em
    right = abs(lower[-1].x1 - value[0].x1) < 1.2 * page.em
    return left or right


def _value_straddling(rows: list[Row], index: int, position: int, page: Page) -> Row:
    """A label centred beside a value of two lines: one a little above, one a little below."""
    label = rows[index][position]
    near = [
        cell
        for other in (index - 1, index + 1)
        if 0 <= other < len(rows)
        for cell in rows[other]
        if cell.x0 > label.x1 + page.em
        and abs(cell.cy - label.cy) < 0.95 * cell.height
        and not any(_is_label(c) for c in rows[other])
    ]
    return tuple(sorted(near, key=lambda c: c.cy))


def _value_below(rows: list[Row], index: int, position: int, page: Page) -> Row:
    """The cell under a label that stands alone: same start, close, no label itself."""
    label = rows[index][position]
    for lower in rows[index + 1 : index + 3]:
        if gap_below((label,), lower) > 1.5 * page.em:
            return ()
        under = [
            c
            for c in lower
            if abs(c.x0 - label.x0) < 1.7 * page.em or abs(c.cx - label.cx) < page.em
        ]
        if under:
            first = under[0]
            return () if _is_label(first) or _is_button(first) else (first,)
    return ()


def _is_label(cell: Cell) -> bool:
    return label_of(cell.text) is not None or bool(_inline().match(half_width(cell.text)))


def _is_button(cell: Cell) -> bool:
    return plain(cell.text) in _BUTTONS
