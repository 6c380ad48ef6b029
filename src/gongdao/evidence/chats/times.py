"""Times as chat programs show them, with and without a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gongdao.core.clock import BEIJING, beijing
from gongdao.evidence.chats.raw import RawMessage

STAMP = (
    r"20\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[T ]{0,3}\d{1,2}[:：]\d{2}"
    r"(?:[:：]\d{2})?(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?"
)
CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
_FULL = re.compile(
    r"(20\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]*(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?"
    r"(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?"
)
_MONTH_DAY = re.compile(r"(\d{1,2})[-/月](\d{1,2})日?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def read_stamp(text: str) -> datetime | None:
    """A full date and time at the start of ``text`` in Beijing time, or None if it is none."""
    match = _FULL.match(text)
    if match is None:
        return None
    zone = match[7]
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        at = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
        if zone:
            iso = at.strftime("%Y-%m-%dT%H:%M:%S") + ("+00:00" if zone == "Z" else zone)
            at = beijing(datetime.fromisoformat(iso))
    except (ValueError, OverflowError):
        return None
    return at


def read_epoch(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970 (number or text) in Beijing time, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
        seconds = number / 1000 if abs(number) >= 1e11 else number
        at = datetime.fromtimestamp(seconds, tz=BEIJING)
    except (ValueError, OverflowError, OSError):
        return None
    return at if 2000 <= at.year <= 2200 else None


def read_month_day(text: str, captured_at: datetime | None) -> datetime | None:
    """``MM-DD HH:MM[:SS]`` in the last year before ``captured_at``; None without it."""
    match = _MONTH_DAY.match(text)
    if match is None or captured_at is None:
        return None
    month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    local = beijing(captured_at)
    for year in (local.year, local.year - 1):
        try:
            at = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
        except ValueError:
            continue
        if at <= local + timedelta(days=1):
            return at
    return None


def date_clocks(
    messages: Sequence[tuple[RawMessage, str]], captured_at: datetime | None
) -> tuple[RawMessage, ...]:
    """Give every (message, bare clock) a day: the last is at or before ``captured_at``, and each
    earlier one on the same day or, where its clock is later than the next, the day before.

    All such times are ``at_given=False``; without ``captured_at`` they stay None.
    """
    dated: list[RawMessage] = []
    after = beijing(captured_at) if captured_at else None
    for message, clock in reversed(messages):
        at = _before(clock, after) if after else None
        after = at or after
        dated.append(replace(message, at=at, at_given=False))
    return tuple(reversed(dated))


def _before(clock: str, after: datetime) -> datetime | None:
    match = _CLOCK.match(clock)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        at = after.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    # A clock without seconds may name the same minute as the one after it.
    return at if at <= after else at - timedelta(days=1)
