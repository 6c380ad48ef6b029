"""Orders of somebody who proved before that they are his: opened again without the query code.

A browser that opened an order holds its id and the round of its code; an account holds what it
ordered. Guesses at a code count against the number for everybody, and so a merchant, who knows his
orders' numbers, could otherwise lock a buyer out of his own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from gongdao.core.stores import Stores
from gongdao.log.append_inline import CHAIN_COLUMNS, Chain
from gongdao.market.find_order import FoundOrder
from gongdao.market.market_key import order_keys
from gongdao.market.models import ListingVersion, Order
from gongdao.market.states import OrderState
from gongdao.vault.run_sql import run_prepared

_CHAIN = f"SELECT {CHAIN_COLUMNS} FROM log_subject log_at WHERE log_at.name = %(subject)s"


@dataclass(frozen=True)
class HeldOrder:
    """What a browser keeps of an order that it opened."""

    id: UUID
    code_round: int
    number: str


def hold_of(order: Order) -> HeldOrder:
    """What to keep of ``order``; void once the buyer asked for another code."""
    return HeldOrder(order.id, order.code_round, order.number)


def _mine(held: Collection[HeldOrder], buyer_id: UUID | None) -> Q:
    mine = Q(pk__in=[])
    for one in held:
        mine |= Q(pk=one.id, code_round=one.code_round)
    return mine if buyer_id is None else mine | Q(buyer_id=buyer_id)


def find_own_order(
    *, number: str, held: Collection[HeldOrder], buyer_id: UUID | None
) -> Order | None:
    """The order ``number`` if it is held or was placed by the account ``buyer_id``."""
    held = [one for one in held if one.number == number]
    if not held and buyer_id is None:
        return None
    return Order.objects.filter(_mine(held, buyer_id), number=number).first()


def list_own_orders(
    *, held: Collection[HeldOrder], buyer_id: UUID | None, most: int
) -> list[Order]:
    """The newest orders that are held or of the account; at most ``most``."""
    if not held and buyer_id is None:
        return []
    return list(Order.objects.filter(_mine(held, buyer_id)).order_by("-placed_at")[:most])


def find_asked(request: bytes) -> Order | None:
    """The order that was placed for this very request, if it was."""
    return Order.objects.filter(request_digest=request).first()


def query_code(*, stores: Stores, order: Order, at: datetime) -> str:
    """The code that opens ``order`` together with its number, for whoever has proved to own it."""
    return order_keys(stores, at).code(order.id, order.code_round)


def as_found(order: Order) -> FoundOrder:
    """``order`` as if it had been opened by its code: what the verbs start from."""
    ((last_hash, last_type, count),) = run_prepared(_CHAIN, {"subject": order.log_subject})
    return FoundOrder(
        id=order.id,
        number=order.number,
        state=OrderState(order.state),
        listing_id=order.listing_id,
        version=order.listing_version,
        quantity=order.quantity,
        subject=order.log_subject,
        revealed_at=order.revealed_at,
        chain=Chain(bytes(last_hash), last_type, count),
    )


def find_titles(orders: Sequence[Order]) -> dict[UUID, str]:
    """What each order was for, as its listing was called then; by the order's id."""
    shown = Q(pk__in=[])
    for order in orders:
        shown |= Q(listing_id=order.listing_id, number=order.listing_version)
    rows = ListingVersion.objects.filter(shown) if orders else ListingVersion.objects.none()
    titles = {
        (listing, number): title
        for listing, number, title in rows.values_list("listing_id", "number", "content__title")
    }
    return {one.id: titles[one.listing_id, one.listing_version] for one in orders}
