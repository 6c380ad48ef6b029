"""Let the money of an order go to its merchant: the buyer confirmed, or protection has ended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.holds import find_holds
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import merchant_account, platform_account

FEE_PERMYRIAD = 100
"""The platform's fee, in ten-thousandths of what is released: one per cent."""
_DUE = """
SELECT id, merchant_id, log_subject FROM market_order
WHERE state = 'delivered' AND protected_until <= %s
ORDER BY protected_until LIMIT %s FOR UPDATE SKIP LOCKED
"""
_CONFIRMED = """
SELECT id, merchant_id, log_subject FROM market_order
WHERE id = %s AND state = 'delivered' FOR UPDATE
"""
_COMPLETE = """
UPDATE market_order SET state = 'completed', ended_at = %s, why = %s
WHERE id = %s AND state = 'delivered'
"""


def fee_of(amount: Money) -> Money:
    """The platform's share of a release, rounded down to whole minor units."""
    return Money(amount.minor * FEE_PERMYRIAD // 10_000, amount.currency)


def confirm_receipt(*, stores: Stores, order_id: UUID, at: datetime) -> bool:
    """The buyer says that it works: release now. False where there is nothing to release."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CONFIRMED, (order_id,))
            row = cursor.fetchone()
        if row is None:
            return False
        leaf = NewLeaf("order.confirmed", row[2])
        _release(stores, row, Ground.CONFIRMATION, [leaf], at)
    return True


def release_due(*, stores: Stores, at: datetime, most: int = 200) -> int:
    """Release orders whose protection has ended with nothing in dispute; return how many. A hold
    that a dispute put on the order makes its release fail, and the order stays."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_DUE, (at, most))
            rows = cursor.fetchall()
        for row in rows:
            _release(stores, row, Ground.EXPIRY, [], at)
    return len(rows)


def _release(
    stores: Stores, row: tuple[UUID, UUID, str], ground: Ground, leaves: list[NewLeaf], at: datetime
) -> None:
    order_id, merchant_id, subject = row
    for hold in find_holds(owner=SubjectRef("order", order_id)):
        if hold.purpose != "sale" or not hold.left.minor:
            continue
        fee = fee_of(hold.left)
        money = hold.left.currency
        free = merchant_account(AccountKind.MERCHANT_FREE, merchant_id, money)
        parts = [Part(free, hold.left - fee, TransferKind.RELEASE)]
        if fee.minor:
            target = platform_account(AccountKind.PLATFORM_FEE, money)
            parts.append(Part(target, fee, TransferKind.FEE))
        settle_hold(hold_id=hold.id, parts=parts, ground=ground, reference=str(order_id), at=at)
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE, (at, ground.value, order_id))
    leaves = [*leaves, NewLeaf("order.released", subject)]
    append_leaves(stores=stores, leaves=leaves, at=at)
