"""The locks of money and their order, so that two verbs never wait for each other in a circle.

1. the payout row, 2. holds by id, 3. pending transfers by id, 4. guarded balances by account id.
A transfer's triggers take hold, then balance; so one transfer alone needs no lock beforehand, and
several take theirs here first. Accounts, payees and unguarded balances are never locked.
Every lock is ``FOR UPDATE`` (balances and holds ``FOR NO KEY UPDATE``, which is what their update
takes) and goes with the transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from gongdao.core.errors import PayoutRefused
from gongdao.core.language import Phrase
from gongdao.ledger.models import Payout

_HOLDS = """SELECT id FROM ledger_hold WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"""
_BALANCES = """SELECT account_id, posted_minor - pending_minor FROM ledger_balance
WHERE account_id = ANY(%s) ORDER BY account_id FOR NO KEY UPDATE"""


def lock_payout(payout_id: UUID) -> Payout:
    """The payout, locked until the transaction ends; raise PayoutRefused where there is none."""
    row = Payout.objects.select_for_update().filter(id=payout_id).first()
    if row is None:
        raise PayoutRefused(Phrase("没有这笔付款。"))
    return row


def lock_holds(ids: Collection[UUID]) -> None:
    """Lock these holds, in order."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_HOLDS, [list(ids)])


def lock_balances(ids: Collection[UUID]) -> dict[UUID, int]:
    """Lock the balances of these guarded accounts, in order, and say what each has to spend."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [list(ids)])
        return dict(cursor.fetchall())
