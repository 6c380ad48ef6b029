"""Which struck-through price may stand beside a price (A7), from the deals that were made.

The rule is article 16 of the price-marking rules (明码标价和禁止价格欺诈规定), entry
`price_marking_antifraud_rules/16` of the rule data: unexplained, a compared price may not exceed
the shop's lowest deal price of the seven days before; with no deal in seven days, the last deal
price. A face value is no compared price, and an explanation names what is compared with, in one of
the kinds of `gongdao.market.compared`: free words alone bear nothing, and parts that are called by
their face value are no parts. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.core.money import Money
from gongdao.market.compared import Compared
from gongdao.rules.queries import plain_words

RULE = "price_marking_antifraud_rules/16"
WINDOW = timedelta(days=7)
_FACE = ("面值", "面额", "票面", "卡面", "facevalue", "denomination")


@dataclass(frozen=True)
class Deal:
    """One completed sale of this listing: the price of a piece, and when."""

    unit: Money
    at: datetime


class Support(StrEnum):
    """What a compared price rests on."""

    LOWEST_OF_SEVEN_DAYS = "lowest_of_seven_days"
    LAST_DEAL = "last_deal"
    EXPLAINED = "explained"
    """Names what it is compared with; whether that is true is for a person."""
    ONLY_WORDS = "only_words"
    """Free words, as were accepted once."""
    FACE_VALUE = "face_value"
    NONE = "none"
    TOO_HIGH = "too_high"


@dataclass(frozen=True)
class PriceVerdict:
    """Whether the compared price may be shown, on what ground, and the highest that may."""

    allowed: bool
    support: Support
    ceiling: Money | None


def judge_compared_price(
    *, compared: Money, why: str, with_: Compared | None, deals: Sequence[Deal], at: datetime
) -> PriceVerdict:
    """Judge ``compared`` at the moment ``at``: ``with_`` is what the merchant compares it with,
    ``why`` his words beside."""
    before = [d for d in deals if d.at < at and d.unit.currency == compared.currency]
    recent = [d.unit for d in before if d.at >= at - WINDOW]
    if recent:
        ceiling, support = min(recent), Support.LOWEST_OF_SEVEN_DAYS
    elif before:
        ceiling, support = max(before, key=lambda d: d.at).unit, Support.LAST_DEAL
    else:
        ceiling, support = None, Support.NONE
    if ceiling is not None and compared <= ceiling:
        return PriceVerdict(True, support, ceiling)
    names = [one.name for one in with_.singles] if with_ is not None else []
    if any(says_face(text) for text in (why, *names)):
        return PriceVerdict(False, Support.FACE_VALUE, ceiling)
    if with_ is not None:
        return PriceVerdict(True, Support.EXPLAINED, ceiling)
    if plain_words(why):
        return PriceVerdict(False, Support.ONLY_WORDS, ceiling)
    return PriceVerdict(False, Support.TOO_HIGH if ceiling else Support.NONE, ceiling)


def says_face(text: str) -> bool:
    """Whether words speak of a face value."""
    return any(word in plain_words(text) for word in _FACE)


@dataclass(frozen=True)
class FarBelow:
    """A price under ``percent`` of the median of ``least`` or more others is far under the market:
    house policy ``policy/far_below``, ``policy/far_below_least``."""

    percent: int
    least: int


def find_far_median(price: Money, market: Sequence[Money], limits: FarBelow) -> Money | None:
    """The median of ``market`` that ``price`` is far below; None where it is not, or where there
    are too few to compare with."""
    others = sorted(one.minor for one in market if one.currency == price.currency)
    if len(others) < max(limits.least, 1):
        return None
    median = Money(others[len(others) // 2], price.currency)
    return median if price.minor * 100 < median.minor * limits.percent else None
