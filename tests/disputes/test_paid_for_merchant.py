"""What the platform pays in a merchant's place he owes, and it is collected from what he has."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    AT,
    HOUR,
    LATE,
    balance,
    check_money,
    complain,
    delivered,
    drain_deposit,
    fund,
    make_shop,
)
from tests.disputes.test_merchant_appeal import PRICE, ask, decide, paid_case

from gongdao.core.errors import MoneyRefused, NotEnoughMoney, ReferenceReused
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.charge_back_order import charge_back_order
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import left_to_return
from gongdao.disputes.models import Remedy
from gongdao.disputes.states import ReasonCode
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.pay_for_merchant import pay_for_merchant
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.release_orders import confirm_receipt, fee_of, release_due

from tests.disputes.disputes_kit import MERCHANT  # isort: skip

pytestmark = pytest.mark.django_db(transaction=True)
FREE, OWED = AccountKind.MERCHANT_FREE, AccountKind.MERCHANT_RECEIVABLE
GUARANTEE, RESERVE = AccountKind.PLATFORM_GUARANTEE, AccountKind.PLATFORM_RESERVE
COVER = AccountKind.PLATFORM_COVER


def empty_free(shop):
    """Nothing is left that the merchant could take out."""
    there = balance(FREE, shop)
    if there:
        post_transfer(
            source=merchant_account(FREE, shop.merchant.id),
            target=platform_account(AccountKind.PLATFORM_FEE),
            amount=Money(there),
            kind=TransferKind.FEE,
            about=SubjectRef("test", shop.merchant.id),
            reference="gone",
            at=LATE,
        )


def pay_for(shop, minor=5000, reference="p1"):
    """The guarantee pays for the merchant."""
    return pay_for_merchant(
        merchant=SubjectRef("merchant", shop.merchant.id),
        target=platform_account(AccountKind.BUYER_REFUND),
        amount=Money(minor),
        kind=TransferKind.REFUND,
        about=SubjectRef("test", shop.merchant.id),
        reference=reference,
        at=LATE,
    )


def test_a_rich_merchant_pays_what_the_guarantee_paid_for_him():
    """His deposit is gone and his free money is not: the verdict is drawn from the guarantee, and
    the same amount comes back out of his free money at once."""
    shop = make_shop()
    fund(GUARANTEE, 20_000)
    drain_deposit(shop)
    had = balance(FREE, shop)
    paid_case(shop, released=True)
    assert Remedy.objects.get().drawn == {"guarantee": PRICE}
    assert balance(OWED, shop) == 0 and balance(COVER, shop) == 0
    assert balance(GUARANTEE) == 20_000
    assert balance(FREE, shop) == had - fee_of(Money(PRICE), placed_at=AT).minor
    check_money()


def test_an_overturned_verdict_brings_back_what_was_paid_for_him():
    """He had paid the guarantee back; when his appeal is right, all of it is his again."""
    shop = make_shop()
    fund(GUARANTEE, 20_000)
    drain_deposit(shop)
    case = paid_case(shop, released=True)
    free = balance(FREE, shop)
    ask(case, MERCHANT, LATE + 3 * HOUR)
    decide(case, "carla", Kind.NONE, 0, LATE + 4 * HOUR)
    assert balance(FREE, shop) == free + PRICE and balance(OWED, shop) == 0
    assert balance(GUARANTEE) == 20_000 - PRICE
    check_money()


def test_a_poor_merchants_debt_is_paid_by_his_later_sales():
    """He has nothing: he owes it and the guarantee is tied up behind it; the next release pays it
    as far as it reaches, and the guarantee is whole again before the reserve."""
    shop = make_shop(stock=5)
    fund(GUARANTEE, 20_000)
    drain_deposit(shop)
    empty_free(shop)
    pay_for(shop, 12_000)
    assert (balance(OWED, shop), balance(COVER, shop)) == (-12_000, 12_000)
    assert balance(GUARANTEE) == 8000
    assert pay_for(shop, 12_000).replayed and balance(OWED, shop) == -12_000
    order = delivered(shop)
    assert confirm_receipt(stores=get_stores(), order_id=order.id, at=LATE)
    earned = PRICE - fee_of(Money(PRICE), placed_at=AT).minor
    assert balance(OWED, shop) == earned - 12_000 and balance(FREE, shop) == 0
    assert balance(GUARANTEE) == 8000 + earned and balance(RESERVE) == 0
    delivered(shop)
    assert release_due(stores=get_stores(), at=LATE + 400 * HOUR) == 1
    assert balance(OWED, shop) == 0 and balance(FREE, shop) == 2 * earned - 12_000
    assert balance(GUARANTEE) == 20_000 and balance(COVER, shop) == 0
    check_money()


def test_the_guarantee_pays_no_more_than_it_has():
    """Beyond it nothing moves and nobody owes."""
    shop = make_shop()
    fund(GUARANTEE, 100)
    with pytest.raises(NotEnoughMoney):
        pay_for(shop, 101)
    assert balance(OWED, shop) == 0 and balance(GUARANTEE) == 100


def test_a_chargeback_takes_what_is_held_and_the_buyer_gets_nothing_twice():
    """Booked once under the service's number; what was taken back can not be returned again, and
    more than was paid cannot be charged back."""
    shop = make_shop()
    order = delivered(shop)
    held = balance(AccountKind.MERCHANT_HELD, shop)
    charge = {"stores": get_stores(), "order_id": order.id, "reference": "dp_1", "at": LATE}
    assert not charge_back_order(amount=Money(PRICE - 100), **charge).replayed
    assert charge_back_order(amount=Money(PRICE - 100), **charge).replayed
    with pytest.raises(ReferenceReused):
        charge_back_order(amount=Money(5), **charge)
    with pytest.raises(MoneyRefused):
        charge_back_order(amount=Money(101), **(charge | {"reference": "dp_2"}))
    assert balance(AccountKind.MERCHANT_HELD, shop) == held - PRICE + 100
    assert left_to_return(order) == 100
    case = complain(order, ReasonCode.INVALID)
    assert case.amount_minor == 100
    check_money()


def test_a_chargeback_after_the_payout_is_a_debt():
    """The sale was released and the money is out of reach: he owes it, with the reserve behind."""
    shop = make_shop()
    fund(RESERVE, 4000)
    order = delivered(shop)
    confirm_receipt(stores=get_stores(), order_id=order.id, at=LATE)
    empty_free(shop)
    charge = {"order_id": order.id, "reference": "dp_1", "at": LATE}
    charge_back_order(stores=get_stores(), amount=Money(PRICE), **charge)
    assert balance(OWED, shop) == -PRICE and balance(COVER, shop) == 4000
    assert balance(RESERVE) == 0
    check_money()
