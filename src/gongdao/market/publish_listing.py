"""Put a listing's next version in force: checked whole, hashed, logged, never changed again."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.market.check_seller import check_seller
from gongdao.market.decide_price import judge_compared_price
from gongdao.market.models import Listing, ListingVersion
from gongdao.market.offer import Offer, check_offer
from gongdao.market.queries import recent_deals
from gongdao.market.states import ListingState
from gongdao.rules.queries import find_prohibited
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

    Raise InputError naming the field: something is missing, the goods are prohibited, or the
    struck-through price has no support. The merchant's other orders keep what they were shown.
    """
    listing = Listing.objects.select_for_update().select_related("merchant").get(id=listing_id)
    check_seller(listing.merchant, at=at)
    check_offer(offer)
    _check_goods(offer, at)
    _check_price(listing, offer, at)
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
    leaf = NewLeaf(
        "listing.published",
        listing.log_subject,
        {"offer": digest.hex(), "version": number, "merchant": listing.merchant.log_subject},
    )
    append_leaves(stores=stores, leaves=[leaf], at=at)
    return version


def _check_goods(offer: Offer, at: datetime) -> None:
    """F1: what the catalogue of prohibited goods names is refused with its reason."""
    said = f"{offer.title}\n{offer.category}\n{offer.denomination}\n{offer.how_to_redeem}"
    for rule in find_prohibited(said, on=at.date()):
        raise InputError(
            _("这类商品禁止上架：{what}。").format(what=rule.name), field="title", hint=rule.why
        )


def _check_price(listing: Listing, offer: Offer, at: datetime) -> None:
    if offer.compared_price is None:
        return
    verdict = judge_compared_price(
        compared=offer.compared_price,
        why=offer.compared_why,
        deals=recent_deals(listing.id),
        at=at,
    )
    if not verdict.allowed:
        most = _("目前最高可写 {most} 元").format(most=verdict.ceiling) if verdict.ceiling else ""
        raise InputError(
            _("划线价没有成交记录支持。"),
            field="compared_price",
            hint=most or _("还没有成交，请写明和什么比较，或不写划线价。"),
        )
