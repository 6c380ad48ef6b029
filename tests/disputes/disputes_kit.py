"""A market with something to quarrel about: paid orders, cases, and what must hold of all money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import connection
from tests.market.market_kit import ACCOUNT, AT, GATEWAY, Shop, make_shop, order, pay
from tests.market.offer_kit import OFFER
from tests.market.supply_kit import BY_HAND

from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.core.money import Money
from gongdao.disputes.collect_facts import Asked
from gongdao.disputes.events import Party
from gongdao.disputes.models import Case, Notice
from gongdao.disputes.open_case import open_case
from gongdao.disputes.states import Mover, ReasonCode
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import PLATFORM, Account, AccountKind
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_balance
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.find_order import find_order
from gongdao.market.give_back import refund_confirmed
from gongdao.market.models import MerchantMember, Order
from gongdao.market.reveal_order import reveal_order
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.sandbox_book import TableBook

BUYER, MERCHANT = Party(Mover.BUYER), Party(Mover.MERCHANT)
HOUR = timedelta(hours=1)
LATE = AT + timedelta(minutes=30)
"""After the promise of the kit's offers."""
__all__ = ["ACCOUNT", "AT", "BY_HAND", "GATEWAY", "OFFER", "make_shop"]


def paid_order(shop: Shop, quantity: int = 1, **more) -> Order:
    """An order that was paid a minute after it was placed."""
    placed = order(shop, quantity, **more)
    pay(placed)
    return Order.objects.get(number=placed.number)


def undelivered(shop: Shop | None = None) -> Order:
    """A paid order that its merchant has to deliver by hand, and has not."""
    return paid_order(shop or make_shop(stock=0, offer=BY_HAND))


def delivered(shop: Shop | None = None, *, revealed: bool = True, **more) -> Order:
    """A paid order with its secret, looked at five minutes later."""
    shop = shop or make_shop()
    placed = order(shop, **more)
    pay(placed)
    if revealed:
        at = AT + timedelta(minutes=5)
        found = find_order(stores=get_stores(), number=placed.number, code=placed.code, at=at)
        reveal_order(stores=get_stores(), order=found, who="buyer", at=at)
    return Order.objects.get(number=placed.number)


def complain(one: Order, reason: ReasonCode, at=LATE, by: Party = BUYER, **more) -> Case:
    """A complaint about an order."""
    words = more.pop("words", "")
    talk = more.pop("talk", False)
    return open_case(
        stores=get_stores(),
        order_id=one.id,
        asked=Asked(reason, **more),
        by=by,
        words=words,
        talk=talk,
        at=at,
    )


def tell(case: Case, at) -> None:
    """Every notice of the case was accepted by the next hop."""
    rows = Notice.objects.filter(case=case, state="planned")
    rows.update(state="accepted", ended_at=at, next_try_at=None)


def person(name: str) -> User:
    """Somebody with an account."""
    email = f"{name}@example.invalid"
    found, _ = User.objects.get_or_create(email=email, defaults={"id": new_id(AT), "joined_at": AT})
    return found


def member(shop: Shop, name: str = "clerk") -> User:
    """Somebody who acts for the merchant."""
    user = person(name)
    MerchantMember.objects.get_or_create(
        merchant=shop.merchant, user=user, defaults={"added_at": AT}
    )
    return user


def pay_refunds(at, rounds: int = 5) -> int:
    """Let the payment service pay back what is asked of it; how many refunds it confirmed."""
    gateways = {GATEWAY: Sandbox(key=b"k", pay_url="", book=TableBook())}
    done = 0
    for _ in range(rounds):
        done += carry_out_refunds(
            gateways=gateways,
            confirmed=lambda one: refund_confirmed(stores=get_stores(), refund=one, at=at),
            at=at,
        )
    return done


def fund(kind: AccountKind, minor: int, shop: Shop | None = None) -> None:
    """Put money on a deposit or the guarantee."""
    outside = Account(AccountKind.OUTSIDE, PLATFORM)
    deposit = kind is AccountKind.MERCHANT_DEPOSIT
    target = merchant_account(kind, shop.merchant.id) if deposit else platform_account(kind)
    post_transfer(
        source=outside,
        target=target,
        amount=Money(minor),
        kind=TransferKind.DEPOSIT if deposit else TransferKind.FUND,
        about=PLATFORM,
        reference=f"fund:{new_id(AT)}",
        at=AT,
    )


def drain_deposit(shop: Shop) -> None:
    """Let the merchant take all of his deposit back."""
    there = balance(AccountKind.MERCHANT_DEPOSIT, shop)
    if there:
        post_transfer(
            source=merchant_account(AccountKind.MERCHANT_DEPOSIT, shop.merchant.id),
            target=merchant_account(AccountKind.MERCHANT_FREE, shop.merchant.id),
            amount=Money(there),
            kind=TransferKind.DEPOSIT_RETURN,
            about=PLATFORM,
            reference=f"drain:{new_id(AT)}",
            at=AT,
        )


def balance(kind: AccountKind, shop: Shop | None = None) -> int:
    """What stands on an account of the platform's, or of the shop's merchant."""
    if shop is not None:
        return find_balance(merchant_account(kind, shop.merchant.id)).minor
    return find_balance(platform_account(kind)).minor


def check_money() -> None:
    """The ledger agrees with itself in every respect."""
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def run(statement: str, *values) -> None:
    """A statement by hand."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def offer_with(**changed):
    """The kit's offer with something else in it."""
    return replace(OFFER, **changed)
