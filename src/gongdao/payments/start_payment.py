"""Ask for a payment: one intent, which its owner's transaction carries."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef

_INSERT = """
INSERT INTO payments_intent
  (id, owner_kind, owner_id, gateway, account, out_trade_no, amount_minor, currency, trade_no,
   created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', %s)
"""


def start_payment(
    *,
    owner: SubjectRef,
    gateway: str,
    account: str,
    out_trade_no: str,
    amount: Money,
    at: datetime,
) -> None:
    """Write the intent of ``owner`` to pay ``amount``; ``out_trade_no`` is our number for it."""
    values = (
        new_id(at),
        owner.kind,
        owner.id,
        gateway,
        account,
        out_trade_no,
        amount.minor,
        amount.currency,
        at,
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
