"""A price far under the market is looked at by a person before it is listed: house policy
``policy/far_below``. Asked for, decided with words that the merchant reads, and found again when he
publishes.

An approval holds for that price of those goods and for higher ones, a refusal for that price and
for lower ones; the newest word counts. A price is the lowest that a piece comes to, coupons of the
merchant that anybody may use included (`lowest_price`); one that is about to be made names its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongdao.core.clock import beijing
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.market.coupon_prices import lowest_price
from gongdao.market.decide_price import find_far_median
from gongdao.market.limits import far_below_limits
from gongdao.market.models import Listing, ListingReview
from gongdao.market.offer import Offer
from gongdao.market.queries import prices_like
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.states import ReviewCode, ReviewState
from gongdao.rules.queries import plain_words

PRICES = (ReviewCode.FAR_BELOW, ReviewCode.OFFICIAL)
"""What a person of the platform decides about prices."""
_ANSWERS = {ReviewState.ACCEPTED: "listing.accept", ReviewState.REFUSED: "listing.refuse"}


@dataclass(frozen=True)
class PriceGap:
    """The lowest price of a piece, and what ``others`` listings of the same goods ask."""

    price: Money
    median: Money
    others: int


def find_price_gap(
    listing: Listing, offer: Offer, price: Money, *, at: datetime
) -> PriceGap | None:
    """How far ``price`` is under the market of ``offer``; None where it is not, or where nothing
    compares."""
    day = beijing(at).date()
    market = prices_like(offer, but=listing.merchant_id)
    median = find_far_median(price, market, far_below_limits(day))
    return None if median is None else PriceGap(price, median, len(market))


def find_price_word(*, listing: Listing, offer: Offer, price: Money) -> ListingReview | None:
    """The newest word on this price of these goods: open, accepted or refused; None where nobody
    was asked."""
    rows = ListingReview.objects.filter(
        listing=listing,
        code=ReviewCode.FAR_BELOW,
        goods=_goods(offer),
        currency=price.currency,
    ).exclude(state=ReviewState.CLOSED)
    for row in rows.order_by("-id"):
        if _covers(row, price.minor):
            return row
    return None


def _covers(row: ListingReview, minor: int) -> bool:
    assert row.price_minor is not None  # a constraint: a price is asked about with its price
    if row.state == ReviewState.ACCEPTED:
        return minor >= row.price_minor
    if row.state == ReviewState.REFUSED:
        return minor <= row.price_minor
    return minor == row.price_minor


def ask_price_review(
    *, listing_id: UUID, offer: Offer, price: Money | None = None, at: datetime
) -> ListingReview | None:
    """Put the lowest price of ``offer``, or another ``price`` for it, before the staff; one that
    waits is asked about anew. None where there is nothing to ask (any more): it is not far below,
    or was decided."""
    with transaction.atomic():
        listing = Listing.objects.select_for_update().get(id=listing_id)
        if price is None:
            price = lowest_price(listing=listing, offer=offer, at=at)
        said = find_price_word(listing=listing, offer=offer, price=price)
        if said is not None:
            return said if said.state == ReviewState.OPEN else None
        gap = find_price_gap(listing, offer, price, at=at)
        if gap is None:
            return None
        close_reviews(listing_id=listing_id, code=ReviewCode.FAR_BELOW, at=at)
        return ListingReview.objects.create(
            listing=listing,
            code=ReviewCode.FAR_BELOW,
            title=offer.title,
            goods=_goods(offer),
            price_minor=gap.price.minor,
            market_minor=gap.median.minor,
            others=gap.others,
            currency=gap.price.currency,
            found_at=at,
        )


def decide_price_review(
    *, review_id: int, word: ReviewState, reason: str, by: Actor, at: datetime
) -> bool:
    """Approve a price, or refuse it, with words for the merchant; False where it was decided, or
    asked about anew, in the meantime. Raise InputError for no words."""
    text = check_reason(reason)
    with transaction.atomic():
        mine = ListingReview.objects.filter(id=review_id, code__in=PRICES, state=ReviewState.OPEN)
        row = mine.select_for_update().first()
        if row is None:
            return False
        mine.update(state=word, reason=text, ended_at=at)
        about = ("listing", str(row.listing_id))
        note_deed(by=by, deed=_ANSWERS[word], about=about, reason=text, at=at)
    return True


def why_price_refused(*, listing: Listing, offer: Offer, at: datetime) -> Phrase | None:
    """Why the staff refused this price; None where they did not."""
    price = lowest_price(listing=listing, offer=offer, at=at)
    said = find_price_word(listing=listing, offer=offer, price=price)
    if said is None or said.state != ReviewState.REFUSED:
        return None
    return say_refused(said)


def say_refused(said: ListingReview) -> Phrase:
    """What the merchant reads of a price that the staff refused."""
    return Phrase(
        "平台没有同意这个价格，用优惠码以后的也算：{why} 写高一些，或停用这个优惠码，再上架。",
        why=said.reason,
    )


def check_price(*, listing: Listing, offer: Offer, at: datetime) -> None:
    """Raise PriceUnderReview where a person has to look at the price before it is listed."""
    price = lowest_price(listing=listing, offer=offer, at=at)
    said = find_price_word(listing=listing, offer=offer, price=price)
    if said is not None and said.state == ReviewState.OPEN:
        raise PriceUnderReview
    if said is None and find_price_gap(listing, offer, price, at=at) is not None:
        raise PriceUnderReview


def open_reviews(*codes: ReviewCode) -> QuerySet[ListingReview]:
    """What waits, or stands paused, the oldest first."""
    rows = ListingReview.objects.filter(code__in=codes, state=ReviewState.OPEN)
    return rows.select_related("listing__merchant").order_by("found_at", "id")


def price_asked(row: ListingReview) -> PriceGap:
    """The prices that a question about a price is about; of an issuer's price, that one."""
    assert row.price_minor is not None and row.market_minor is not None  # a constraint
    price = Money(row.price_minor, row.currency)
    return PriceGap(price, Money(row.market_minor, row.currency), row.others)


def open_reviews_of(listing_id: UUID) -> dict[str, ListingReview]:
    """What is open about one listing, by its code."""
    rows = ListingReview.objects.filter(listing_id=listing_id, state=ReviewState.OPEN)
    return {one.code: one for one in rows}


def close_reviews(*, listing_id: UUID, code: ReviewCode | None = None, at: datetime) -> int:
    """Nothing of what is open about a listing is left to decide; how many there were."""
    rows = ListingReview.objects.filter(listing_id=listing_id, state=ReviewState.OPEN)
    if code is not None:
        rows = rows.filter(code=code)
    return rows.update(state=ReviewState.CLOSED, ended_at=at)


def _goods(offer: Offer) -> str:
    """What a price is compared for, so that an approval for one thing is none for another."""
    names = "\n".join(plain_words(one) for one in (offer.category, offer.denomination))
    return sha256(f"{offer.kind.value}\n{names}".encode()).hexdigest()
