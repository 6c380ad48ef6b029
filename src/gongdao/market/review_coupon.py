"""A coupon that brings a price far under the market is looked at as that price would be: by a
person, before it holds. The question is about the listing's lowest price with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.market.coupon_prices import find_cut, lowest_piece, lowest_price
from gongdao.market.decide_coupon import CouponKind, CouponTerms
from gongdao.market.find_listings import on_offer
from gongdao.market.models import Listing
from gongdao.market.offer import Offer, read_offer
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.review_listing import (
    ask_price_review,
    find_price_gap,
    find_price_word,
    say_refused,
)
from gongdao.market.states import ReviewState


def check_coupon_price(*, merchant_id: UUID, terms: CouponTerms, at: datetime) -> None:
    """Raise PriceUnderReview where a person has to look at what a listing costs with this coupon
    before it holds (`ask_coupon_review` asks him), InputError where he said no."""
    for listing, offer, price in _lowered(merchant_id, terms, at):
        said = find_price_word(listing=listing, offer=offer, price=price)
        if said is not None and said.state == ReviewState.REFUSED:
            field = "percent" if terms.kind is CouponKind.PERCENT else "fixed"
            raise InputError(say_refused(said), field=field)
        waits = said is not None and said.state == ReviewState.OPEN
        if waits or (said is None and find_price_gap(listing, offer, price, at=at) is not None):
            words = Phrase(
                "用这张券，“{title}”的单价比同类商品低得多，先由平台看过。"
                "同意以后再来一次；减得少一些就不用等。",
                title=offer.title,
            )
            raise PriceUnderReview(words)


def ask_coupon_review(*, merchant_id: UUID, terms: CouponTerms, at: datetime) -> list[UUID]:
    """Put each price that this coupon brings far under the market before the staff; the listings
    about which they are asked."""
    return [
        listing.id
        for listing, offer, price in _lowered(merchant_id, terms, at)
        if ask_price_review(listing_id=listing.id, offer=offer, price=price, at=at) is not None
    ]


def _lowered(
    merchant_id: UUID, terms: CouponTerms, at: datetime
) -> Iterator[tuple[Listing, Offer, Money]]:
    """The merchant's listings on offer that cost less with the coupon than without, and what."""
    cut = find_cut(terms)
    if cut is None:
        return
    rows = on_offer().filter(listing__merchant_id=merchant_id).select_related("listing")
    if terms.listings is not None:
        rows = rows.filter(listing_id__in=terms.listings)
    for row in rows.order_by("listing_id"):
        offer = read_offer(row.content)
        if offer.price.currency != terms.minimum.currency:
            continue
        price = lowest_piece(offer, [cut])
        if price < lowest_price(listing=row.listing, offer=offer, at=at):
            yield row.listing, offer, price
