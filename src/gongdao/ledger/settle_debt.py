"""A merchant's debt grows smaller: he pays it, or the platform gives it up."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gongdao.core.errors import MoneyRefused, ReferenceReused
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.debts import DebtAccounts, find_booked, find_guarantees_part
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
    or the bank). What was tied up behind the debt goes back to guarantee and reserve as far as no
    debt needs it.

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
        transfers += free_cover(accounts, back, has[accounts.cover], about)
        return write_journals(drafts=[Draft(tuple(transfers), reference)], at=at)[0]


def collect_debt(*, merchant: SubjectRef, currency: str, at: datetime) -> Money:
    """Take what the merchant owes out of his free money, as far as that reaches; how much.

    Called where free money comes in or is to go out, in that deed's transaction. Where he owes
    nothing this is one statement and no lock; done again it takes only what is still owed."""
    accounts = DebtAccounts(merchant, currency)
    nothing = Money(0, currency)
    if find_balance(accounts.receivable).minor >= 0:
        return nothing
    with transaction.atomic():
        has = accounts.lock(at)
        owed = -find_balance(accounts.receivable).minor
        amount = Money(max(0, min(owed, has[accounts.free].minor)), currency)
        if not amount.minor:
            return nothing
        collect_receivable(
            merchant=merchant,
            source=accounts.free,
            amount=amount,
            about=merchant,
            reference=f"free:{new_id(at)}",
            at=at,
        )
    return amount


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


def free_cover(
    accounts: DebtAccounts, back: Money, cover: Money, about: SubjectRef
) -> list[NewTransfer]:
    """The transfers by which ``back`` of ``cover`` goes where it came from: to the guarantee
    first. None where nothing is to go back."""
    if not back.minor:
        return []
    theirs = find_guarantees_part(accounts, cover)
    guarantee = Money(min(back.minor, theirs.minor), back.currency)
    shares = ((accounts.guarantee, guarantee), (accounts.reserve, back - guarantee))
    return [
        NewTransfer(accounts.cover, target, share, TransferKind.COVER_BACK, about)
        for target, share in shares
        if share.minor
    ]


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
