"""Which orders wait until their buyer has said whether somebody told him to buy (F2). Pure.

Card secrets are what swindlers have people buy and read out. The rules are published limits; each
order that waits says so, and goes on or back by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.core.money import Money


class Risk(StrEnum):
    """Why an order waits for an answer; also the reason that its buyer reads."""

    NONE = ""
    FIRST_HIGH_VALUE = "asks_first_high_value"
    VELOCITY = "asks_velocity"


@dataclass(frozen=True)
class RiskLimits:
    """The published limits: see ``policy/first_high_value`` and those beside it."""

    high_value: Money
    delay: timedelta
    answer_within: timedelta
    most_orders: int
    floor: Money
    watch: timedelta


def needs_history(total: Money, limits: RiskLimits) -> bool:
    """Whether the buyer's history has to be looked up at all: for most orders it has not."""
    return total.currency == limits.high_value.currency and total >= limits.high_value


def judge_order(total: Money, completed_one: bool, limits: RiskLimits) -> Risk:
    """Whether an order waits. ``completed_one``: its buyer completed one as large before."""
    if needs_history(total, limits) and not completed_one:
        return Risk.FIRST_HIGH_VALUE
    return Risk.NONE


def deliver_from(risk: str, at: datetime, limits: RiskLimits) -> datetime:
    """From when an order is delivered whose buyer answered ``at`` that nobody told him to."""
    return at + limits.delay if risk == Risk.FIRST_HIGH_VALUE else at
