"""Time as people in China write it: Beijing time unless said otherwise. Never reads a clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _

BEIJING = timezone(timedelta(hours=8), "+08:00")

# One pattern for every spelling met in receipts, orders, chats and tickets; OCR loses the blank
# between date and time, so it is optional.
_GAP = r"[ \t\u3000]{0,3}"  # bounded: thousands of blanks must not be tried in every way
_INSTANT = re.compile(
    rf"(20\d{{2}}){_GAP}[-/.年]{_GAP}(\d{{1,2}}){_GAP}[-/.月]{_GAP}(\d{{1,2}}){_GAP}日?"
    rf"{_GAP}[T，, ]?{_GAP}"
    rf"(\d{{1,2}}){_GAP}[:：时]{_GAP}(\d{{2}})(?:{_GAP}[:：分]{_GAP}(\d{{2}})(?!\d))?"
)


_YEARS = range(1990, 2200)


def parse_iso(text: str, *, field: str | None = None) -> datetime:
    """Read an ISO 8601 instant; a missing zone means Beijing. Raise InputError otherwise."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            _("“{text}”不是时间").format(text=text[:60]),
            field=field,
            hint=_("请写成 2026-11-20T10:00:00+08:00。"),
        ) from None
    return in_beijing(at, field=field)


def in_beijing(at: datetime, *, field: str | None = None) -> datetime:
    """``at``, taken for Beijing time where it has no zone; raise InputError for a year that no
    order can have (such years also break arithmetic with zones)."""
    if at.year not in _YEARS:
        raise InputError(
            _("{year} 年不可能").format(year=at.year), field=field, hint=_("请核对年份。")
        )
    return at if at.tzinfo else at.replace(tzinfo=BEIJING)


def find_instants(text: str) -> list[tuple[datetime, int]]:
    """Every date-with-time in ``text`` as (instant, Beijing; position); rubbish is skipped."""
    found = []
    for match in _INSTANT.finditer(text):
        year, month, day, hour, minute, second = (int(g or 0) for g in match.groups())
        try:
            at = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
        except ValueError:
            continue
        found.append((at, match.start()))
    return found


def find_instant(text: str) -> datetime | None:
    """The first date-with-time in ``text``, or None."""
    found = find_instants(text)
    return found[0][0] if found else None


def beijing(at: datetime) -> datetime:
    """The same instant on a Beijing clock."""
    return at.astimezone(BEIJING)


def say_minute(at: datetime) -> str:
    """``2026-11-02 14:03`` in Beijing time."""
    return beijing(at).strftime("%Y-%m-%d %H:%M")


def say_second(at: datetime) -> str:
    """``2026-11-02 14:03:21`` in Beijing time."""
    return beijing(at).strftime("%Y-%m-%d %H:%M:%S")


def say_chinese(at: datetime) -> str:
    """``2026年11月2日14:03`` in Beijing time, as letters write it."""
    local = beijing(at)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"
