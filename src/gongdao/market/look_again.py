"""Listings on offer are looked through again, since the catalogue of what may not be listed grows
(F1): one that falls under it now is paused, the reason kept for its merchant, who changes his words
and publishes again. A coupon whose name falls under it is switched off. Orders that were placed go
on.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import beijing
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.find_listings import on_offer
from gongdao.market.models import Coupon, Listing, ListingReview
from gongdao.market.offer import read_offer
from gongdao.market.offer_words import find_forbidden
from gongdao.market.review_listing import close_reviews
from gongdao.market.shown import find_shown
from gongdao.market.states import ListingState, ReviewCode
from gongdao.rules.queries import find_prohibited

_AT_ONCE = 500


def find_fallen(*, at: datetime) -> list[UUID]:
    """The listings on offer whose words fall under the catalogue in force at this moment."""
    day = beijing(at).date()
    rows = on_offer().order_by("id").values_list("listing_id", "content")
    return [
        listing_id
        for listing_id, content in rows.iterator(chunk_size=_AT_ONCE)
        if find_forbidden(read_offer(content), on=day)
    ]


def pause_fallen(*, stores: Stores, listing_id: UUID, at: datetime) -> ListingReview | None:
    """Pause a listing that falls under the catalogue, and keep why; None where it is not on offer
    any more, or says something else by now. Appends a leaf."""
    with transaction.atomic():
        row = Listing.objects.select_for_update().get(id=listing_id)
        if row.state != ListingState.PUBLISHED:
            return None
        offer = find_shown(row.id, row.version).offer
        found = find_forbidden(offer, on=beijing(at).date())
        if not found:
            return None
        row.state = ListingState.PAUSED
        row.save(update_fields=["state"])
        close_reviews(listing_id=row.id, code=ReviewCode.PROHIBITED, at=at)
        review = ListingReview.objects.create(
            listing=row,
            code=ReviewCode.PROHIBITED,
            title=offer.title,
            rules=" ".join(one.rule.id for one in found)[:500],
            found_at=at,
        )
        leaf = NewLeaf("listing.withdrawn", row.log_subject, {"version": row.version})
        append_leaves(stores=stores, leaves=[leaf], at=at)
    return review


def switch_off_fallen(*, at: datetime) -> list[Coupon]:
    """Switch off every coupon whose name falls under the catalogue in force; those (with their
    merchants) that were on until now."""
    day = beijing(at).date()
    rows = Coupon.objects.filter(on=True).select_related("merchant").order_by("id")
    return [
        row
        for row in rows.iterator(chunk_size=_AT_ONCE)
        if any(find_prohibited(row.name, on=day))
        and Coupon.objects.filter(id=row.id, on=True).update(on=False)
    ]
