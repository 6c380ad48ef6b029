"""What a confirmed payment does to its order. Pure: the order's facts in, the deed out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gongdao.market.offer import Delivery
from gongdao.market.states import OrderState


class Deed(StrEnum):
    """What to do with money that has just been believed."""

    DELIVER = "deliver"
    """Hold the money, give the units set aside (or others, where they lapsed), at once."""
    AWAIT = "await"
    """Hold the money; a person or a supplier delivers, or the buyer is asked first."""
    GIVE_BACK = "give_back"
    """The order can take no money: it is refunded, or has been paid for already."""


@dataclass(frozen=True)
class PaidOrder:
    """The facts that count."""

    state: OrderState
    delivery: Delivery
    surplus: bool
    risk: str = ""
    """Why its buyer is asked first; empty where he is not."""


def decide_payment(order: PaidOrder) -> Deed:
    """Money for a placed or an expired order is honoured, however late; all other goes back."""
    if order.surplus or order.state not in (OrderState.PLACED, OrderState.EXPIRED):
        return Deed.GIVE_BACK
    at_once = order.delivery is Delivery.SECRET and not order.risk
    return Deed.DELIVER if at_once else Deed.AWAIT
