"""Which struck-through price may stand beside a price (A7), from the deals that were made.

The rule is article 16 of the price-marking rules (明码标价和禁止价格欺诈规定), entry
`price_marking_antifraud_rules/16` of the rule data: unexplained, a compared price may not exceed
the shop's lowest deal price of the seven days before; with no deal in seven days, the last deal
price. A face value is no compared price, and an explanation names what is compared with: a few
signs are none. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.core.money import Money
from gongdao.rules.queries import plain_words

RULE = "price_marking_antifraud_rules/16"
WINDOW = timedelta(days=7)
LEAST_WHY = 10
"""Letters and digits; fewer name nothing that a buyer could look up."""
_FACE = ("面值", "面额", "票面", "卡面", "face value", "denomination")
FAR_BELOW_PERCENT = 50
"""House policy: cheaper than this share of the market's median asks for a review."""


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
    *, compared: Money, why: str, deals: Sequence[Deal], at: datetime
) -> PriceVerdict:
    """Judge ``compared`` at the moment ``at``; ``why`` is what the merchant explains it with."""
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
    if any(word in why.lower() for word in _FACE):
        return PriceVerdict(False, Support.FACE_VALUE, ceiling)
    if len(plain_words(why)) >= LEAST_WHY:
        return PriceVerdict(True, Support.EXPLAINED, ceiling)
    return PriceVerdict(False, Support.TOO_HIGH if ceiling else Support.NONE, ceiling)


def is_far_below(price: Money, market: Sequence[Money]) -> bool:
    """Whether ``price`` asks for a review: below half of the median of five or more others."""
    others = sorted(one.minor for one in market if one.currency == price.currency)
    if len(others) < 5:
        return False
    return price.minor * 100 < others[len(others) // 2] * FAR_BELOW_PERCENT
