"""One line of a list to the fields of a secret, whichever separator and labels it came with.

Lists come as ``number----pin``, ``number|pin``, ``number,pin``, with tabs, blanks, full-width
signs, with labels (``卡号：… 密码：…``), and from shops that append preselection, premium and cost
after ``║``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from gongdao.vault.refusals import Reason


class Line(NamedTuple):
    """Line ``number`` (from 1) of a source: its fields, or why it has none. Never shows them."""

    number: int
    fields: tuple[str, ...]
    reason: Reason | None = None

    def __repr__(self) -> str:
        return f"Line({self.number}, {self.reason or len(self.fields)})"


class Separator(StrEnum):
    """What stands between fields; in the order in which one is looked for."""

    TAB = "tab"
    DASHES = "dashes"
    BAR = "bar"
    SEMICOLON = "semicolon"
    COMMA = "comma"
    SLASH = "slash"
    EQUALS = "equals"
    COLON = "colon"
    SPACE = "space"


_PATTERNS = {
    Separator.TAB: re.compile(r"[ \u3000]*\t[ \t\u3000]*"),
    Separator.DASHES: re.compile(r"\s*(?:-{2,}|—+|[–―─]{2,}|_{3,}|={3,})\s*"),
    Separator.BAR: re.compile(r"\s*[|｜║┃¦]\s*"),
    Separator.SEMICOLON: re.compile(r"\s*[;；]\s*"),
    Separator.COMMA: re.compile(r"\s*[,，、]\s*"),
    Separator.SLASH: re.compile(r"\s*[/／\\]\s*"),
    Separator.EQUALS: re.compile(r"\s*[=＝]\s*"),
    Separator.COLON: re.compile(r"\s*[:：]\s*"),
    Separator.SPACE: re.compile(r"\s+"),
}
_SAMPLE = 200
_APPENDED = "║"
_NAMES = (
    r"充值卡号|充值密码|充值码|卡券码|卡密码|卡\s?号|卡\s?密|密\s?码|账\s?号|帐\s?号|账户|用户名|兑换码|激活码|"
    r"序列号|提货码|授权码|注册码|礼品卡|PIN\s?码|CDK(?:EY)?|card\s?(?:no|number|code)?\.?|account|"
    r"user(?:name)?|number|pass(?:word|wd)?|pin|code|key|secret|serial"
)
_LABEL = re.compile(rf"(?:{_NAMES})\s*[:：=＝]\s*", re.IGNORECASE)
_NAME = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)
_EDGES = " \t\u3000\ufeff,，;；、|"


def choose_separator(lines: Iterable[str], fields: int) -> Separator | None:
    """The separator that splits most of the first lines into ``fields`` parts; None where a line
    is one field, or where no separator fits any line."""
    if fields == 1:
        return None
    sample = [line for line in lines if line.strip()][:_SAMPLE]
    fits = {one: sum(len(_parts(line, one)) == fields for line in sample) for one in Separator}
    best = max(Separator, key=lambda one: fits[one])
    return best if fits[best] else None


def divides(lines: Sequence[str], fields: int) -> bool:
    """Whether most of ``lines`` can be divided into ``fields`` parts."""
    good = sum(split_line(0, line, fields, None).reason is None for line in lines)
    return 2 * good > len(lines)


def has_appended(lines: Sequence[str]) -> bool:
    """Whether most lines carry more behind a ``║`` (preselection, premium, cost of a shop)."""
    return 2 * sum(_APPENDED in line for line in lines) > len(lines)


def cut_appended(text: str) -> str:
    """``text`` up to the first ``║``."""
    return text.partition(_APPENDED)[0]


def split_line(number: int, text: str, fields: int, separator: Separator | None) -> Line:
    """The line's fields; refused where no separator gives just as many as are wanted.

    The file's separator is tried first, then the others: lists are often put together from several.
    """
    if fields == 1:
        return Line(number, (strip_label(text),))
    if labelled := _split_at_labels(text, fields):
        return Line(number, labelled)
    for one in (separator, *Separator):
        if one is not None and len(parts := _parts(text, one)) == fields:
            return Line(number, tuple(map(strip_label, parts)))
    return Line(number, (), Reason.FIELDS)


def strip_label(text: str) -> str:
    """``text`` without blanks around it and without a label such as ``卡号：`` in front."""
    text = text.strip()
    if ":" in text or "：" in text or "=" in text or "＝" in text:
        match = _LABEL.match(text)
        return text[match.end() :].strip() if match else text
    return text


def is_header(parts: Sequence[str]) -> bool:
    """Whether these cells are names of columns, not a secret."""
    return bool(parts) and all(_NAME.fullmatch(part.strip()) for part in parts if part.strip())


def is_header_line(text: str) -> bool:
    """Whether a line of text is a row of column names, whatever stands between them."""
    parts = [part for part in re.split(r"[\s,，;；|｜║/、\-—_]+", text.strip()) if part]
    return len(parts) <= 8 and is_header(parts)


def _parts(text: str, separator: Separator) -> list[str]:
    return [part for part in _PATTERNS[separator].split(text.strip()) if part]


def _split_at_labels(text: str, fields: int) -> tuple[str, ...] | None:
    """Fields that each have their label in front; None where labels and fields do not match."""
    if not (":" in text or "：" in text or "=" in text or "＝" in text):
        return None
    marks = list(_LABEL.finditer(text))
    if len(marks) != fields or text[: marks[0].start()].strip(_EDGES):
        return None
    ends = [one.start() for one in marks[1:]] + [len(text)]
    parts = [text[m.end() : end] for m, end in zip(marks, ends, strict=True)]
    return tuple(part.strip(_EDGES).rstrip("-—") for part in parts)
