"""Undo a transfer by one that mirrors it: once, and both stay to be seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.post_transfers import post_transfers
from gongdao.ledger.transfers import Ground, Journal, NewTransfer, TransferKind

_FIND = """SELECT t.amount_minor, t.currency, t.kind, t.hold_id, t.owner_kind, t.owner_id,
  d.kind, d.owner_kind, d.owner_id, c.kind, c.owner_kind, c.owner_id
FROM ledger_transfer t
JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
WHERE t.seq = %s"""


def reverse_transfer(*, seq: int, at: datetime) -> Journal:
    """Move back what transfer ``seq`` moved. A second time finds the first reversal.

    A reversal is not reversed (MoneyRefused). Raises NotEnoughMoney where the money has gone on,
    HoldRefused where it left its hold.
    """
    return post_transfers(transfers=[mirror_of(seq)], reference=f"{Ground.VOID}:{seq}", at=at)


def mirror_of(seq: int) -> NewTransfer:
    """What moves transfer ``seq`` back; MoneyRefused where there is none, or it is a reversal."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [seq])
        row = cursor.fetchone()
    if row is None:
        raise MoneyRefused(Phrase("没有这笔转账。"))
    if row[2] == TransferKind.REVERSAL:
        raise MoneyRefused(Phrase("冲正本身不能再冲正，请重新记一笔。"))
    return _mirror(seq, row)


def _mirror(seq: int, row: tuple[Any, ...]) -> NewTransfer:
    amount = Money(row[0], row[1])
    debit = Account(AccountKind(row[6]), SubjectRef(row[7], row[8]), amount.currency)
    credit = Account(AccountKind(row[9]), SubjectRef(row[10], row[11]), amount.currency)
    return NewTransfer(
        source=credit,
        target=debit,
        amount=amount,
        kind=TransferKind.REVERSAL,
        about=SubjectRef(row[4], row[5]),
        hold_id=row[3],
        reverses=seq,
    )
