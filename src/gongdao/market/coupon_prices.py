"""What a piece costs at least with a coupon that anybody may use.

A coupon that can be used only once is for one buyer and counts nowhere here: a merchant who makes
good for something sells nothing far under the market.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from gongdao.core.money import Money
from gongdao.market.coupon_models import Coupon
from gongdao.market.decide_coupon import CouponTerms
from gongdao.market.models import Listing
from gongdao.market.offer import Offer


@dataclass(frozen=True)
class Cut:
    """What a coupon takes off: ``percent`` of the price, or ``minor`` units, of an order that comes
    to ``least`` or more."""

    percent: int
    minor: int
    least: int


def find_cut(terms: CouponTerms) -> Cut | None:
    """What a coupon takes off for many; None for one that is off, or can be used once at most."""
    if not terms.on or (terms.uses_left is not None and terms.uses_left < 2):
        return None
    return Cut(terms.percent or 0, terms.fixed.minor if terms.fixed else 0, terms.minimum.minor)


def lowest_piece(offer: Offer, cuts: Iterable[Cut] = ()) -> Money:
    """What a piece costs at least, however many are bought and with whichever one of ``cuts``."""
    steps = [(1, offer.price.minor), *((tier.quantity, tier.unit.minor) for tier in offer.tiers)]
    prices = [unit for _from, unit in steps]
    for cut in cuts:
        for begin, unit in steps:
            pieces = max(begin, -(-cut.least // unit) if unit else 1)
            total = pieces * unit
            off = total * cut.percent // 100 if cut.percent else cut.minor
            prices.append(max(1, (total - off) // pieces))
    return Money(min(prices), offer.price.currency)


def lowest_price(*, listing: Listing, offer: Offer, at: datetime) -> Money:
    """What a piece of ``offer`` costs at least, with the merchant's coupons that hold for it."""
    rows = Coupon.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        Q(uses=None) | Q(uses__gt=1, uses_left__gt=0),
        Q(everywhere=True) | Q(listings__listing_id=listing.id),
        merchant_id=listing.merchant_id,
        currency=offer.price.currency,
        on=True,
    )
    cuts = rows.values_list("percent", "off_minor", "minimum_minor")
    return lowest_piece(offer, [Cut(share or 0, off or 0, least) for share, off, least in cuts])
