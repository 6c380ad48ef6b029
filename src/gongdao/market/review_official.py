"""A struck-through price that is said to be an issuer's, and is far above the listing's own, waits
for a person who opens the address: house policy ``policy/official_far_above``.

An approval holds for that address up to that price, a refusal for that address from that price on;
the newest word counts.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import beijing
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.market.compared import ComparedKind
from gongdao.market.limits import official_far_above
from gongdao.market.models import Listing, ListingReview
from gongdao.market.offer import Offer
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.review_listing import close_reviews
from gongdao.market.states import ReviewCode, ReviewState

_WAITS = Phrase(
    "划线价比单价高得多，平台先打开官方标价的网址看过再上架。"
    "同意后再点一次“上架”；划线价写低一些就不用等。"
)


def find_far_official(offer: Offer, *, at: datetime) -> tuple[str, Money] | None:
    """The address and the price of an issuer's that is far above the offer's; None where there is
    none such."""
    with_, compared = offer.compared_with, offer.compared_price
    if with_ is None or compared is None or with_.kind is not ComparedKind.OFFICIAL:
        return None
    far = compared.minor * 100 > offer.price.minor * official_far_above(beijing(at).date())
    return (with_.link, compared) if far else None


def ask_official_review(*, listing_id: UUID, offer: Offer, at: datetime) -> ListingReview | None:
    """Put the issuer's price of ``offer`` before the staff; one that waits is asked about anew.
    None where there is nothing to ask (any more)."""
    found = find_far_official(offer, at=at)
    if found is None:
        return None
    with transaction.atomic():
        listing = Listing.objects.select_for_update().get(id=listing_id)
        said = _word(listing, found)
        if said is not None:
            return said if said.state == ReviewState.OPEN else None
        close_reviews(listing_id=listing.id, code=ReviewCode.OFFICIAL, at=at)
        link, compared = found
        return ListingReview.objects.create(
            listing=listing,
            code=ReviewCode.OFFICIAL,
            title=offer.title,
            link=link,
            price_minor=offer.price.minor,
            market_minor=compared.minor,
            currency=compared.currency,
            found_at=at,
        )


def check_official(*, listing: Listing, offer: Offer, at: datetime) -> None:
    """Raise PriceUnderReview where a person has to look at the issuer's price before it is
    listed."""
    found = find_far_official(offer, at=at)
    if found is not None:
        said = _word(listing, found)
        if said is None or said.state == ReviewState.OPEN:
            raise PriceUnderReview(_WAITS)


def why_official_refused(*, listing: Listing, offer: Offer, at: datetime) -> Phrase | None:
    """Why the staff refused the issuer's price; None where they did not."""
    found = find_far_official(offer, at=at)
    said = _word(listing, found) if found is not None else None
    if said is None or said.state != ReviewState.REFUSED:
        return None
    return Phrase("平台没有同意这个划线价：{why} 写低一些，或不写。", why=said.reason)


def _word(listing: Listing, found: tuple[str, Money]) -> ListingReview | None:
    """The newest word on this price at this address."""
    link, compared = found
    rows = ListingReview.objects.filter(
        listing=listing, code=ReviewCode.OFFICIAL, link=link, currency=compared.currency
    ).exclude(state=ReviewState.CLOSED)
    for row in rows.order_by("-id"):
        assert row.market_minor is not None  # a constraint: asked about with its price
        if {
            ReviewState.ACCEPTED: compared.minor <= row.market_minor,
            ReviewState.REFUSED: compared.minor >= row.market_minor,
        }.get(ReviewState(row.state), compared.minor == row.market_minor):
            return row
    return None
