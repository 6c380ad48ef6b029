"""Time as people in China write it: Beijing time unless said otherwise. Never reads a clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from gongdao.core.errors import InputError

BEIJING = timezone(timedelta(hours=8), "+08:00")

# One pattern for every spelling met in receipts, orders, chats and tickets; OCR loses the blank
# between date and time, so it is optional.
_INSTANT = re.compile(
    r"(20\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*[T，, ]?\s*"
    r"(\d{1,2})\s*[:：时]\s*(\d{2})(?:\s*[:：分]\s*(\d{2})(?!\d))?"
)


def parse_iso(text: str, *, field: str | None = None) -> datetime:
    """Read an ISO 8601 instant; a missing zone means Beijing. Raise InputError otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"“{text}”不是时间", field=field, hint="请写成 2026-11-20T10:00:00+08:00。"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=BEIJING)


def find_instants(text: str) -> list[tuple[datetime, int]]:
    """Every date-with-time in ``text`` as (instant in Beijing time, position); rubbish is skipped."""
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
