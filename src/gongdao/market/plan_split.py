"""Note that a merchant's share of an order may be split at the payment service that holds it.

One statement in the transaction of the release; whether the service splits at all, and when it is
asked, is decided later (`send_splits`). Orders paid elsewhere leave no row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.ids import new_id, new_number
from gongdao.core.money import Money
from gongdao.ledger.accounts import PLATFORM
from gongdao.market.prepare_split import SHARES_FIRST
from gongdao.payments.models import Split
from gongdao.payments.split_port import RECEIVERS

REST = "rest"
"""The cause of the row that releases what is left of a payment to us."""
_PLAN = """
INSERT INTO payments_split (id, credit_id, part, cause, owner_kind, owner_id, released_minor,
  amount_minor, split_no, last, state, tries, next_try_at, planned_at, number, problem)
SELECT new.id, c.id, new.part, new.cause, new.owner_kind, new.owner_id, new.minor,
  0, new.split_no, false, 'waiting', 0, new.next_try_at, %(at)s, '', new.problem
FROM payments_intent i JOIN payments_credit c ON c.intent_id = i.id AND NOT c.surplus
CROSS JOIN (VALUES
  (%(share)s::uuid, 'share', %(cause)s, 'merchant', %(merchant)s::uuid, %(minor)s::bigint,
   %(share_no)s, %(at)s::timestamptz, ''),
  (%(rest)s::uuid, 'rest', 'rest', 'platform', %(platform)s::uuid, 0, %(rest_no)s,
   NULL, %(shares_first)s)
) AS new (id, part, cause, owner_kind, owner_id, minor, split_no, next_try_at, problem)
WHERE i.owner_kind = 'order' AND i.owner_id = %(order)s AND i.gateway = ANY(%(services)s)
  AND c.currency = %(currency)s
ON CONFLICT (credit_id, cause) DO NOTHING
"""


def plan_split(
    *, order_id: UUID, merchant_id: UUID, released: Money, cause: str, at: datetime
) -> None:
    """Plan the share of ``merchant_id`` in what was ``released`` of an order, and the release of
    the rest after it, which sleeps until a share ends (`wake_rest`). The same ``cause`` again plans
    nothing more. In the caller's transaction."""
    if not released.minor:
        return
    values: dict[str, Any] = {
        "share": new_id(at),
        "rest": new_id(at),
        "share_no": f"S{new_number()}",
        "rest_no": f"S{new_number()}",
        "cause": cause,
        "merchant": merchant_id,
        "platform": PLATFORM.id,
        "minor": released.minor,
        "currency": released.currency,
        "order": order_id,
        "services": list(RECEIVERS),
        "shares_first": SHARES_FIRST,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, values)


def wake_rest(*, credit_id: int, at: datetime) -> None:
    """A share of a payment ended: its rest is looked at again. Whether other shares are still open
    is asked there, and not here: of two that end at the same moment neither sees the other."""
    rows = Split.objects.filter(credit_id=credit_id, part=REST, state="waiting")
    rows.update(next_try_at=at)
