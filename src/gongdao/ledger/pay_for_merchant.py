"""The platform pays a buyer what a merchant has to pay and cannot: he owes it from then on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gongdao.core.errors import NotEnoughMoney
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.debts import DebtAccounts, find_booked
from gongdao.ledger.post_transfers import Draft, write_journals
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.transfers import Journal, NewTransfer, TransferKind


def pay_for_merchant(
    *,
    merchant: SubjectRef,
    target: Account,
    amount: Money,
    kind: TransferKind,
    about: SubjectRef,
    reference: str,
    at: datetime,
) -> Journal:
    """Bring ``amount`` to ``target`` (the buyers' refunds) at the merchant's debt, and tie the same
    amount of the platform's guarantee up behind it; what of the debt his free money reaches is
    collected at once, the rest when he earns.

    The same reference is booked once; raises NotEnoughMoney where the guarantee does not reach.
    """
    accounts = DebtAccounts(merchant, amount.currency)
    with transaction.atomic():
        has = accounts.lock(at)
        if booked := find_booked(about=about, kind=kind, reference=reference):
            return booked[0]
        if has[accounts.guarantee].minor < amount.minor:
            raise NotEnoughMoney
        transfers = (
            NewTransfer(accounts.receivable, target, amount, kind, about),
            NewTransfer(accounts.guarantee, accounts.cover, amount, TransferKind.COVER, about),
        )
        journal = write_journals(drafts=[Draft(transfers, reference)], at=at)[0]
        collect_debt(merchant=merchant, currency=amount.currency, at=at)
    return journal
