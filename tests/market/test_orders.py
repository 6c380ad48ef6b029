"""From a placed order to its secret, and what happens when time, stock or money go astray."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.market.market_kit import AT, make_shop, order, pay

from gongdao.core.errors import NotDelivered, OrderLocked, StockShort, TooManyAttempts
from gongdao.front.stores import get_stores
from gongdao.market.expire_orders import expire_orders
from gongdao.market.find_order import find_order
from gongdao.market.models import Order
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.market.reveal_order import reveal_order

pytestmark = pytest.mark.django_db(transaction=True)


def _state(number: str) -> str:
    return Order.objects.values_list("state", flat=True).get(number=number)


def _reveal(placed, at=AT):
    stores = get_stores()
    found = find_order(stores=stores, number=placed.number, code=placed.code, at=at)
    return reveal_order(stores=stores, order=found, who="buyer", at=at)


def test_an_order_is_placed_paid_delivered_and_released():
    """The whole way: the secret is the buyer's, and the money the merchant's after protection."""
    shop = make_shop(stock=2)
    placed = order(shop)
    assert _state(placed.number) == "placed"
    pay(placed)
    assert _state(placed.number) == "delivered"
    (secret,) = _reveal(placed)
    assert secret.fields["secret"].startswith("CARD-")
    stores = get_stores()
    assert release_due(stores=stores, at=AT + timedelta(hours=47)) == 0
    assert release_due(stores=stores, at=AT + timedelta(hours=49)) == 1
    assert _state(placed.number) == "completed"


def test_a_buyer_may_confirm_early_and_once():
    """Confirming releases the money; a second time there is nothing to release."""
    placed = order(make_shop())
    pay(placed)
    stores = get_stores()
    order_id = Order.objects.get(number=placed.number).id
    assert confirm_receipt(stores=stores, order_id=order_id, at=AT)
    assert not confirm_receipt(stores=stores, order_id=order_id, at=AT)


def test_a_secret_can_be_read_after_its_money_moved_on():
    """Who confirms, or lets the protection time pass, before he looks still gets his secret."""
    stores = get_stores()
    shop = make_shop(stock=2)
    confirmed, waited = order(shop), order(shop, contact="second@example.com")
    for placed in (confirmed, waited):
        pay(placed)
    order_id = Order.objects.get(number=confirmed.number).id
    assert confirm_receipt(stores=stores, order_id=order_id, at=AT)
    late = AT + timedelta(hours=49)
    assert release_due(stores=stores, at=late) == 1
    for placed in (confirmed, waited):
        (secret,) = _reveal(placed, at=late)
        assert _reveal(placed, at=late) == [secret]


def test_the_number_alone_opens_nothing():
    """Unknown numbers and wrong codes are refused alike; after ten guesses even the right one."""
    placed = order(make_shop())
    stores = get_stores()
    for number, code in (("NOSUCHNUMBER", placed.code), (placed.number, "00000-00000")):
        with pytest.raises(OrderLocked):
            find_order(stores=stores, number=number, code=code, at=AT)
    typed = placed.code.lower().replace("-", " ")
    assert (
        find_order(stores=stores, number=placed.number.lower(), code=typed, at=AT).number
        == placed.number
    )
    for _ in range(9):
        with pytest.raises(OrderLocked):
            find_order(stores=stores, number=placed.number, code="00000-00000", at=AT)
    with pytest.raises(TooManyAttempts):
        find_order(stores=stores, number=placed.number, code=placed.code, at=AT)
    later = AT + timedelta(hours=2)
    assert find_order(stores=stores, number=placed.number, code=placed.code, at=later).number


def test_nothing_is_shown_before_the_money():
    """A placed order shows no secret, and records no look."""
    placed = order(make_shop())
    with pytest.raises(NotDelivered):
        _reveal(placed)


def test_late_money_is_honoured_or_goes_back():
    """After its reservation lapsed an order still gets goods, if there are any; else a refund."""
    shop = make_shop(stock=1)
    late = order(shop)
    assert expire_orders(stores=get_stores(), at=AT + timedelta(hours=1)) == 1
    other = order(shop, contact="other@example.invalid", at=AT + timedelta(hours=1))
    pay(late, after=timedelta(hours=1, minutes=1))
    assert _state(late.number) == "refunding"
    pay(other, after=timedelta(hours=1, minutes=2))
    assert _state(other.number) == "delivered"


def test_repeated_and_second_payments():
    """The same callback again does nothing; another payment for the same order goes back."""
    placed = order(make_shop())
    assert pay(placed).deed is not None
    assert pay(placed).deed is None
    again = pay(placed, trade_no="T-other")
    assert again.credited.judged.verdict == "surplus"
    assert _state(placed.number) == "delivered"


def test_what_is_not_there_cannot_be_ordered():
    """Two of one: refused, and the one stays on the shelf."""
    shop = make_shop(stock=1)
    with pytest.raises(StockShort):
        order(shop, quantity=2)
    assert not Order.objects.exists()
    order(shop)
