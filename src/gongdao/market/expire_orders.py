"""Orders that no money reached in time: their goods go back on the shelf, uses of coupons to
the coupons. Late money counts."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.coupons import return_uses
from gongdao.vault.reserve import release

_DUE = """
UPDATE market_order SET state = 'expired', why = 'not_paid_in_time'
WHERE id IN (
  SELECT id FROM market_order WHERE state = 'placed' AND reserved_until <= %s
  ORDER BY reserved_until LIMIT %s FOR UPDATE SKIP LOCKED
) AND state = 'placed'
RETURNING id, log_subject
"""
"""Index market_order_open."""


def expire_orders(*, stores: Stores, at: datetime, most: int = 500) -> int:
    """Expire orders whose reservation ended; return how many. Those that a payment holds locked
    are left to it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_DUE, (at, most))
            rows = cursor.fetchall()
        if rows:
            for row in rows:
                release(claim=SubjectRef("order", row[0]))
            return_uses(orders=[row[0] for row in rows], at=at)
            leaves = [NewLeaf("order.expired", row[1]) for row in rows]
            append_leaves(stores=stores, leaves=leaves, at=at)
    return len(rows)
