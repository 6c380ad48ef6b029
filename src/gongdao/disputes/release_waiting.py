"""Money that stayed while a payment service said that it may be charged back: once that is settled
it goes the way that its order went meanwhile."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.ids import new_id
from gongdao.core.subject import SubjectRef
from gongdao.disputes.hold_money import release_completed
from gongdao.disputes.return_charge_back import may_release
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.transfers import Ground
from gongdao.market.models import Order

_DUE = """
SELECT o.id FROM market_finding f JOIN market_order o ON o.id = f.order_id
WHERE f.code = 'charged_back' AND f.closed_at IS NOT NULL
  AND (o.state = 'completed' OR o.state IN ('refunding', 'refunded') AND o.delivered_at IS NOT NULL)
  AND EXISTS (SELECT FROM ledger_hold h WHERE h.owner_kind = 'order' AND h.owner_id = o.id
              AND h.purpose = 'sale' AND h.left_minor > 0)
  AND NOT EXISTS (SELECT FROM dispute_case c WHERE c.order_id = o.id AND c.state = 'open')
ORDER BY f.closed_at LIMIT %s
"""


def release_waiting(*, at: datetime, most: int = 200) -> int:
    """Release what is left of completed orders whose doubt ended after their last dispute; of how
    many orders. Each in a transaction of its own; what somebody else holds now is for the next
    round."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [most])
        ids = [row[0] for row in cursor.fetchall()]
    return sum(_release(one, at) for one in ids)


@transaction.atomic
def _release(order_id: UUID, at: datetime) -> bool:
    order = Order.objects.select_for_update(skip_locked=True).filter(id=order_id).first()
    if order is None or not may_release(order):
        return False
    mark = str(new_id(at))
    gone = release_completed(
        order=order, ground=Ground.EXPIRY, reference=mark, at=at, refunded=True
    )
    merchant = SubjectRef("merchant", order.merchant_id)
    collect_debt(merchant=merchant, currency=gone.currency, at=at)
    return bool(gone.minor)
