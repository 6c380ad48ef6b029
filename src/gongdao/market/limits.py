"""The published limits that the market goes by, read from the rules in force on a day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from gongdao.core.money import Money
from gongdao.market.decide_price import FarBelow
from gongdao.market.decide_risk import RiskLimits
from gongdao.market.decide_watch import WatchLimits
from gongdao.rules.queries import policy

PACE_WINDOW = timedelta(hours=1)
"""In which a buyer's orders are counted: ``policy/velocity_orders`` says so in its words."""


def _count(code: str, on: date) -> int:
    found = policy(code, on).count
    if found is None:
        raise ValueError(f"policy/{code} has no number")
    return found


def _amount(code: str, on: date) -> Money:
    found = policy(code, on).amount
    if found is None:
        raise ValueError(f"policy/{code} has no amount")
    return found


@lru_cache(maxsize=8)
def risk_limits(on: date) -> RiskLimits:
    """When a buyer is asked before delivery, and what follows his answer."""
    return RiskLimits(
        high_value=_amount("first_high_value", on),
        delay=timedelta(minutes=_count("first_high_value_delay", on)),
        answer_within=timedelta(hours=_count("risk_answer_within", on)),
        most_orders=_count("velocity_orders", on),
        floor=_amount("velocity_floor", on),
        watch=timedelta(hours=_count("velocity_watch", on)),
    )


@lru_cache(maxsize=64)
def market_fee(on: date) -> int:
    """The platform's fee for an order placed ``on`` this day, in ten-thousandths of what is
    released to the merchant."""
    return _count("market_fee", on)


@lru_cache(maxsize=8)
def payee_rest(on: date) -> timedelta:
    """How long after it was verified an account does not receive shares yet."""
    return timedelta(hours=_count("payee_rest", on))


@lru_cache(maxsize=8)
def share_limit(on: date) -> Money:
    """What a merchant's shares and payouts of one day may come to before a second person looks."""
    return _amount("split_second_person", on)


@lru_cache(maxsize=8)
def far_below_limits(on: date) -> FarBelow:
    """When a price is so low that it is looked at before it is listed."""
    return FarBelow(_count("far_below", on), _count("far_below_least", on))


@lru_cache(maxsize=64)
def official_far_above(on: date) -> int:
    """From how many per cent of its own price on a listing's issuer's price is looked at."""
    return _count("official_far_above", on)


@lru_cache(maxsize=8)
def watch_limits(on: date) -> WatchLimits:
    """When the watchdog acts."""
    return WatchLimits(
        late_grace=timedelta(minutes=_count("late_grace", on)),
        late_percent=_count("late_compensation", on),
        top_up_patience=timedelta(hours=_count("top_up_patience", on)),
        refund_told_after=timedelta(hours=_count("refund_told_after", on)),
        answer_within=timedelta(hours=_count("risk_answer_within", on)),
    )
