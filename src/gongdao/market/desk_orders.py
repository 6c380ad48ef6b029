"""A merchant's orders as his desk lists them: found, counted, written out. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from gongdao.core.stores import Stores
from gongdao.market.market_key import order_keys
from gongdao.market.models import ListingVersion, Order
from gongdao.market.offer import Delivery
from gongdao.market.states import OrderState

_BATCH = 500
SOON = timedelta(hours=2)


@dataclass(frozen=True)
class Waiting:
    """Paid orders that wait for goods: all, those due within two hours, those past their promise;
    at most a thousand are counted."""

    all: int
    soon: int
    late: int


def find_orders(*, merchant_id: UUID, state: str = "", number: str = "") -> QuerySet[Order]:
    """The merchant's orders, newest first; those that wait for goods by their promise."""
    found = Order.objects.filter(merchant_id=merchant_id)
    if number:
        return found.filter(number=number.strip().upper()[:16])
    if state in list(OrderState):
        found = found.filter(state=state)
    if state == OrderState.PAID:
        return found.order_by("promise_by", "id")
    return found.order_by("-placed_at", "-id")


def count_waiting(*, merchant_id: UUID, at: datetime) -> Waiting:
    """How many orders wait for goods."""
    paid = Order.objects.filter(merchant_id=merchant_id, state=OrderState.PAID)
    dues = list(paid.order_by("promise_by").values_list("promise_by", flat=True)[:1000])
    late = sum(due < at for due in dues)
    return Waiting(len(dues), sum(due <= at + SOON for due in dues) - late, late)


def is_by_hand(order: Order) -> bool:
    """Whether a person delivers what was ordered."""
    version = ListingVersion.objects.get(listing_id=order.listing_id, number=order.listing_version)
    return str(version.content["delivery"]) == Delivery.MANUAL.value


def read_entered(*, stores: Stores, order: Order, at: datetime) -> dict[str, str]:
    """What the buyer filled in for the delivery, by its labels; his contact is left out. Whoever
    calls records that it was read. Empty where it was erased at the end of its time."""
    if not order.sealed:
        return {}
    entered = json.loads(order_keys(stores, at).open(order.id, bytes(order.sealed)))
    return {str(label): str(text) for label, text in entered["answers"].items()}


def order_rows(orders: QuerySet[Order]) -> Iterator[tuple[Order, str]]:
    """Each order with what it was for; in memory are a few hundred at a time. Nothing in it says
    who the buyer is."""
    titles: dict[tuple[UUID, int], str] = {}
    for order in orders.defer("sealed").iterator(chunk_size=_BATCH):
        key = (order.listing_id, order.listing_version)
        if key not in titles:
            row = ListingVersion.objects.filter(listing_id=key[0], number=key[1])
            titles[key] = row.values_list("content__title", flat=True).get()
        yield order, titles[key]
