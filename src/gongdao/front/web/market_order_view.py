"""What the pages of an order say: where it stands, whose move it is, what has happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.front.web.market_words import STATE_NAMES, STATE_SHAPES, say_moment
from gongdao.market.models import Order
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.own_orders import find_titles
from gongdao.market.record_test import ToldTest
from gongdao.market.states import PAID_FOR, OrderState, Recording
from gongdao.market.words import standing_words, why_words
from gongdao.payments.models import Refund

_BACK = frozenset({OrderState.REFUNDING, OrderState.REFUNDED})


@dataclass(frozen=True)
class OrderLine:
    """An order in a list."""

    number: str
    title: str
    total: Money
    placed_at: datetime
    state: str
    shape: str


def make_lines(orders: Sequence[Order]) -> list[OrderLine]:
    """The lines of ``orders``, in their order."""
    titles = find_titles(orders)
    return [
        OrderLine(
            number=one.number,
            title=titles[one.id],
            total=Money(one.total_minor, one.currency),
            placed_at=one.placed_at,
            state=translated(STATE_NAMES[OrderState(one.state)]),
            shape=STATE_SHAPES[OrderState(one.state)],
        )
        for one in orders
    ]


@dataclass(frozen=True)
class OrderSight:
    """An order as its buyer sees it at one moment."""

    number: str
    offer: Offer
    quantity: int
    total: Money
    state: OrderState
    pay_by: datetime
    promise_by: datetime
    protected_until: datetime | None
    revealed: bool
    at: datetime
    why: str
    paid_late: bool

    @property
    def state_name(self) -> str:
        """Its state in words."""
        return translated(STATE_NAMES[OrderState.EXPIRED if self.lapsed else self.state])

    @property
    def shape(self) -> str:
        """The drawing beside the words."""
        return STATE_SHAPES[OrderState.EXPIRED if self.lapsed else self.state]

    @property
    def lapsed(self) -> bool:
        """Whether the time to pay is over and no money came; it counts from that moment on,
        whenever the worker gets to it."""
        waits = self.state is OrderState.PLACED and self.at >= self.pay_by
        return waits or self.state is OrderState.EXPIRED

    @property
    def waits_for_money(self) -> bool:
        """Whether it can be paid, and its goods are still set aside."""
        return self.state is OrderState.PLACED and not self.lapsed

    @property
    def renews(self) -> bool:
        """Whether something is expected to change by itself soon."""
        return self.state in (OrderState.PLACED, OrderState.PAID, OrderState.REFUNDING)

    @property
    def is_late(self) -> bool:
        """Whether the goods were promised for an earlier moment."""
        return self.state is OrderState.PAID and self.at > self.promise_by

    @property
    def is_test(self) -> bool:
        """Whether it is a test card."""
        return self.offer.kind is GoodsKind.TEST_CARD

    @property
    def holds_secrets(self) -> bool:
        """Whether there is something to be looked at."""
        return self.state in (OrderState.DELIVERED, OrderState.COMPLETED)

    @property
    def by_vault(self) -> bool:
        """Whether it is a secret of the vault, not what a person or a supplier sent."""
        return self.offer.delivery is Delivery.SECRET

    @property
    def look_words(self) -> str:
        """What looking at the goods is called."""
        return _("查看卡密") if self.by_vault else _("查看发货内容")

    @property
    def promise_ahead(self) -> bool:
        """Whether the promised moment is still to come."""
        return self.promise_by > self.at

    @property
    def pay_by_words(self) -> str:
        """Until when to pay."""
        return say_moment(self.pay_by, self.at)

    @property
    def promise_words(self) -> str:
        """By when it was promised."""
        return say_moment(self.promise_by, self.at)

    @property
    def protected_words(self) -> str:
        """Until when the money waits."""
        return say_moment(self.protected_until, self.at) if self.protected_until else ""


def make_sight(order: Order, offer: Offer, at: datetime) -> OrderSight:
    """What ``order`` looks like at this moment."""
    state = OrderState(order.state)
    return OrderSight(
        number=order.number,
        offer=offer,
        quantity=order.quantity,
        total=Money(order.total_minor, order.currency),
        state=state,
        pay_by=order.reserved_until,
        promise_by=order.promise_by,
        protected_until=order.protected_until,
        revealed=order.revealed_at is not None,
        at=at,
        why=str(standing_words(state, order.why)),
        paid_late=order.paid_at is not None and order.paid_at > order.reserved_until,
    )


def make_events(
    order: Order, tests: Sequence[ToldTest], refunds: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What has happened, oldest first; the last one is where it stands. Of a refund it says why it
    was asked for, as it was said then."""
    found: list[tuple[datetime | None, str]] = [
        (order.placed_at, _("下单")),
        (order.paid_at, _("收到付款")),
        (order.delivered_at, _("发货")),
        (order.revealed_at, _say_look(Recording(order.recording))),
        *((one.at, _say_test(one)) for one in tests),
        *((one["asked_at"], _("申请退款。{why}").format(why=one["why"])) for one in refunds),
    ]
    state = OrderState(order.state)
    if state is OrderState.COMPLETED:
        found.append((order.ended_at, _("订单完成，钱付给商家")))
    if state is OrderState.REFUNDED:
        found.append((order.ended_at, _("退款到账，由支付渠道确认")))
    known = sorted(((at, what) for at, what in found if at is not None), key=itemgetter(0))
    return [
        {"at": at, "what": what, "now": n == len(known)} for n, (at, what) in enumerate(known, 1)
    ]


def _say_look(chosen: Recording) -> str:
    if chosen is Recording.YES:
        return _("第一次查看，选了录屏")
    return _("第一次查看，选了不录屏") if chosen is Recording.NO else _("第一次查看")


def _say_test(test: ToldTest) -> str:
    result = _("您试过：能用") if test.works else _("您试过：不能用")
    if test.recorded:
        result = _("{result}（您说录了屏）").format(result=result)
    if test.files:
        return _("{result}，交了 {n} 个文件").format(result=result, n=len(test.files))
    return result


def find_refunds(order: Order) -> list[dict[str, Any]]:
    """The money that goes back, each wish with whether the service has confirmed it."""
    if OrderState(order.state) not in PAID_FOR:
        return []
    rows = Refund.objects.select_related("credit").filter(
        credit__intent__owner_kind="order", credit__intent__owner_id=order.id
    )
    return [
        {
            "number": row.refund_no,
            "amount": Money(row.amount_minor, row.credit.currency),
            "asked_at": row.requested_at,
            "why": why_words(row.reason),
            "done_at": row.confirmed_at,
            "stuck": row.state == "stuck",
            "extra": row.credit.surplus or OrderState(order.state) not in _BACK,
        }
        for row in rows.order_by("requested_at")
    ]
