"""Give an order's money back: out of its hold, to the buyer, through the payment service.

The movement in the ledger, the wish for a refund, the status and the leaf are one transaction;
the service confirms later, and only then is the order refunded.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.holds import find_holds
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import clearing_account, platform_account
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.coupons import return_uses
from gongdao.market.models import Order
from gongdao.market.note_failed_refund import settle_came_back
from gongdao.market.states import TRANSITIONS, OrderState
from gongdao.payments.models import Credit, Refund
from gongdao.payments.request_refund import request_refund

_ASK = """
UPDATE market_order SET state = 'refunding', why = %s
WHERE id = %s AND state = ANY(%s) AND paid_at IS NOT NULL
"""
_DONE = """
UPDATE market_order SET state = 'refunded', ended_at = %s WHERE id = %s AND state = 'refunding'
"""
_BACK = [
    state.value
    for state, to in TRANSITIONS.items()
    if OrderState.REFUNDING in to and state not in (OrderState.COMPLETED, OrderState.REFUNDED)
]
"""What a completed order paid is the merchant's: only a verdict sends it back, from other funds.
Of a refunded one nothing is left here."""
_OWED_AGAIN = """
UPDATE market_order SET state = 'refunding', why = %s, ended_at = NULL
WHERE id = %s AND state = 'refunded' RETURNING log_subject
"""
REFUND_BOUNCED = "refund_bounced"
"""Why an order that was refunded is being refunded again."""


def refund_hold(
    *, hold_id: UUID, amount: Money, credit_id: int, reason: str, at: datetime
) -> Refund:
    """Move ``amount`` out of a hold into the buyers' refunds and ask for it to be paid out."""
    refund = request_refund(credit_id=credit_id, amount=amount, reason=reason, at=at)
    target = platform_account(AccountKind.BUYER_REFUND, amount.currency)
    part = Part(target, amount, TransferKind.REFUND)
    settle_hold(
        hold_id=hold_id, parts=[part], ground=Ground.REFUND, reference=refund.refund_no, at=at
    )
    return refund


def give_back(
    *, stores: Stores, order_id: UUID, why: str, at: datetime, in_doubt: bool = False
) -> bool:
    """Send all that is left of the order's money back; False where none came, where it is on its
    way or gone to the merchant already, and while a bank may be giving it back. With ``in_doubt``
    it is asked back even then, and carried out when the doubt is over."""
    owner = SubjectRef("order", order_id)
    if not in_doubt and is_in_doubt(order_id):
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ASK, (why, order_id, _BACK))
            if cursor.rowcount != 1:
                return False
        subject = Order.objects.values_list("log_subject", flat=True).get(id=order_id)
        leaf = NewLeaf("order.refund_requested", subject)
        append_leaves(stores=stores, leaves=[leaf], at=at)
        credit = Credit.objects.get(
            intent__owner_kind=owner.kind, intent__owner_id=owner.id, surplus=False
        )
        for hold in find_holds(owner=owner):
            if hold.purpose == "sale" and hold.left.minor:
                refund_hold(
                    hold_id=hold.id, amount=hold.left, credit_id=credit.id, reason=why, at=at
                )
    return True


def refund_confirmed(*, stores: Stores, refund: Refund, at: datetime) -> None:
    """The service paid a refund out, or the bank: book it, and end the order when nothing more goes
    back; then what it used of a coupon goes back as well, once.

    Called in the transaction that confirms the refund.
    """
    credit = refund.credit
    post_transfer(
        source=platform_account(AccountKind.BUYER_REFUND, credit.currency),
        target=_paid_by(refund),
        amount=Money(refund.amount_minor, credit.currency),
        kind=TransferKind.REFUND_PAID,
        about=SubjectRef("refund", refund.id),
        reference=f"bank:{refund.paid_elsewhere}" if refund.paid_elsewhere else refund.asked_no,
        at=at,
    )
    end_refunded(stores=stores, credit=credit, at=at)


def end_refunded(*, stores: Stores, credit: Credit, at: datetime) -> None:
    """End the order of a payment that is being refunded, when nothing more of it goes back."""
    if credit.surplus or credit.refunds.exclude(state="confirmed").exists():
        return
    order_id = credit.intent.owner_id
    with connection.cursor() as cursor:
        cursor.execute(_DONE, (at, order_id))
        if cursor.rowcount != 1:
            return
    return_uses(orders=[order_id], at=at)
    subject = Order.objects.values_list("log_subject", flat=True).get(id=order_id)
    append_leaves(stores=stores, leaves=[NewLeaf("order.refunded", subject)], at=at)


def refund_bounced(*, stores: Stores, refund: Refund, at: datetime) -> None:
    """What the service paid out came back to it: the buyer is owed it again, and an order that was
    refunded is being refunded again, in its public chain as well.

    Called in the transaction that fails the refund; the same number bounces once.
    """
    credit = refund.credit
    post_transfer(
        source=_paid_by(refund),
        target=platform_account(AccountKind.BUYER_REFUND, credit.currency),
        amount=Money(refund.amount_minor, credit.currency),
        kind=TransferKind.REFUND_FAILED,
        about=SubjectRef("refund", refund.id),
        reference=refund.asked_no,
        at=at,
    )
    if credit.intent.owner_kind != "order":
        return
    settle_came_back(order_id=credit.intent.owner_id, at=at)
    if credit.surplus:
        return
    with connection.cursor() as cursor:
        cursor.execute(_OWED_AGAIN, (REFUND_BOUNCED, credit.intent.owner_id))
        row = cursor.fetchone()
    if row is not None:
        leaf = NewLeaf("order.refund_requested", row[0])
        append_leaves(stores=stores, leaves=[leaf], at=at)


def _paid_by(refund: Refund) -> Account:
    """Where the money of a refund leaves from: the bank, or what the service has for us."""
    credit = refund.credit
    if refund.paid_elsewhere:
        return platform_account(AccountKind.OUTSIDE, credit.currency)
    return clearing_account(credit.intent.gateway, credit.intent.account, credit.currency)
