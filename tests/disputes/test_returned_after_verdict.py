"""A chargeback that comes back after a verdict brings its buyer what the verdict gave, and no more:
what he keeps and has been paid for is the merchant's sale."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    HOUR,
    LATE,
    MERCHANT,
    balance,
    check_money,
    complain,
    delivered,
    make_shop,
)
from tests.disputes.test_merchant_appeal import FREE, PRICE, carry_out, decide

from gongdao.core.money import Money
from gongdao.disputes.charge_back_order import charge_back_order
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.release_waiting import release_waiting
from gongdao.disputes.return_charge_back import return_charge_back
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.market.models import Finding, Order
from gongdao.market.release_orders import fee_of
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = 5_880
LEFT = PRICE - TAKEN


def _refunded(shop):
    """A delivered order of which the bank took a part, and a person gave the buyer the rest."""
    order, stores = delivered(shop), get_stores()
    _book(charge_back_order, order.id)
    case = complain(order, ReasonCode.INVALID)
    words = "卡密出库时有效，请查发行方的兑换记录。"
    say(stores=stores, case_id=case.id, by=MERCHANT, deed=Deed.CONTEST, words=words, at=LATE)
    decide(case, "boris", Kind.REFUND_PART, LEFT, LATE)
    case = carry_out(case, LATE)
    order = Order.objects.get(id=case.order_id)
    assert (order.state, Refund.objects.get().amount_minor) == ("refunded", LEFT)
    return order


def _book(verb, order_id):
    given = {"order_id": order_id, "amount": Money(TAKEN), "reference": "dp_1", "at": LATE}
    return verb(stores=get_stores(), **given)


def _sold(order):
    return TAKEN - fee_of(Money(TAKEN), placed_at=order.placed_at).minor


def test_a_part_that_he_got_is_all_that_he_gets():
    """A verdict of a part, paid: what comes back is the merchant's, less the fee, and the order
    stays as it ended."""
    shop = make_shop()
    order = _refunded(shop)
    free = balance(FREE, shop)
    assert not _book(return_charge_back, order.id).replayed
    order.refresh_from_db()
    assert order.state == "refunded" and Refund.objects.count() == 1
    assert balance(FREE, shop) == free + _sold(order)
    assert balance(AccountKind.MERCHANT_HELD, shop) == 0
    check_money()


def test_what_came_back_in_doubt_waits():
    """Another dispute is told of: nothing of what came back moves before that is settled."""
    shop = make_shop()
    order = _refunded(shop)
    found = Finding.objects.create(
        order=order, code="charged_back", deed="person", found_at=LATE, acted_at=LATE
    )
    free = balance(FREE, shop)
    _book(return_charge_back, order.id)
    assert balance(AccountKind.MERCHANT_HELD, shop) == TAKEN
    assert release_waiting(at=LATE + HOUR) == 0
    Finding.objects.filter(id=found.id).update(closed_at=LATE)
    assert release_waiting(at=LATE + HOUR) == 1
    assert balance(FREE, shop) == free + _sold(order)
    check_money()
