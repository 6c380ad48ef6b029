"""The hot path: a buyer's payment put aside within the statement that books the order as paid.

The text is made to stand inside a larger statement; its values all begin with ``hold_``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.transfers import NewTransfer, TransferKind, check_reference, check_transfer

_ENDS = "ON CONFLICT (owner_kind, owner_id, kind, reference, line) DO NOTHING RETURNING seq"


def hold_payment_sql(only_if: str | None = None) -> str:
    """``INSERT … RETURNING seq`` with the values of ``hold_payment_values``; one row comes back
    where the money was put aside now, none where it had been before.

    ``only_if`` names another part of the ``WITH`` around it: nothing is written unless that part
    returned a row.
    """
    text = load_sql("gongdao.ledger", "hold_payment")
    if only_if is not None:
        if not only_if.isidentifier() or not only_if.isascii():
            raise ValueError(f"{only_if!r} is no name of a part of a statement")
        text = f"{text}\nWHERE EXISTS (SELECT 1 FROM {only_if})"
    return f"{text}\n{_ENDS}"


def hold_payment_values(
    *,
    hold_id: UUID,
    source: Account,
    held: Account,
    amount: Money,
    owner: SubjectRef,
    purpose: str,
    at: datetime,
) -> dict[str, Any]:
    """The values of ``hold_payment_sql``. ``hold_id`` is a fresh id, ``purpose`` what the hold is
    for (one hold per owner and purpose). Raise MoneyRefused for a movement that cannot be."""
    check_reference(purpose)
    check_transfer(NewTransfer(source, held, amount, TransferKind.HOLD, owner, hold_id=hold_id))
    return {
        "hold_id": hold_id,
        "hold_from": source.id,
        "hold_to": held.id,
        "hold_currency": amount.currency,
        "hold_minor": amount.minor,
        "hold_owner_kind": owner.kind,
        "hold_owner_id": owner.id,
        "hold_purpose": purpose,
        "hold_at": at,
    }
