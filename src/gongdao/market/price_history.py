"""What a listing has cost, in public (A7): the prices it showed, and those that were paid.

Deals are counted by day among the merchant's newest orders of thirty days, two thousand at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.money import Money
from gongdao.market.compared import PriceStep
from gongdao.market.decide_price import Deal, PriceVerdict, judge_compared_price
from gongdao.market.models import ListingVersion
from gongdao.market.offer import Offer

WINDOW = timedelta(days=30)
MOST_COUNTED = 2000
_MOST_PRICES = 12
_MOST_VERSIONS = 60
_DEALS = """
SELECT (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day, currency, sum(quantity),
  min(total_minor / quantity), max(total_minor / quantity), max(paid_at)
FROM (
  SELECT listing_id, state, paid_at, currency, quantity, total_minor FROM market_order
  WHERE merchant_id = %(merchant)s AND placed_at >= %(since)s
  ORDER BY placed_at DESC LIMIT %(most)s) AS newest
WHERE listing_id = %(listing)s AND state IN ('paid', 'delivered', 'completed')
GROUP BY day, currency ORDER BY day DESC
"""
"""Index market_order_merchant."""


@dataclass(frozen=True)
class ShownPrice:
    """A price that the listing showed from ``at`` on, until the next one."""

    price: Money
    at: datetime


@dataclass(frozen=True)
class DayOfDeals:
    """The pieces paid for and not given back on one day (Beijing), and what one cost."""

    day: date
    pieces: int
    lowest: Money
    highest: Money
    last_at: datetime


@dataclass(frozen=True)
class PriceHistory:
    """Newest first, both."""

    prices: tuple[ShownPrice, ...]
    days: tuple[DayOfDeals, ...]


def get_price_history(*, listing_id: UUID, merchant_id: UUID, at: datetime) -> PriceHistory:
    """The prices a listing showed, changes alone, and its deals of thirty days."""
    values: dict[str, Any] = {
        "merchant": merchant_id,
        "listing": listing_id,
        "since": at - WINDOW,
        "most": MOST_COUNTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DEALS, values)
        rows = cursor.fetchall()
    days = [
        DayOfDeals(day, int(pieces), Money(low, money), Money(high, money), last)
        for day, money, pieces, low, high, last in rows
    ]
    return PriceHistory(_shown_prices(listing_id), tuple(days))


def _shown_prices(listing_id: UUID) -> tuple[ShownPrice, ...]:
    versions = ListingVersion.objects.filter(listing_id=listing_id).order_by("-number")
    rows = versions.values_list("price_minor", "currency", "published_at")[:_MOST_VERSIONS]
    changes: list[ShownPrice] = []
    for minor, currency, at in reversed(rows):
        price = Money(minor, currency)
        if not changes or changes[-1].price != price:
            changes.append(ShownPrice(price, at))
    return tuple(reversed(changes[-_MOST_PRICES:]))


def judge_shown_price(offer: Offer, history: PriceHistory, at: datetime) -> PriceVerdict | None:
    """Whether the struck-through price of ``offer`` may be shown at this moment; None where it has
    none. Each day counts with its lowest price, so that the judgement errs to the buyer's side."""
    if offer.compared_price is None:
        return None
    deals = [Deal(day.lowest, day.last_at) for day in history.days]
    return judge_compared_price(
        compared=offer.compared_price,
        why=offer.compared_why,
        with_=offer.compared_with,
        deals=deals,
        at=at,
    )


def all_prices(listing_id: UUID) -> list[PriceStep]:
    """Every price that a listing showed, by version, the oldest first."""
    rows = ListingVersion.objects.filter(listing_id=listing_id).order_by("number")
    found = rows.values_list("price_minor", "currency", "published_at")
    return [PriceStep(Money(minor, currency), at) for minor, currency, at in found]
