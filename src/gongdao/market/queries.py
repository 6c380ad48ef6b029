"""What the market is asked: nothing here writes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from gongdao.core.money import Money
from gongdao.market.decide_price import Deal
from gongdao.market.find_listings import Search, find_versions
from gongdao.market.models import Order
from gongdao.market.offer import Offer
from gongdao.market.states import PAID_FOR, OrderState
from gongdao.rules.queries import plain_words

_MOST_DEALS = 5000
_MOST_LIKE = 2000
_NO_DEALS = frozenset({OrderState.REFUNDING, OrderState.REFUNDED})


def recent_deals(listing_id: UUID, *, before: datetime | None = None) -> list[Deal]:
    """The newest deals of a listing, or the newest ``before`` a moment: paid and not given back."""
    found = Order.objects.filter(listing_id=listing_id, state__in=PAID_FOR - _NO_DEALS)
    if before is not None:
        found = found.filter(paid_at__lt=before)
    rows = found.order_by("-paid_at").values_list("total_minor", "quantity", "currency", "paid_at")[
        :_MOST_DEALS
    ]
    return [Deal(Money(total // pieces, money), at) for total, pieces, money, at in rows if at]


def prices_like(offer: Offer, *, but: UUID) -> list[Money]:
    """What other merchants than ``but`` ask now for a piece of the same kind, category and
    denomination, by their newest listings."""
    found = find_versions(Search(category=offer.category, kind=offer.kind))
    rows = found.exclude(listing__merchant_id=but).values_list(
        "content__denomination", "price_minor", "currency"
    )
    wanted = plain_words(offer.denomination)
    return [
        Money(minor, currency)
        for denomination, minor, currency in rows[:_MOST_LIKE]
        if plain_words(str(denomination)) == wanted
    ]
