"""A merchant's debt grows smaller: he pays it, or the platform gives it up."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gongdao.core.errors import MoneyRefused, ReferenceReused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.debts import DebtAccounts, find_booked
from gongdao.ledger.decide_charge_back import decide_cover_back
from gongdao.ledger.post_transfers import Draft, write_journals
from gongdao.ledger.queries import find_balance
from gongdao.ledger.transfers import Journal, NewTransfer, TransferKind


def collect_receivable(
    *,
    merchant: SubjectRef,
    source: Account,
    amount: Money,
    about: SubjectRef,
    reference: str,
    at: datetime,
) -> Journal:
    """The merchant pays ``amount`` of what he owes, out of ``source`` (his free money, his deposit,
    or the bank). The reserve behind the debt is free again as far as no debt needs it.

    Raises MoneyRefused where he owes less, NotEnoughMoney; the same reference is booked once.
    """
    accounts = DebtAccounts(merchant, amount.currency)
    kind = TransferKind.COLLECT
    with transaction.atomic():
        has = accounts.lock(at)
        if booked := _find_same(about, kind, reference, amount):
            return booked
        owed = _owed(accounts, amount)
        transfers = [NewTransfer(source, accounts.receivable, amount, kind, about)]
        back = decide_cover_back(owed=owed, paid=amount, cover=has[accounts.cover])
        if back.minor:
            freed = TransferKind.COVER_BACK
            transfers.append(NewTransfer(accounts.cover, accounts.reserve, back, freed, about))
        return write_journals(drafts=[Draft(tuple(transfers), reference)], at=at)[0]


def write_off(
    *, merchant: SubjectRef, amount: Money, about: SubjectRef, reference: str, at: datetime
) -> Journal:
    """Give ``amount`` of the merchant's debt up: the reserve behind it bears it, and what that does
    not cover is the platform's cost. Raises MoneyRefused where he owes less; the same reference is
    booked once."""
    accounts = DebtAccounts(merchant, amount.currency)
    kind = TransferKind.WRITE_OFF
    with transaction.atomic():
        has = accounts.lock(at)
        if booked := _find_same(about, kind, reference, amount):
            return booked
        _owed(accounts, amount)
        covered = Money(min(amount.minor, has[accounts.cover].minor), amount.currency)
        transfers = [
            NewTransfer(source, accounts.receivable, share, kind, about)
            for source, share in ((accounts.cover, covered), (accounts.cost, amount - covered))
            if share.minor
        ]
        return write_journals(drafts=[Draft(tuple(transfers), reference)], at=at)[0]


def _find_same(
    about: SubjectRef, kind: TransferKind, reference: str, amount: Money
) -> Journal | None:
    booked = find_booked(about=about, kind=kind, reference=reference)
    if booked is None:
        return None
    if booked[1] != amount:
        raise ReferenceReused(reference)
    return booked[0]


def _owed(accounts: DebtAccounts, amount: Money) -> Money:
    """What the merchant owes; raise MoneyRefused where that is less than ``amount``, or nothing
    is to be paid."""
    owed = -find_balance(accounts.receivable).minor
    if not 0 < amount.minor <= owed:
        raise MoneyRefused(Phrase("金额要大于零，并且不超过商户的欠款。"))
    return Money(owed, amount.currency)
