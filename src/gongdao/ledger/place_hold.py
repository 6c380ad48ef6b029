"""Put money aside for one purpose: a payment that waits for confirmation, expiry or a verdict.

The market's hot path does the same within its own statement (``hold_payment.py``).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import ReferenceReused
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.hold_payment import hold_payment_sql, hold_payment_values
from gongdao.ledger.holds import Hold, find_holds
from gongdao.ledger.refusals import said_refusals


def place_hold(
    *,
    source: Account,
    held: Account,
    amount: Money,
    owner: SubjectRef,
    purpose: str = "price",
    at: datetime,
) -> UUID:
    """Move ``amount`` from ``source`` (a gateway's clearing, or the bank) onto ``held`` and hold it
    for ``purpose`` of ``owner``; the hold's id.

    The same again finds the hold that is there; another amount or account under the same owner and
    purpose is ReferenceReused. Raises NoSuchAccount where an account was not opened.
    """
    hold_id = new_id(at)
    values = hold_payment_values(
        hold_id=hold_id,
        source=source,
        held=held,
        amount=amount,
        owner=owner,
        purpose=purpose,
        at=at,
    )
    with said_refusals(purpose), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(hold_payment_sql(), values)
            written = cursor.fetchone()
        if written:
            return hold_id
        return _replay(held, amount, owner, purpose, source)


_SOURCE = "SELECT debit_id FROM ledger_transfer WHERE owner_kind = %s AND owner_id = %s\
 AND kind = 'hold' AND reference = %s"


def _replay(held: Account, amount: Money, owner: SubjectRef, purpose: str, source: Account) -> UUID:
    there: list[Hold] = [one for one in find_holds(owner=owner) if one.purpose == purpose]
    with connection.cursor() as cursor:
        cursor.execute(_SOURCE, (owner.kind, owner.id, purpose))
        sources = [row[0] for row in cursor.fetchall()]
    if len(there) != 1 or (there[0].account, there[0].amount, sources) != (
        held,
        amount,
        [source.id],
    ):
        raise ReferenceReused(purpose)
    return there[0].id
