"""Values as people read them: money, times, days, sizes. Times are Beijing times."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from gongdao.core.clock import BEIJING, beijing, parse_iso, say_minute
from gongdao.core.errors import InputError
from gongdao.core.language import language
from gongdao.core.money import Money

_SIGNS = {"CNY": "¥"}
_UNITS = ("B", "KB", "MB", "GB", "TB")


def money(value: object, currency: str = "CNY") -> str:
    """``¥1,234.50`` of a Money, or of an amount as the case report writes it (``"1234.50"``).
    Nothing for nothing; a text that is no amount stays as it is."""
    if value is None or value == "":
        return ""
    try:
        amount = value if isinstance(value, Money) else Money.parse(str(value), currency)
    except InputError:
        return str(value)
    units, minor = divmod(abs(amount.minor), 100)
    sign = _SIGNS.get(amount.currency, f"{amount.currency} ")
    minus = "−" if amount.minor < 0 else ""
    return f"{minus}{sign}{units:,}.{minor:02d}"


def when(value: datetime | str | None) -> SafeString | str:
    """``<time>2026-11-02 14:03</time>`` of an instant, or of its ISO 8601 text.
    Raises ValueError for a datetime without zone: it could mean any hour."""
    if not value:
        return ""
    at = parse_iso(value) if isinstance(value, str) else value
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    return format_html(
        '<time datetime="{}">{}</time>', beijing(at).isoformat(timespec="minutes"), say_minute(at)
    )


def day(value: date | datetime | str | None) -> SafeString | str:
    """``<time>2026-11-02</time>`` of a day, an instant (its day in Beijing) or an ISO 8601 text."""
    if not value:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else parse_iso(value)
    if isinstance(value, datetime):
        value = value.astimezone(BEIJING).date()
    return format_html('<time datetime="{0}">{0}</time>', value.isoformat())


def filesize(size: int | None) -> str:
    """``1.4 MB`` of a number of bytes, in steps of 1,024 as phones count."""
    if size is None:
        return ""
    tenths, unit = size * 10, 0
    while tenths >= 10_235 and unit < len(_UNITS) - 1:
        tenths, unit = (tenths + 512) // 1024, unit + 1
    whole, tenth = divmod(tenths, 10)
    shown = f"{whole}.{tenth}" if unit and whole < 100 and tenth else f"{whole}"
    return f"{shown} {_UNITS[unit]}"


def heading(text: object) -> str:
    """``text`` as it begins a heading or a line of its own: in English with a capital. Names of
    codes are kept as they stand within a sentence. Not for names of files and people."""
    said = str(text)
    if language() != "en" or not said[:1].islower():
        return said
    return said[:1].upper() + said[1:]


def elapsed(since: datetime | str, due: datetime | str, at: datetime | str) -> int:
    """How much of a term has passed at ``at``, in whole per cent from 0 to 100."""
    start, end, here = (parse_iso(x) if isinstance(x, str) else x for x in (since, due, at))
    if end <= start:
        return 100
    return max(0, min(100, (here - start) * 100 // (end - start)))
