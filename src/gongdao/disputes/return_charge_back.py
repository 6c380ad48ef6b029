"""A payment service has the money of a chargeback again: book it to whoever bore it.

The word of the service, read by a person, stands behind it. The whole chargeback comes back, under
the number by which it was booked. What the sale's hold gave goes back into it and on its way: to
the merchant where the order was completed meanwhile, to the buyer where the order is refunded and
he never got his goods, else it waits for the end of protection. Of an order that was delivered and
refunded it is the merchant's: what verdicts gave its buyer was his already. Refunds that the
chargeback had settled are owed again.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.disputes.hold_money import find_credit, release_completed
from gongdao.disputes.locks import lock_order
from gongdao.disputes.models import Case
from gongdao.ledger import return_charge_back as ledger
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.transfers import Ground, Journal
from gongdao.market.accounts import platform_account
from gongdao.market.charge_back_notice import RETURNED, is_in_doubt
from gongdao.market.charge_back_returned import return_to_order
from gongdao.market.models import Finding, Order


def return_charge_back(
    *, stores: Stores, order_id: UUID, amount: Money, reference: str, at: datetime
) -> Journal:
    """Book that ``amount``, which is all of the order's chargeback ``reference``, came back, once;
    what the desk had noted of it is settled, and the public log is told.

    Raise MoneyRefused where no such chargeback was booked, and for another amount; DisputeRefused
    for no order.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        about, merchant = SubjectRef("order", order.id), SubjectRef("merchant", order.merchant_id)
        credit = find_credit(order)
        booked = ledger.find_charge_back(about=about, reference=reference)
        if booked is None or credit is None:
            raise MoneyRefused(Phrase("这个订单没有登记过这个编号的拒付。"))
        if booked != amount:
            said = Phrase("这笔拒付登记的是 {amount} 元，只能整笔退回。", amount=str(booked))
            raise MoneyRefused(said)
        settled = _from_refunds(about, reference, amount.currency)
        journal = ledger.return_charge_back(
            merchant=merchant, about=about, reference=reference, at=at
        )
        if journal.replayed:
            return journal
        Finding.objects.filter(order=order, code=RETURNED, closed_at=None).update(closed_at=at)
        return_to_order(stores=stores, order=order, credit=credit, settled=settled, at=at)
        if may_release(order):
            mark = f"returned:{reference}"
            release_completed(
                order=order, ground=Ground.CHARGEBACK, reference=mark, at=at, refunded=True
            )
        collect_debt(merchant=merchant, currency=amount.currency, at=at)
    return journal


def may_release(order: Order) -> bool:
    """Whether no step of a dispute may still be drawn from what is held for the sale, and no bank
    may be taking it back."""
    open_cases = Case.objects.filter(order=order, state="open")
    return not open_cases.exists() and not is_in_doubt(order.id)


def _from_refunds(about: SubjectRef, reference: str, currency: str) -> int:
    """How many minor units of the chargeback were borne by refunds that waited for the buyer."""
    waiting = platform_account(AccountKind.BUYER_REFUND, currency)
    lines = ledger.find_lines(about=about, reference=reference)
    rows = LedgerTransfer.objects.filter(seq__in=lines, debit_id=waiting.id)
    return int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)
