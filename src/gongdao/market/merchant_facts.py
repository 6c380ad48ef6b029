"""What is known of a merchant before one orders (A4): counted from recorded orders, never claimed.

Bounded: the newest orders of ninety days, five thousand at most. A share is told from twenty orders
on; below that it would say more about chance than about the merchant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

WINDOW = timedelta(days=90)
MOST_COUNTED = 5000
FEWEST_FOR_SHARE = 20
_COUNT = """
SELECT count(*), count(*) FILTER (WHERE state IN ('refunding', 'refunded')),
  count(*) FILTER (WHERE delivered_at <= promise_by),
  count(*) FILTER (WHERE delivered_at IS NOT NULL OR promise_by < %(at)s OR cancelled),
  count(*) FILTER (WHERE cancelled)
FROM (
  SELECT state, delivered_at, promise_by,
    EXISTS (SELECT FROM market_ordercancel c WHERE c.order_id = o.id) AS cancelled
  FROM market_order o
  WHERE merchant_id = %(merchant)s AND placed_at >= %(since)s AND paid_at IS NOT NULL
  ORDER BY placed_at DESC LIMIT %(most)s) AS newest
"""
"""Index market_order_merchant. One that he cancelled was due, and was not delivered in time."""


@dataclass(frozen=True)
class MerchantFacts:
    """Paid orders of the window, and of them: given back, due by now, delivered in time, cancelled
    by the merchant.
    ``cut``: there were more than were counted."""

    paid: int
    refunded: int
    due: int
    in_time: int
    cancelled: int = 0

    @property
    def cut(self) -> bool:
        """Whether there may be more orders than were counted."""
        return self.paid >= MOST_COUNTED

    @property
    def enough(self) -> bool:
        """Whether a share may be told."""
        return self.paid >= FEWEST_FOR_SHARE

    @property
    def refunded_permille(self) -> int:
        """Orders given back in a thousand paid ones, rounded."""
        return _permille(self.refunded, self.paid)

    @property
    def cancelled_permille(self) -> int:
        """Orders that the merchant cancelled in a thousand paid ones, rounded."""
        return _permille(self.cancelled, self.paid)

    @property
    def in_time_permille(self) -> int:
        """Orders delivered by their promise in a thousand that were due, rounded."""
        return _permille(self.in_time, self.due)


def _permille(part: int, whole: int) -> int:
    return (part * 2000 + whole) // (2 * whole) if whole else 0


def get_merchant_facts(*, merchant_id: UUID, at: datetime) -> MerchantFacts:
    """Count the orders of the ninety days before ``at``."""
    values: dict[str, Any] = {
        "merchant": merchant_id,
        "since": at - WINDOW,
        "at": at,
        "most": MOST_COUNTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        paid, refunded, in_time, due, cancelled = cursor.fetchone()
    return MerchantFacts(
        paid=paid, refunded=refunded, due=due, in_time=in_time, cancelled=cancelled
    )
