"""How much of a listing one buyer may have within its days, over all his orders: asked when he
places one, and again when money comes after its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.market.models import Order
from gongdao.market.offer import Offer

FITS = """SELECT coalesce(sum(o.quantity), 0) + %(units)s <= %(most_pieces)s AS fits
  FROM market_order o
  WHERE o.capped AND o.buyer_digest = %(buyer_digest)s AND o.listing_id = %(listing_id)s
    AND o.placed_at > %(cap_since)s
    AND (o.state IN ('paid', 'delivered', 'completed')
      OR (o.state = 'placed' AND o.reserved_until > %(at)s))"""
"""Index market_order_capped. What went back, or lapsed without money, does not count."""
CAP_REACHED = "cap_reached"
"""Why money that came late goes back: by then the buyer had all that he may have."""
_LOCKS = 1
"""The first of the two numbers of such a lock; nobody else locks pairs of numbers."""


def lock_buyer(buyer: bytes, listing_id: UUID) -> None:
    """Keep the buyer's other orders of the listing waiting until the transaction ends: two at once
    would not see each other."""
    key = int.from_bytes(sha256(buyer + listing_id.bytes).digest()[:4], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCKS, key))


def fits_late(*, order_id: UUID, offer: Offer, at: datetime) -> bool:
    """Whether an order whose time is over, and which therefore counts no more, still fits what its
    buyer may have. The caller holds the order; the buyer's lock is taken, before any coupon's."""
    if not offer.cap_days:
        return True
    order = Order.objects.only("buyer_digest", "listing_id", "quantity", "capped").get(id=order_id)
    if not order.capped:
        return True
    buyer = bytes(order.buyer_digest)
    lock_buyer(buyer, order.listing_id)
    values: dict[str, Any] = {
        "units": order.quantity,
        "most_pieces": offer.most_per_buyer,
        "buyer_digest": buyer,
        "listing_id": order.listing_id,
        "cap_since": at - timedelta(days=offer.cap_days),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(FITS, values)
        return bool(cursor.fetchone()[0])
