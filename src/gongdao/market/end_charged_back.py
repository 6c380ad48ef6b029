"""A bank took an order's payment back: it is in the order's public chain, and what was paid and not
delivered ends with it.

Whoever books the chargeback holds the order locked, as every delivery does: the two exclude each
other. What was delivered before goes its own way.
"""

from __future__ import annotations

from datetime import datetime

from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.holds import find_holds
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.charge_back_notice import CHARGED_BACK
from gongdao.market.coupons import return_uses
from gongdao.market.decide_top_up import TopUpState
from gongdao.market.give_back import give_back
from gongdao.market.models import Order, TopUp
from gongdao.market.states import OrderState
from gongdao.vault.reserve import release


def end_charged_back(*, stores: Stores, order: Order, at: datetime) -> bool:
    """Say in the log that a part or all of the payment was charged back, after it was booked;
    whether the order ends with it, which it does where nothing was delivered.

    Its units go back to the shelf, suppliers are not asked any more, and what the bank left goes
    back to the buyer. What a supplier does all the same calls a person. Locks: the caller's on the
    order, then its top-ups.
    """
    leaf = NewLeaf("order.charged_back", order.log_subject)
    append_leaves(stores=stores, leaves=[leaf], at=at)
    if order.state != OrderState.PAID:
        return False
    owner = SubjectRef("order", order.id)
    running = TopUp.objects.filter(order=order, ended_at=None)
    running.filter(asks=0).update(
        state=TopUpState.FAILED.value, ended_at=at, next_look_at=None, ask_next=False
    )
    running.update(ask_next=False)
    release(claim=owner)
    if any(one.purpose == "sale" and one.left.minor for one in find_holds(owner=owner)):
        # Another dispute may be told of and not booked: what is asked back waits for it.
        if not give_back(stores=stores, order_id=order.id, why=CHARGED_BACK, in_doubt=True, at=at):
            raise RuntimeError(f"order {order.id} moved under its lock")
        return True
    # The money has gone back already: what is asked for and confirmed elsewhere is one step here.
    order.state, order.why = OrderState.REFUNDING, CHARGED_BACK
    order.save(update_fields=["state", "why"])
    order.state, order.ended_at = OrderState.REFUNDED, at
    order.save(update_fields=["state", "ended_at"])
    return_uses(orders=[order.id], at=at)
    return True
