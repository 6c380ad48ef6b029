"""Reading holds. A hold is money on a held account that waits for one purpose of one owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.errors import HoldRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.states import HoldState


@dataclass(frozen=True)
class Hold:
    """``left`` of ``amount`` still waits on ``account`` for ``purpose`` of ``owner``."""

    id: UUID
    account: Account
    owner: SubjectRef
    purpose: str
    amount: Money
    left: Money
    state: HoldState
    created_at: datetime


_COLUMNS = """SELECT h.id, a.kind, a.owner_kind, a.owner_id, h.currency, h.owner_kind, h.owner_id,
  h.purpose, h.amount_minor, h.left_minor, h.state, h.created_at
FROM ledger_hold h JOIN ledger_account a ON a.id = h.account_id"""
_LOCKED = f"{_COLUMNS} WHERE h.id = ANY(%s) ORDER BY h.id FOR NO KEY UPDATE OF h"
_BY_OWNER = f"{_COLUMNS} WHERE h.owner_kind = %s AND h.owner_id = %s ORDER BY h.created_at, h.id"
_OPEN = f"""{_COLUMNS} WHERE h.account_id = %s AND h.state = 'held'
ORDER BY h.created_at, h.id LIMIT %s"""


def find_holds(*, owner: SubjectRef) -> tuple[Hold, ...]:
    """Every hold that was ever placed for ``owner``, oldest first."""
    return _read(_BY_OWNER, (owner.kind, owner.id))


def find_open_holds(*, account: Account, most: int = 200) -> tuple[Hold, ...]:
    """Holds of a held account in which something is left, oldest first."""
    return _read(_OPEN, (account.id, most))


def get_holds_locked(ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """These holds, locked in order until the transaction ends; raise HoldRefused where one is not
    there."""
    wanted = set(ids)
    found = {hold.id: hold for hold in _read(_LOCKED, (list(wanted),))}
    if found.keys() != wanted:
        raise HoldRefused(Phrase("没有这笔冻结。"))
    return found


def _read(statement: str, values: Sequence[Any]) -> tuple[Hold, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return tuple(_hold(row) for row in cursor.fetchall())


def _hold(row: Sequence[Any]) -> Hold:
    currency = row[4]
    return Hold(
        id=row[0],
        account=Account(AccountKind(row[1]), SubjectRef(row[2], row[3]), currency),
        owner=SubjectRef(row[5], row[6]),
        purpose=row[7],
        amount=Money(row[8], currency),
        left=Money(row[9], currency),
        state=HoldState(row[10]),
        created_at=row[11],
    )
