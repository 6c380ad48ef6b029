"""Two-phase transfers: an amount is promised, and later posted (in whole or in part) or void.

For what is asked of somebody else first. While it is pending, a guarded account cannot spend it.
Held money needs none of this: a hold is its own first phase.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import MoneyRefused, ReferenceReused
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.models import LedgerAccount, LedgerPending
from gongdao.ledger.post_transfers import Draft, write_journals
from gongdao.ledger.refusals import said_refusals
from gongdao.ledger.states import PendingState
from gongdao.ledger.transfers import (
    Journal,
    NewTransfer,
    TransferKind,
    check_reference,
    check_transfer,
)


def begin_pending(
    *,
    source: Account,
    target: Account,
    amount: Money,
    kind: TransferKind,
    about: SubjectRef,
    reference: str,
    at: datetime,
) -> UUID:
    """Promise ``amount`` of ``source`` to ``target``; the promise's id. The same again is the same
    promise. Raises NotEnoughMoney, NoSuchAccount, MoneyRefused, ReferenceReused."""
    check_reference(reference)
    check_transfer(NewTransfer(source, target, amount, kind, about))
    wanted: dict[str, Any] = {
        "debit_id": source.id,
        "credit_id": target.id,
        "currency": amount.currency,
        "amount_minor": amount.minor,
    }
    key: dict[str, Any] = {
        "owner_kind": about.kind,
        "owner_id": about.id,
        "kind": kind.value,
        "reference": reference,
    }
    guards = {"debit_guard": source.guard.value, "credit_guard": target.guard.value}
    defaults = wanted | guards | {"id": new_id(at), "created_at": at}
    with said_refusals(reference), transaction.atomic():
        row, _made = LedgerPending.objects.get_or_create(defaults=defaults, **key)
        if any(getattr(row, name) != value for name, value in wanted.items()):
            raise ReferenceReused(reference)
    return row.id


def post_pending(*, pending_id: UUID, amount: Money | None = None, at: datetime) -> Journal:
    """Make the promised transfer; ``amount``, where given, is what it came to (not more than was
    promised), and the rest is free again. Posting twice moves once; what was void stays void
    (MoneyRefused)."""
    with transaction.atomic():
        row = _lock(pending_id)
        if row.state == PendingState.VOID:
            raise MoneyRefused(Phrase("这笔待定转账已经结束了。"))
        accounts = {one.id: one for one in _accounts(row.debit_id, row.credit_id)}
        transfer = NewTransfer(
            source=accounts[row.debit_id],
            target=accounts[row.credit_id],
            amount=amount or Money(row.amount_minor, row.currency),
            kind=TransferKind(row.kind),
            about=SubjectRef(row.owner_kind, row.owner_id),
            pending_id=row.id,
        )
        return write_journals(drafts=[Draft((transfer,), row.reference)], at=at)[0]


def void_pending(*, pending_id: UUID, at: datetime) -> bool:
    """Give up the promise: its amount is free again. False where that had been done before;
    MoneyRefused where it was posted."""
    with said_refusals(), transaction.atomic():
        row = _lock(pending_id)
        if row.state == PendingState.POSTED:
            raise MoneyRefused(Phrase("这笔待定转账已经结束了。"))
        found = LedgerPending.objects.filter(id=pending_id, state=PendingState.PENDING.value)
        return bool(found.update(state=PendingState.VOID.value, ended_at=at))


def _lock(pending_id: UUID) -> LedgerPending:
    row = LedgerPending.objects.select_for_update(no_key=True).filter(id=pending_id).first()
    if row is None:
        raise MoneyRefused(Phrase("没有这笔待定转账。"))
    return row


def _accounts(*ids: UUID) -> list[Account]:
    return [
        Account(AccountKind(one.kind), SubjectRef(one.owner_kind, one.owner_id), one.currency)
        for one in LedgerAccount.objects.filter(id__in=ids)
    ]
