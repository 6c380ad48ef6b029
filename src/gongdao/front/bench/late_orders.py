"""Paid orders that nobody delivered: what clear complaints are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from gongdao.front.bench.bench_shop import BenchShop, make_bench_shop
from gongdao.front.clock import now
from gongdao.front.gateways import make_sandbox
from gongdao.front.stores import get_stores
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.models import Listing, Order
from gongdao.market.offer import Delivery
from gongdao.market.place_order import Wanted, place_order
from gongdao.market.publish_listing import draft_listing, publish_listing
from gongdao.market.shown import find_shown
from gongdao.payments.port import Report, Told

AGO = timedelta(hours=3)
"""How long ago they were placed; the promise of the bench's offer is minutes."""


def make_late_orders(count: int) -> list[UUID]:
    """Place and pay ``count`` orders that a person has to deliver, by as many buyers."""
    at = now()
    shop = make_bench_shop(stock=1)
    listing_id, version = _by_hand(shop, at)
    return [_order(shop, listing_id, version, number, at - AGO) for number in range(count)]


def _by_hand(shop: BenchShop, at: datetime) -> tuple[UUID, int]:
    merchant_id = Listing.objects.get(id=shop.listing_id).merchant_id
    offer = replace(find_shown(shop.listing_id, shop.version).offer, delivery=Delivery.MANUAL)
    listing = draft_listing(merchant_id=merchant_id, sku_id=None, at=at)
    version = publish_listing(stores=get_stores(), listing_id=listing.id, offer=offer, at=at)
    return listing.id, version.number


def _order(shop: BenchShop, listing_id: UUID, version: int, number: int, at: datetime) -> UUID:
    sandbox = make_sandbox()
    wanted = Wanted(
        listing_id=listing_id,
        version=version,
        quantity=1,
        contact=f"bench{number}@example.invalid",
        terms=shop.terms,
        gateway=sandbox.name,
        account=sandbox.account,
        answers={},
    )
    placed = place_order(stores=get_stores(), wanted=wanted, at=at)
    trade = f"T{placed.number}"
    confirm_payment(
        stores=get_stores(),
        report=Report(placed.number, trade, Told.PAID, placed.total, sandbox.account),
        gateway=sandbox.name,
        way="callback",
        digest=sha256(trade.encode()).digest(),
        at=at + timedelta(minutes=1),
    )
    return Order.objects.values_list("id", flat=True).get(number=placed.number)
