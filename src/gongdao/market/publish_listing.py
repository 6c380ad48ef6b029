"""Put a listing's next version in force: checked whole, hashed, logged, never changed again."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.market.check_seller import check_seller
from gongdao.market.judge_offer import find_obstacles_of_offer
from gongdao.market.models import Listing, ListingVersion
from gongdao.market.offer import Offer, check_offer
from gongdao.market.review_listing import check_price, close_reviews
from gongdao.market.review_official import check_official
from gongdao.market.states import ListingState
from gongdao_verify.canonical import canonical


def draft_listing(*, merchant_id: UUID, sku_id: UUID | None, at: datetime) -> Listing:
    """An empty listing of a merchant; nothing is on offer before its first version."""
    return Listing.objects.create(
        id=new_id(at),
        merchant_id=merchant_id,
        sku_id=sku_id,
        created_at=at,
        log_subject=new_subject("listing"),
    )


@transaction.atomic
def publish_listing(
    *, stores: Stores, listing_id: UUID, offer: Offer, at: datetime
) -> ListingVersion:
    """Publish ``offer`` as the next version of the listing.

    Raise InputError naming the field for the first thing that `find_missing` or
    `find_obstacles_of_offer` finds: whoever publishes, desk or interface, meets the same checks.
    Raise PriceUnderReview where a person has to see a price first: `ask_price_review` and
    `ask_official_review` ask him.
    The merchant's other orders keep what they were shown.
    """
    listing = Listing.objects.select_for_update().select_related("merchant").get(id=listing_id)
    check_seller(listing.merchant, at=at)
    check_offer(offer)
    for obstacle in find_obstacles_of_offer(listing=listing, offer=offer, at=at):
        raise InputError(obstacle.reason, field=obstacle.field)
    check_price(listing=listing, offer=offer, at=at)
    check_official(listing=listing, offer=offer, at=at)
    content = offer.plain()
    digest = sha256(canonical(content)).digest()
    number = ListingVersion.objects.filter(listing=listing).count() + 1
    version = ListingVersion.objects.create(
        listing=listing,
        number=number,
        content=content,
        digest=digest,
        price_minor=offer.price.minor,
        currency=offer.price.currency,
        published_at=at,
    )
    listing.state, listing.version = ListingState.PUBLISHED, number
    listing.save(update_fields=["state", "version"])
    close_reviews(listing_id=listing.id, at=at)
    leaf = NewLeaf(
        "listing.published",
        listing.log_subject,
        {"offer": digest.hex(), "version": number, "merchant": listing.merchant.log_subject},
    )
    append_leaves(stores=stores, leaves=[leaf], at=at)
    return version
