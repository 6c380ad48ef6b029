"""Search what is on offer. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from gongdao.market.models import Listing, ListingVersion
from gongdao.market.offer import GoodsKind, Offer, read_offer
from gongdao.market.states import ListingState, MerchantState

_MOST_WORDS = 6
_SEARCHED = ("content__title", "content__denomination", "content__region")


class Sorting(StrEnum):
    """In which order listings come."""

    NEWEST = "newest"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"


_ORDERS = {
    Sorting.NEWEST: ("-published_at", "-id"),
    Sorting.CHEAPEST: ("price_minor", "-id"),
    Sorting.DEAREST: ("-price_minor", "-id"),
}


@dataclass(frozen=True)
class Search:
    """What is looked for; empty means any. Every word of ``text`` has to occur."""

    text: str = ""
    category: str = ""
    kind: GoodsKind | None = None
    merchant_id: UUID | None = None
    sorting: Sorting = Sorting.NEWEST


@dataclass(frozen=True)
class Listed:
    """One listing on offer, in the version in force."""

    listing_id: UUID
    sku_id: UUID | None
    merchant_id: UUID
    merchant_name: str
    offer: Offer
    published_at: datetime


def on_offer() -> QuerySet[ListingVersion]:
    """The versions that can be bought now."""
    return ListingVersion.objects.filter(
        number=F("listing__version"),
        listing__state=ListingState.PUBLISHED,
        listing__merchant__state=MerchantState.ACTIVE,
    )


def find_versions(search: Search) -> QuerySet[ListingVersion]:
    """The versions in force that fit, in order; to be counted and cut into pages."""
    found = on_offer().select_related("listing__merchant")
    if search.category:
        found = found.filter(content__category=search.category)
    if search.kind:
        found = found.filter(content__kind=search.kind.value)
    if search.merchant_id:
        found = found.filter(listing__merchant_id=search.merchant_id)
    for word in search.text.split()[:_MOST_WORDS]:
        fits = Q(listing__merchant__display_name__icontains=word)
        for place in _SEARCHED:
            fits |= Q(**{f"{place}__icontains": word})
        found = found.filter(fits)
    return found.order_by(*_ORDERS[search.sorting])


def read_listed(versions: Sequence[ListingVersion]) -> list[Listed]:
    """What stands in rows of `find_versions`."""
    return [
        Listed(
            listing_id=row.listing_id,
            sku_id=row.listing.sku_id,
            merchant_id=row.listing.merchant_id,
            merchant_name=row.listing.merchant.display_name,
            offer=read_offer(row.content),
            published_at=row.published_at,
        )
        for row in versions
    ]


def count_categories() -> list[tuple[str, int]]:
    """Each category with something on offer, and how much; the largest first."""
    rows = on_offer().values_list("content__category").annotate(all=Count("id"))
    return [(category, count) for category, count in rows.order_by("-all", "content__category")]


def find_listing(listing_id: UUID) -> Listing | None:
    """A listing that was published once, with its merchant, whatever became of it."""
    found = Listing.objects.select_related("merchant").filter(id=listing_id, version__gt=0)
    return found.first()
