"""Values as Chinese screens print them, and as OCR mangles them → one normal form, or None."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from gongdao.core.clock import BEIJING, find_instants
from gongdao.core.money import Money

_SIGN = r"[¥￥夫羊半￡YV]"
PRICE = re.compile(
    rf"(?P<sign>[-+−—–]?)\s*(?P<mark>{_SIGN}?)\s*(?P<sign2>[-+]?)"
    r"(?P<whole>\d{1,3}(?:[,，]\d{3})+|\d{1,8})(?:\s?[.．。]\s?(?P<part>\d{1,2}))?(?!\d)"
)
_LOOSE = re.compile(
    r"(?<!\d)(20\d{2})\D{0,3}(\d{2})\D{0,3}(\d{2})\D{0,3}(\d{2})\D?(\d{2})(\D?\d{2})?(?!\d)"
)
_SHORT = re.compile(r"(?<!\d)(\d{1,2})[-/.月](\d{1,2})日?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)")
_DAY = re.compile(r"(20\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")


def plain(text: str) -> str:
    """For comparing only: half width, without blanks, the usual misprint 己 for 已 undone."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"(?<!自)[己巳]", "已", text)


def half_width(text: str) -> str:
    """Digits, letters and marks in half width; blanks stay."""
    return unicodedata.normalize("NFKC", text).replace("−", "-").replace("—", "-")


def read_instant(text: str, *, year: int | None = None) -> str | None:
    """``2026-11-02 14:03:21`` (or to the minute) from any spelling of a date with a time.

    ``year`` fills in for screens that print only month and day.
    """
    text = half_width(text)
    found = find_instants(text)
    if found:
        at, start = found[0]
        has_seconds = re.search(r"\d{1,2}\s*[:时]\s*\d{2}\s*[:分]\s*\d{2}", text[start:])
        return at.strftime("%Y-%m-%d %H:%M:%S" if has_seconds else "%Y-%m-%d %H:%M")
    if match := _LOOSE.search(text):
        parts = [int(re.sub(r"\D", "", g)) for g in match.groups() if g]
        return _say(parts, len(parts) == 6)
    if year is not None and (match := _SHORT.search(text)):
        parts = [year, *(int(g) for g in match.groups() if g)]
        return _say(parts, len(parts) == 6)
    return None


def _say(parts: list[int], seconds: bool) -> str | None:
    year, month, day, hour, minute, second = [*parts, 0][:6]
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None
    return at.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def read_day(text: str) -> str | None:
    """``2026-11-02`` from any spelling of a date, or None."""
    match = _DAY.search(half_width(text))
    if not match:
        return None
    try:
        at = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=BEIJING)
    except ValueError:
        return None
    return at.strftime("%Y-%m-%d")


def read_amount(text: str) -> str | None:
    """``98.00`` from ``-￥98.00``, ``98 元``, ``夫98.00``, ``+1,280.5``; None without a number."""
    found = amounts_in(text)
    return found[0][0] if found else None


def amounts_in(text: str) -> list[tuple[str, int]]:
    """Every amount in ``text`` as (``98.00``, position), the sign left off."""
    text = half_width(text)
    out = []
    for match in PRICE.finditer(text):
        before = text[: match.start("whole")]
        if re.search(r"[A-Za-z0-9]$", re.sub(rf"{_SIGN}$", "", before)):
            continue
        whole = re.sub(r"[,，]", "", match["whole"])
        part = (match["part"] or "").ljust(2, "0")
        out.append((str(Money.parse(f"{int(whole)}.{part}")), match.start()))
    return out


def is_price(text: str, *, marked: bool = False) -> bool:
    """Whether ``text`` is one price and nothing else; ``marked``: it must carry a mark."""
    text = half_width(text).strip().strip("-~_|·•'")
    match = PRICE.match(text)
    if not match or match.start() != 0:
        return False
    rest = re.sub(r"\s+", "", text[match.end() :])
    if rest not in ("", "元", "起", "元起", "/张", "/件", "-", "~", "."):
        return False
    return not marked or bool(match["mark"] or match["part"] or "元" in rest)


def read_code(text: str, *, shortest: int = 5) -> str | None:
    """An order number or another serial: the longest run of its characters, blanks kept out."""
    text = half_width(text).replace("–", "-")
    text = re.sub(r"(?<=[0-9A-Za-z])\s+(?=[0-9A-Za-z])", "", text)
    runs = [m.group() for m in re.finditer(r"[0-9A-Za-z][0-9A-Za-z_\-|*@]*", text)]
    runs = [r.rstrip("-_|@") for r in runs if len(r) >= shortest and re.search(r"\d", r)]
    return max(runs, key=len, default=None)


def read_count(text: str) -> str | None:
    """``20`` from ``x20``, ``×20``, ``20 张``; None otherwise."""
    match = re.search(
        r"(?:^|[xX×*乘])\s*(\d{1,5})\s*(?:$|[张件个份条枚套次])", half_width(text).strip()
    )
    return str(int(match[1])) if match else None
