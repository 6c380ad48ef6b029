"""First high-value orders and buyers who order too fast: asked before anything is delivered (F2).

Placing an order looks a buyer's history up only where its value calls for it; how fast he orders is
counted beside the way of orders, from the payments that came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import OrderRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.decide_risk import Risk, deliver_from, judge_order, needs_history
from gongdao.market.give_back import give_back
from gongdao.market.limits import PACE_WINDOW, risk_limits
from gongdao.market.models import Order, RiskAnswer
from gongdao.market.states import OrderState

_IN_DOUBT = Phrase(
    "支付渠道说这笔付款正被银行拿回，平台在核实；不会发货，也先不退，免得退两次。请过一两天再看。"
)
_COMPLETED = """
SELECT EXISTS (SELECT FROM market_order WHERE buyer_digest = %s AND state = 'completed'
  AND total_minor >= %s AND currency = %s)
"""
"""Index market_order_known_buyer."""
_PACE = """
INSERT INTO market_buyerpace AS b (digest, orders, window_ends, watched_until)
SELECT digest, n, %(ends)s, CASE WHEN n > %(most)s THEN %(watch)s::timestamptz END
FROM unnest(%(digests)s::bytea[], %(counts)s::int[]) AS new (digest, n)
ORDER BY digest
ON CONFLICT (digest) DO UPDATE SET
  orders = CASE WHEN b.window_ends > %(at)s THEN b.orders + excluded.orders
    ELSE excluded.orders END,
  window_ends = CASE WHEN b.window_ends > %(at)s THEN b.window_ends ELSE excluded.window_ends END,
  watched_until = CASE
    WHEN (CASE WHEN b.window_ends > %(at)s THEN b.orders ELSE 0 END) + excluded.orders > %(most)s
    THEN %(watch)s::timestamptz ELSE b.watched_until END
"""


def risk_of(*, total: Money, buyer: bytes, at: datetime) -> str:
    """Why an order of ``total`` by ``buyer`` (his digest) waits for his answer; empty where it does
    not. Asks the database only about orders of high value."""
    limits = risk_limits(beijing(at).date())
    if not needs_history(total, limits):
        return Risk.NONE.value
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETED, (buyer, limits.high_value.minor, limits.high_value.currency))
        (completed_one,) = cursor.fetchone()
    return judge_order(total, completed_one, limits).value


@dataclass(frozen=True)
class PaidBy:
    """One believed payment: whose, and how much."""

    buyer: bytes
    total: Money


def note_pace(*, paid: Sequence[PaidBy], at: datetime) -> None:
    """Count payments by buyer; who had too many in the window is asked from now on for a while.
    Payments under the published floor do not count."""
    limits = risk_limits(beijing(at).date())
    counts: dict[bytes, int] = {}
    for one in paid:
        if one.total.currency == limits.floor.currency and one.total >= limits.floor:
            counts[one.buyer] = counts.get(one.buyer, 0) + 1
    if not counts:
        return
    values: dict[str, Any] = {
        "digests": list(counts),
        "counts": list(counts.values()),
        "at": at,
        "ends": at + PACE_WINDOW,
        "most": limits.most_orders,
        "watch": at + limits.watch,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PACE, values)


def answer_risk_question(
    *, stores: Stores, order_id: UUID, told_by_somebody: bool, at: datetime
) -> bool:
    """The buyer answers whether somebody told him to buy and to send the code. Yes: his money goes
    back. No: the order is delivered, a first high-value one after a while. False where nothing was
    asked or it was answered before; then nothing changes. Raise OrderRefused where his money would
    go back while his bank may be giving it back."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        asked = order.state == OrderState.PAID and bool(order.risk)
        if not asked or RiskAnswer.objects.filter(order=order).exists():
            return False
        doubted = is_in_doubt(order_id)
        if told_by_somebody and doubted:
            raise OrderRefused(_IN_DOUBT)
        limits = risk_limits(beijing(at).date())
        begin = deliver_from(order.risk, at, limits)
        RiskAnswer.objects.create(
            order=order, told_by_somebody=told_by_somebody, at=at, deliver_from=begin
        )
        if told_by_somebody:
            return give_back(stores=stores, order_id=order_id, why="scam_suspected", at=at)
        if not doubted:
            order.why = "delivery_delayed" if begin > at else "waiting_for_delivery"
            order.save(update_fields=["why"])
    return True


def withdraw_delayed(*, stores: Stores, order_id: UUID, at: datetime) -> bool:
    """The buyer takes an order back that waits for his answer, or for the time after it; False
    where it does not wait. Raise OrderRefused while his bank may be giving the money back."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        if not is_held_back(order, at):
            return False
        if is_in_doubt(order_id):
            raise OrderRefused(_IN_DOUBT)
        return give_back(stores=stores, order_id=order_id, why="buyer_withdrew", at=at)


def is_held_back(order: Order, at: datetime) -> bool:
    """Whether a paid order may not be delivered yet, because its buyer has not answered or the time
    after his answer still runs."""
    if order.state != OrderState.PAID or not order.risk:
        return False
    answer = RiskAnswer.objects.filter(order=order).first()
    return answer is None or answer.deliver_from > at
