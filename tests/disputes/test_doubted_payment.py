"""Disputes beside a chargeback: no money leaves while nobody has looked, and what a ruling has the
platform pay is not the merchant's."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    balance,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
)
from tests.disputes.test_merchant_appeal import FREE, GUARANTEE, PRICE, ask, decide

from gongdao.core.money import Money
from gongdao.disputes.charge_back_order import charge_back_order
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.release_waiting import release_waiting
from gongdao.disputes.say import say, withdraw
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.market.models import Finding, Order
from gongdao.market.release_orders import confirm_receipt, fee_of
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
HELD = AccountKind.MERCHANT_HELD
DISPUTED = 5_000


def _charge(order, minor, at=LATE):
    given = {"order_id": order.id, "amount": Money(minor), "reference": "dp_1", "at": at}
    return charge_back_order(stores=get_stores(), **given)


def _doubt(order):
    return Finding.objects.create(
        order=order, code="charged_back", deed="person", found_at=LATE, acted_at=LATE
    )


@pytest.fixture
def completed(db):
    """A completed order of which a part is in dispute; the shop, the order, the case."""
    shop = make_shop()
    case = complain(delivered(shop), ReasonCode.INVALID, minor=DISPUTED)
    assert confirm_receipt(stores=get_stores(), order_id=case.order_id, at=LATE)
    assert balance(HELD, shop) == DISPUTED
    return shop, Order.objects.get(id=case.order_id), case


def _withdraw(case):
    withdraw(stores=get_stores(), case_id=case.id, by=BUYER, at=LATE)
    case.refresh_from_db()
    assert case.state == "closed"


def test_a_case_that_ends_releases_nothing_in_doubt(completed):
    """The buyer takes his complaint back while his bank may be taking the money: it stays held, and
    goes to the merchant once somebody says that nothing was taken; the control is released at
    once."""
    shop, order, case = completed
    found, free = _doubt(order), balance(FREE, shop)
    _withdraw(case)
    assert (balance(HELD, shop), balance(FREE, shop)) == (DISPUTED, free)
    assert release_waiting(at=LATE + HOUR) == 0
    Finding.objects.filter(id=found.id).update(closed_at=LATE)
    assert (release_waiting(at=LATE + HOUR), release_waiting(at=LATE + HOUR)) == (1, 0)
    rest = DISPUTED - fee_of(Money(DISPUTED), placed_at=order.placed_at).minor
    assert (balance(HELD, shop), balance(FREE, shop)) == (0, free + rest)
    check_money()


def test_without_a_doubt_it_is_released_at_once(completed):
    """The control: nobody told of a chargeback."""
    shop, _order, case = completed
    _withdraw(case)
    assert balance(HELD, shop) == 0
    assert release_waiting(at=LATE + HOUR) == 0
    check_money()


def test_what_stayed_bears_the_chargeback(completed):
    """It was taken after all: what stayed in the hold pays it, and the merchant owes nothing."""
    shop, order, case = completed
    _doubt(order)
    _withdraw(case)
    free = balance(FREE, shop)
    _charge(order, DISPUTED)
    assert (balance(HELD, shop), balance(FREE, shop)) == (0, free)
    assert (
        release_waiting(at=LATE + HOUR) == 0 and balance(AccountKind.MERCHANT_RECEIVABLE, shop) == 0
    )
    check_money()


def test_what_waits_for_a_dispute_is_not_released_by_the_sweep(completed):
    """A case is open: its steps may still be drawn from what is held."""
    shop, order, case = completed
    found = _doubt(order)
    _withdraw(case)
    again = complain(order, ReasonCode.INVALID, LATE + HOUR, minor=DISPUTED)
    Finding.objects.filter(id=found.id).update(closed_at=LATE)
    assert again.state == "open" and release_waiting(at=LATE + HOUR) == 0
    assert balance(HELD, shop) == DISPUTED
    check_money()


def test_a_refund_that_the_platform_pays_bears_it_first():
    """By the ruling the platform pays the buyer, and has not yet when his bank does: the bank has
    paid what was the platform's to bear, and the merchant keeps what he earned."""
    shop, stores = make_shop(), get_stores()
    fund(GUARANTEE, PRICE)
    case = complain(delivered(shop), ReasonCode.INVALID)
    words = "卡密出库时有效，请查发行方的兑换记录。"
    say(stores=stores, case_id=case.id, by=MERCHANT, deed=Deed.CONTEST, words=words, at=LATE)
    decide(case, "anna", Kind.NONE, 0, LATE)
    assert confirm_receipt(stores=stores, order_id=case.order_id, at=LATE)
    ask(case, BUYER, LATE)
    decide(case, "boris", Kind.REFUND_FULL, PRICE, LATE, shares={"platform": 100})
    assert Refund.objects.get().state == "requested" and balance(GUARANTEE) == 0
    free = balance(FREE, shop)
    _charge(case.order, PRICE)
    assert Refund.objects.get().paid_elsewhere.startswith("chargeback:")
    assert balance(FREE, shop) == free and balance(AccountKind.MERCHANT_RECEIVABLE, shop) == 0
    assert (balance(AccountKind.BUYER_REFUND), balance(AccountKind.PLATFORM_COST)) == (0, 0)
    check_money()
