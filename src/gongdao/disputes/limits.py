"""Published amounts that this room goes by."""

from __future__ import annotations

from datetime import date

from gongdao.core.money import Money
from gongdao.rules.queries import policy


def second_arbiter_limit(on: date) -> Money:
    """The disputed amount above which a second person has to come to the same verdict, by the
    policy in force on the order's day ``on``."""
    amount = policy("second_arbiter", on).amount
    assert amount is not None, "the entry is there for its amount"
    return amount
