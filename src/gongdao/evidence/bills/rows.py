"""One table row to one BillRow, whatever the layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from gongdao.core.clock import BEIJING
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.evidence.bills.tables import Row, serial_time
from gongdao.evidence.reading import BillRow, Direction

_DIRECTIONS: dict[str, Direction] = {
    **dict.fromkeys(("支出", "支", "借", "借Dr", "Dr", "付款", "转出", "消费"), Direction.OUT),
    **dict.fromkeys(("收入", "收", "贷", "贷Cr", "Cr", "收款", "转入"), Direction.IN),
    **dict.fromkeys(("/", "不计收支", "其他", "中性交易"), Direction.NEUTRAL),
}
_DIRECTION_WORDS = frozenset(("支出", "收入", "/", "不计收支", "其他"))
_AMOUNT = re.compile(
    r"([-+]?)\s*[¥￥]?\s*([-+]?[\d,]+(?:\.\d+)?)(?:[eE]([-+]?\d{1,2}))?\s*元?\s*(?:[(（](.*)[)）])?"
)
_UNKNOWN_AMOUNT = re.compile(r"-xx|-XX|-{2,}")
_DAY = re.compile(r"(20\d{2})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_TIME = re.compile(r"(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?|(\d{2})(\d{2})(\d{2})$")
_CURRENCIES = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "CNY": "CNY",
    "RMB": "CNY",
    "": "CNY",
    "美元": "USD",
    "USD": "USD",
    "港币": "HKD",
    "港元": "HKD",
    "HKD": "HKD",
}
DAY_ONLY = "（账单只有日期，没有时刻）"
"""Noted on a row whose ``at`` is its day's midnight, because the bill tells no clock."""
_EMPTY = frozenset(("/", "-", "无", "\\N"))
_REFUND_WORDS = re.compile(r"退款|退回余额|退还|退货|退回")
_NOT_REFUND = re.compile(r"提现|退款失败|退还失败")


@dataclass(frozen=True)
class Amount:
    """A cell's amount: ``money`` without sign, the ``sign`` written, and words in brackets."""

    money: Money
    sign: str
    remark: str


def read_amount(text: str, currency: str = "CNY") -> Amount:
    """Read ``¥1,234.56``, ``-98.50``, ``98.50(已退款50.00)``, ``548.58000000000004``.

    Rounded half up to 0.01, as binary fractions of a spreadsheet need. Raise InputError.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise InputError(_("“{text}”不是金额").format(text=text[:40]), field="amount")
    digits = match[2].replace(",", "")
    try:
        value = Decimal(digits + (f"e{match[3]}" if match[3] else ""))
        minor = int((value * 100).to_integral_value(rounding="ROUND_HALF_UP"))
    except (InvalidOperation, OverflowError):
        raise InputError(_("“{text}”不是金额").format(text=text[:40]), field="amount") from None
    if abs(minor) > 10**14:
        raise InputError(_("“{text}”不是金额").format(text=text[:40]), field="amount")
    sign = "-" if minor < 0 or match[1] == "-" else match[1] or ("+" if digits[0] == "+" else "")
    return Amount(Money(abs(minor), currency), sign, (match[4] or "").strip())


def read_time(cells: Mapping[str, str]) -> datetime | None:
    """The row's time in Beijing: payment time, else creation; a day with a clock beside it."""
    for key in ("at", "created"):
        text = cells.get(key, "")
        at = _whole(text)
        if at:
            return at
    day = _DAY.match(cells.get("day", ""))
    if day is None:
        return None
    clock = _TIME.match(cells.get("clock", "") or cells.get("at", ""))
    hour, minute, second = _clock_parts(clock)
    return _make(int(day[1]), int(day[2]), int(day[3]), hour, minute, second)


def _has_clock(cells: Mapping[str, str]) -> bool:
    """Whether the row tells more than a day; else ``at`` is that day's midnight."""
    texts = (cells.get(key, "") for key in ("at", "created", "clock"))
    return any(":" in text or "：" in text or "." in text or len(text) == 6 for text in texts)


def _whole(text: str) -> datetime | None:
    serial = serial_time(text.strip())
    if serial:
        return serial.replace(tzinfo=BEIJING)
    day = _DAY.match(text)
    if day is None:
        return None
    hour, minute, second = _clock_parts(_TIME.search(text, day.end()))
    return _make(int(day[1]), int(day[2]), int(day[3]), hour, minute, second)


def _clock_parts(match: re.Match[str] | None) -> tuple[int, int, int]:
    if match is None:
        return 0, 0, 0
    parts = match.groups()
    first, second, third = parts[:3] if parts[0] else parts[3:]
    return int(first), int(second), int(third or 0)


def _make(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None


def fit_cells(cells: tuple[str, ...], columns: Mapping[str, int], width: int) -> tuple[str, ...]:
    """Bring a row with too many fields back to ``width``: trailing empty fields go; an unquoted
    comma in the counterparty is joined again, found by where 收/支 stands."""
    filled = len(cells)
    while filled > width and not cells[filled - 1]:
        filled -= 1
    cells = cells[:filled]
    extra = len(cells) - width
    direction, party = columns.get("direction"), columns.get("counterparty")
    if extra <= 0 or direction is None or party is None or party >= direction:
        return cells
    for shift in range(extra, 0, -1):
        if direction + shift < len(cells) and cells[direction + shift] in _DIRECTION_WORDS:
            joined = ",".join(cells[party : party + shift + 1])
            fitted = (*cells[:party], joined, *cells[party + shift + 1 :])
            return (*fitted[: width - 1], ",".join(fitted[width - 1 :]))
    return cells


def read_row(row: Row, columns: Mapping[str, int]) -> BillRow:
    """One BillRow; raise InputError with the reason when time or amount cannot be read."""
    cells = {key: row.cells[i] for key, i in columns.items() if i < len(row.cells)}
    at = read_time(cells)
    if at is None:
        raise InputError(_("这一行没有可读的交易时间"), field="at")
    currency = _CURRENCIES.get(cells.get("currency", "").strip(), "CNY")
    amount = _amount_of(cells, currency)
    direction = _direction(cells, amount)
    kind = _value(cells, "kind")
    day_only = "" if _has_clock(cells) else DAY_ONLY
    note = "；".join(filter(None, (_value(cells, "note"), amount.remark, day_only)))
    return BillRow(
        at=at,
        amount=amount.money,
        direction=direction,
        status=_value(cells, "status"),
        kind=kind,
        counterparty=_value(cells, "counterparty"),
        counterparty_account=_value(cells, "counterparty_account"),
        item=_value(cells, "item"),
        method=_value(cells, "method"),
        transaction_no=_value(cells, "transaction_no"),
        merchant_order_no=_value(cells, "merchant_order_no"),
        note=note,
        line=row.line,
        is_refund=_is_refund(cells, direction),
    )


def _amount_of(cells: Mapping[str, str], currency: str) -> Amount:
    for key, sign in (("amount", ""), ("income", "+"), ("expense", "-")):
        text = cells.get(key, "").strip()
        if not text or text in _EMPTY:
            continue
        if _UNKNOWN_AMOUNT.match(text):
            raise InputError(_("金额被导出方隐去（{text}）").format(text=text[:40]), field="amount")
        amount = read_amount(text, currency)
        if sign and not amount.money.minor:
            continue
        return Amount(amount.money, sign or amount.sign, amount.remark)
    raise InputError(_("这一行没有金额"), field="amount")


def _direction(cells: Mapping[str, str], amount: Amount) -> Direction:
    word = cells.get("direction", "").strip().replace(" ", "")
    if word in _DIRECTIONS:
        return _DIRECTIONS[word]
    state = cells.get("category", "")
    if "direction" in cells and state in ("已支出", "已收入"):
        return Direction.OUT if state == "已支出" else Direction.IN
    if amount.sign:
        return Direction.OUT if amount.sign == "-" else Direction.IN
    kind = cells.get("kind", "")
    if re.search(r"消费|支付|购买|支出|下单|扣款", kind):
        return Direction.OUT
    return Direction.IN if re.search(r"充值|退|收入|入账", kind) else Direction.NEUTRAL


def _value(cells: Mapping[str, str], key: str) -> str:
    text = cells.get(key, "").strip()
    return "" if text in _EMPTY or (text and set(text) == {"-"}) else text


def _is_refund(cells: Mapping[str, str], direction: Direction) -> bool:
    if direction is Direction.OUT:
        return False
    words = (cells.get("kind", ""), cells.get("item", "")[:12], cells.get("category", ""))
    if cells.get("status", "") == "退款成功":
        return True
    return any(_REFUND_WORDS.search(w) and not _NOT_REFUND.search(w) for w in words)
