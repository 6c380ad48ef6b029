"""A payment service took an order's money back for its buyer: book it against whoever has it.

The word of the service, read by a person, stands behind it. A refund that the service has not paid
is done with it, and what the buyer was refunded before, so that he has it twice, is the platform's
loss. Of the rest what is left in the sale's hold pays first, then the merchant's free money; what
remains he owes. The deposit is not touched: by the terms it stands for rulings. What a dispute of
the order has fenced stays with the dispute, which can give the buyer nothing a second time
(`left_to_return`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.disputes.hold_money import find_credit, find_sale_hold
from gongdao.disputes.locks import lock_order
from gongdao.disputes.models import Remedy
from gongdao.ledger.charge_back import charge_back
from gongdao.ledger.debts import find_booked
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.transfers import Ground, Journal, TransferKind
from gongdao.market.accounts import clearing_account
from gongdao.market.charge_back_notice import CHARGED_BACK
from gongdao.market.charge_back_told import is_booked
from gongdao.market.end_charged_back import end_charged_back
from gongdao.market.give_back import end_refunded, refund_confirmed
from gongdao.market.models import Finding, Order
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.models import Credit, Refund
from gongdao.payments.port import Gateway
from gongdao.payments.settle_by_bank import (
    BY_BANK,
    Fates,
    ask_unsure,
    end_unsure,
    settle_by_bank,
)


def ask_of_refunds(*, order_id: UUID, gateways: Mapping[str, Gateway], at: datetime) -> Fates:
    """What the service says of refunds of the order that may have been paid. Outside any
    transaction, before `charge_back_order`."""
    credit = Credit.objects.filter(
        intent__owner_kind="order", intent__owner_id=order_id, surplus=False
    ).first()
    return {} if credit is None else ask_unsure(credit_id=credit.id, gateways=gateways, at=at)


def charge_back_order(
    *,
    stores: Stores,
    order_id: UUID,
    amount: Money,
    reference: str,
    at: datetime,
    fates: Fates = MappingProxyType({}),
    said: RefundFate | None = None,
) -> Journal:
    """Book that the service took ``amount`` of the order's payment back under its own number
    ``reference``, once. The public log is told, and an order that is paid and not delivered ends.
    What the desk had noted is settled where all is booked that the service told of the order.

    A refund that the service may have paid is first brought to its end: by what the service says
    (``fates``, from `ask_of_refunds`), or where it does not say by what a person saw (``said``).
    Raise MoneyRefused where neither does, for an order that nobody paid and for more than was paid,
    DisputeRefused for no order, ReferenceReused for another amount under the same number.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        credit = find_credit(order)
        if credit is None:
            raise MoneyRefused(Phrase("这个订单没有付过款，没有钱可以拒付。"))
        about = SubjectRef("order", order.id)
        booked = find_booked(
            about=about,
            kind=TransferKind.CHARGE_BACK,
            reference=f"{Ground.CHARGEBACK}:{reference}",
        )
        settled, twice = 0, 0
        if booked is None:
            _check_most(order, credit, amount)
            done = partial(_confirm, stores, at)
            end_unsure(credit_id=credit.id, fates=fates, said=said, confirmed=done, at=at)
            order.refresh_from_db()
            settled, twice = _what_he_has(order, credit, amount.minor, at)
        hold = find_sale_hold(order)
        journal = charge_back(
            merchant=SubjectRef("merchant", order.merchant_id),
            gateway=clearing_account(credit.gateway, credit.intent.account, credit.currency),
            amount=amount,
            about=about,
            reference=reference,
            hold_id=hold.id if hold else None,
            refunds=Money(settled, credit.currency),
            twice=Money(twice, credit.currency),
            at=at,
        )
        if not journal.replayed:
            end_charged_back(stores=stores, order=order, at=at)
            if is_booked(order.id):
                noted = Finding.objects.filter(order=order, code=CHARGED_BACK, closed_at=None)
                noted.update(closed_at=at)
        if settled:
            end_refunded(stores=stores, credit=credit, at=at)
    return journal


def _check_most(order: Order, credit: Credit, amount: Money) -> None:
    most = Money(credit.amount_minor - charged_back_minor(order.id), credit.currency)
    if amount.minor > most.minor:
        raise MoneyRefused(Phrase("最多还能拒付 {most} 元。", most=str(most)))


def _confirm(stores: Stores, at: datetime, refund: Refund) -> None:
    refund_confirmed(stores=stores, refund=refund, at=at)


def _what_he_has(order: Order, credit: Credit, minor: int, at: datetime) -> tuple[int, int]:
    """Of what the bank took: how much of it was on its way to the buyer, which is done with it; and
    how much he had before, by refunds that were confirmed, in minor units. What a ruling had the
    platform pay came from its own money and is not counted against what the merchant got."""
    before = credit.refunds.filter(state="confirmed").exclude(paid_elsewhere__startswith=BY_BANK)
    ours = Remedy.objects.filter(case__order=order, bearer="platform")
    numbers = [one.refund_no for one in ours if "guarantee" in one.drawn]
    rows = before.exclude(refund_no__in=numbers)
    returned = int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)
    settled = settle_by_bank(credit_id=credit.id, most=minor, at=at)
    over = minor + charged_back_minor(order.id) + returned - credit.amount_minor
    return settled, min(minor - settled, max(0, over))


def charged_back_minor(order_id: UUID) -> int:
    """How many minor units of the order's payment the service took back, less what came back."""
    rows = LedgerTransfer.objects.filter(owner_kind="order", owner_id=order_id)
    reversals = rows.filter(
        kind=TransferKind.REVERSAL.value, reference__startswith=f"{Ground.CHARGEBACK}:"
    )
    taken = rows.filter(kind=TransferKind.CHARGE_BACK.value).aggregate(all=Sum("amount_minor"))
    back = reversals.aggregate(all=Sum("amount_minor"))
    return int(taken["all"] or 0) - int(back["all"] or 0)
