"""What the market is asked: nothing here writes."""

from __future__ import annotations

from uuid import UUID

from gongdao.core.money import Money
from gongdao.market.decide_price import Deal
from gongdao.market.models import Order
from gongdao.market.states import PAID_FOR, OrderState

_MOST_DEALS = 5000
_NO_DEALS = frozenset({OrderState.REFUNDING, OrderState.REFUNDED})


def recent_deals(listing_id: UUID) -> list[Deal]:
    """The newest deals of a listing: paid and not given back."""
    rows = (
        Order.objects.filter(listing_id=listing_id, state__in=PAID_FOR - _NO_DEALS)
        .order_by("-paid_at")
        .values_list("total_minor", "quantity", "currency", "paid_at")[:_MOST_DEALS]
    )
    return [Deal(Money(total // pieces, money), at) for total, pieces, money, at in rows if at]
