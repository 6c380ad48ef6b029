"""Who may act for which merchant, and the record of what was done at his desk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from gongdao.core.ids import new_id
from gongdao.market.desk_models import DeskDeed
from gongdao.market.models import Listing, Merchant, MerchantMember, Order
from gongdao.vault.models import Batch

__all__ = ["find_batch", "find_listing_of", "find_merchants", "find_order_of", "record_deed"]


def find_merchants(user_id: UUID) -> list[Merchant]:
    """The merchants that somebody acts for, the first one joined first."""
    rows = MerchantMember.objects.select_related("merchant").filter(user_id=user_id)
    return [row.merchant for row in rows.order_by("added_at", "id")]


def find_listing_of(*, merchant_id: UUID, listing_id: UUID) -> Listing | None:
    """The listing, if it is this merchant's."""
    found = Listing.objects.select_related("merchant", "draft")
    return found.filter(id=listing_id, merchant_id=merchant_id).first()


def find_order_of(*, merchant_id: UUID, number: str) -> Order | None:
    """The order with this number, if it is this merchant's."""
    return Order.objects.filter(number=number.strip().upper()[:16], merchant_id=merchant_id).first()


def find_batch(*, sku_id: UUID | None, batch_id: UUID) -> Batch | None:
    """The batch, if it lies on this shelf."""
    if sku_id is None:
        return None
    return Batch.objects.filter(id=batch_id, sku_id=sku_id).first()


def record_deed(
    *, merchant_id: UUID, by: UUID, deed: str, about_kind: str, about_id: UUID, at: datetime
) -> None:
    """Write down what ``by`` did: ``deed`` is ``kind.what``, ``about`` names what it was done to.
    Called in the transaction of the deed itself where there is one."""
    DeskDeed.objects.create(
        merchant_id=merchant_id,
        by_id=by,
        deed=deed,
        about_kind=about_kind,
        about_id=about_id,
        at=at,
    )


def new_payout_reference(at: datetime) -> str:
    """A merchant's own number for a payout, drawn when its form is shown: sent twice it is one."""
    return f"desk-{new_id(at).hex}"
