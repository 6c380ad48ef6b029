"""A bank gave an order's payment back to the service: it is in the order's public chain, and the
money goes to whom the order gives it.

Whoever books it holds the order locked, and the money is where it was taken from.
"""

from __future__ import annotations

from datetime import datetime

from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.holds import find_holds
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.charge_back_notice import RETURNED
from gongdao.market.give_back import refund_hold
from gongdao.market.models import Order
from gongdao.market.states import OrderState
from gongdao.payments.models import Credit
from gongdao.payments.settle_by_bank import ask_again


def return_to_order(
    *, stores: Stores, order: Order, credit: Credit, settled: int, at: datetime
) -> bool:
    """Say in the log that a chargeback came back, after it was booked; whether the buyer is owed
    something now.

    ``settled`` minor units of refunds had been done with the chargeback: they are asked for again.
    What came back into the sale's hold goes to the buyer where the order was given up for its
    refund and never delivered. Otherwise it waits for the end of protection, or for the caller, who
    lets it go to the merchant where the order has ended. Locks: the caller's on the order, then
    its refunds, holds and credit.
    """
    leaf = NewLeaf("order.charge_back_returned", order.log_subject)
    append_leaves(stores=stores, leaves=[leaf], at=at)
    owed = ask_again(credit_id=credit.id, most=settled, at=at) > 0 if settled else False
    given_up = order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
    if given_up and order.delivered_at is None:
        for hold in find_holds(owner=SubjectRef("order", order.id)):
            if hold.purpose == "sale" and hold.left.minor:
                refund_hold(
                    hold_id=hold.id, amount=hold.left, credit_id=credit.id, reason=RETURNED, at=at
                )
                owed = True
    if owed and order.state == OrderState.REFUNDED:
        order.state, order.why, order.ended_at = OrderState.REFUNDING, RETURNED, None
        order.save(update_fields=["state", "why", "ended_at"])
        leaf = NewLeaf("order.refund_requested", order.log_subject)
        append_leaves(stores=stores, leaves=[leaf], at=at)
    return owed
