"""A shop whose goods a supplier delivers, or a person, and the rounds a worker makes for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.market.fake_suppliers import ACCOUNT, KEY, FakeSupplier
from tests.market.market_kit import AT, Shop, make_merchant, make_shop
from tests.market.market_kit import order as place
from tests.market.offer_kit import OFFER

from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.market import models
from gongdao.market.offer import Delivery, GoodsKind
from gongdao.market.place_order import Placed
from gongdao.market.suppliers.keep_supplier import (
    SupplierPlace,
    add_supplier,
    open_supplier,
    set_supply,
)
from gongdao.market.top_up import begin_top_ups, claim_top_up, settle_claim
from gongdao.payments.wire import HttpWire

LABEL = "手机号"
PHONE = "18866667777"
BY_HAND = replace(OFFER, delivery=Delivery.MANUAL, price=Money(9800))
TOP_UP = replace(
    OFFER, kind=GoodsKind.TOP_UP, delivery=Delivery.SUPPLIER, asks=(LABEL,), price=Money(9800)
)
PATIENCE_S = 0.4


def supplied_shop(
    fake: FakeSupplier, kind: str = "yrapi", most: int = 9600, *, vouched: bool = True
) -> Shop:
    """A shop that sells 100 yuan top-ups of ``fake``."""
    merchant = make_merchant()
    row = add_supplier(
        stores=get_stores(),
        merchant_id=merchant.id,
        place=SupplierPlace(kind, "示例上游", fake.url, ACCOUNT, KEY, vouched=vouched),
        at=AT,
        local=True,
    )

    def supply(listing: models.Listing) -> None:
        set_supply(
            listing_id=listing.id,
            supplier=row,
            product="2",
            ask=LABEL,
            face=Money(10000),
            most=Money(most),
        )

    return make_shop(stock=0, offer=TOP_UP, merchant=merchant, prepare=supply)


def order_top_up(shop: Shop, quantity: int = 1) -> Placed:
    """Order top-ups of one phone."""
    return place(shop, quantity=quantity, answers={LABEL: PHONE})


def work(at: datetime) -> int:
    """One round of a worker at ``at``: begin, claim, talk, settle; how many talks."""
    begin_top_ups(stores=get_stores(), at=at)
    talks = 0
    wire = HttpWire(patience_s=PATIENCE_S)
    while claim := claim_top_up(stores=get_stores(), root="http://market.test", at=at):
        supplier = open_supplier(stores=get_stores(), row=claim.supplier, wire=wire, at=at)
        word = supplier.ask(claim.ask, at) if claim.asks else supplier.look(claim.ask, at)
        settle_claim(stores=get_stores(), claim=claim, word=word, at=at)
        talks += 1
    return talks


def work_until(minutes: int, begin: datetime = AT + timedelta(minutes=2)) -> None:
    """A round every thirty seconds."""
    for half in range(minutes * 2):
        work(begin + timedelta(seconds=30 * half))


def get_order(placed: Placed) -> models.Order:
    """Its row."""
    return models.Order.objects.get(number=placed.number)
