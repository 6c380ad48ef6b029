"""What the database refused, as an error that a person understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import Error as DatabaseError

from gongdao.core.errors import (
    HoldRefused,
    MoneyRefused,
    NoSuchAccount,
    NotEnoughMoney,
    PayoutRefused,
    ReferenceReused,
)
from gongdao.core.language import Phrase

_REFUSALS: dict[str, Callable[[], MoneyRefused]] = {
    "ledger_balance_not_negative": NotEnoughMoney,
    "ledger_transfer_debit_account": NoSuchAccount,
    "ledger_transfer_credit_account": NoSuchAccount,
    "ledger_pending_debit_account": NoSuchAccount,
    "ledger_pending_credit_account": NoSuchAccount,
    "ledger_hold_covers": lambda: HoldRefused(Phrase("这笔冻结的余额不够，或者已经结清。")),
    "ledger_hold_once": lambda: HoldRefused(Phrase("这个用途的冻结已经有一笔了。")),
    "ledger_transfer_reversed_once": lambda: MoneyRefused(Phrase("这笔转账已经冲正过了。")),
    "ledger_transfer_mirrors": lambda: MoneyRefused(Phrase("冲正必须和原来的转账一一对应。")),
    "ledger_transfer_posted_once": lambda: MoneyRefused(Phrase("这笔待定转账已经结束了。")),
    "ledger_pending_posted": lambda: MoneyRefused(Phrase("这笔待定转账已经结束了。")),
    "ledger_append_only": lambda: MoneyRefused(Phrase("账目只能追加，不能修改或删除。")),
    "ledger_payout_payee": lambda: PayoutRefused(Phrase("收款账户没有核实，或者不属于这个商户。")),
    "ledger_payout_steps": lambda: PayoutRefused(Phrase("这笔付款现在不能这样处理。")),
    "ledger_payout_two_people": lambda: PayoutRefused(Phrase("超过限额的付款要由另一个人批准。")),
}
"""The constraint that was broken, and what it means."""


def say_refusal(error: BaseException) -> MoneyRefused | None:
    """The refusal that a database error means, psycopg's or Django's; None where it is no refusal
    of the ledger (a lost connection, somebody else's constraint)."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.Error):
        return None
    make = _REFUSALS.get(cause.diag.constraint_name or "")
    return make() if make else None


@contextmanager
def said_refusals(reference: str = "") -> Iterator[None]:
    """Raise what ``say_refusal`` says instead of the database's own words. Where the identity of a
    movement was taken by another one, ``reference`` is named."""
    try:
        yield
    except DatabaseError as error:
        refusal = say_refusal(error)
        if refusal is None:
            raise
        if isinstance(refusal, HoldRefused) and _broken(error) == "ledger_hold_once":
            refusal = ReferenceReused(reference)
        raise refusal from error


def _broken(error: BaseException) -> str:
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""
