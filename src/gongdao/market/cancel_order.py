"""A merchant cancels a paid order that he cannot fulfil: the money goes back at once, and it counts
against him.

One transaction, with the order locked: delivery and cancelling exclude each other. Afterwards the
order is where every refund is, and nothing takes it back.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.cancel_models import OrderCancel
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.decide_top_up import TopUpState
from gongdao.market.desk_states import Side
from gongdao.market.give_back import give_back
from gongdao.market.models import Order, TopUp
from gongdao.market.states import CancelReason, OrderState
from gongdao.market.thread import post_about_order
from gongdao.vault.reserve import release

WHY_CANCELLED = "cancelled_by_merchant"
_NOTHING_CAME = (TopUpState.REJECTED, TopUpState.FAILED)


def cancel_order(
    *,
    stores: Stores,
    order_id: UUID,
    merchant_id: UUID,
    reason: CancelReason,
    words: str,
    by: UUID,
    at: datetime,
) -> bool:
    """Cancel an order and send its money back; ``words`` are the merchant's to the buyer and go
    into their thread. False where it cannot be any more: not his order, not paid, delivered, given
    back. The same again is True and changes nothing.

    Raise InputError for words that cannot be, while a top-up may still arrive, and while the
    payment may be charged back.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        if order.merchant_id != merchant_id:
            return False
        if order.state != OrderState.PAID:
            return OrderCancel.objects.filter(order=order).exists()
        if has_top_up(order):
            raise InputError(
                Phrase("上游可能已经充上，结果没出来以前不能取消。"),
                field="reason",
                hint=Phrase("结果出来会自动发货或退款；有问题请联系平台。"),
            )
        if is_in_doubt(order.id):
            raise InputError(
                Phrase("支付渠道说这笔付款可能被银行拿回，平台正在核实，现在不能取消。"),
                field="reason",
                hint=Phrase("先不要发货；核实完会继续，或直接了结。"),
            )
        post_about_order(stores=stores, order=order, side=Side.MERCHANT, text=words, by=by, at=at)
        OrderCancel.objects.create(order=order, reason=reason.value, by_id=by, at=at)
        said = {"by": "merchant", "reason": reason.value}
        leaves = [NewLeaf("order.cancelled", order.log_subject, said)]
        append_leaves(stores=stores, leaves=leaves, at=at)
        if not give_back(stores=stores, order_id=order.id, why=WHY_CANCELLED, at=at):
            raise RuntimeError(f"order {order.id} moved under its lock")
        release(claim=SubjectRef("order", order.id))
    return True


def has_top_up(order: Order) -> bool:
    """Whether a piece was asked of a supplier that may have arrived, or may yet."""
    return TopUp.objects.filter(order=order).exclude(state__in=_NOTHING_CAME).exists()


def can_cancel(order: Order) -> bool:
    """Whether its merchant could cancel it as it stands; the verb looks again under the lock."""
    return order.state == OrderState.PAID and not has_top_up(order)


def find_cancel(order_id: UUID) -> OrderCancel | None:
    """The record that the merchant cancelled the order; None where he did not."""
    return OrderCancel.objects.filter(order_id=order_id).first()
