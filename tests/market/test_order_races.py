"""Many buyers, many callbacks, at once: every paid order has its own secret, and only one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from tests.market.market_kit import AT, make_shop, order, pay
from tests.side_by_side import at_once

from gongdao.core.errors import StockShort
from gongdao.front.stores import get_stores
from gongdao.market import confirm_payment as confirming
from gongdao.market.expire_orders import expire_orders
from gongdao.market.find_order import find_order
from gongdao.market.models import Order
from gongdao.market.reveal_order import reveal_order
from gongdao.payments.models import Credit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def _secrets(placed) -> list[str]:
    stores = get_stores()
    found = find_order(stores=stores, number=placed.number, code=placed.code, at=AT)
    shown = reveal_order(stores=stores, order=found, who="buyer", at=AT)
    return [one.fields["secret"] for one in shown]


def test_thirty_two_buyers_and_ten_secrets():
    """Ten get one each, the others are told that there are none, and nothing is sold twice."""
    shop = make_shop(stock=10)
    placed = at_once([partial(order, shop, contact=f"b{n}@example.invalid") for n in range(32)])
    got = [one for one in placed if not isinstance(one, Exception)]
    assert {type(one) for one in placed if isinstance(one, Exception)} == {StockShort}
    assert len(got) == 10
    for one in got:
        pay(one)
    secrets = [secret for one in got for secret in _secrets(one)]
    assert len(secrets) == len(set(secrets)) == 10


@pytest.mark.parametrize("late", [False, True])
def test_each_callback_five_times_at_once(late):
    """One credit, one secret, whether the reservation still stood or had lapsed."""
    shop = make_shop(stock=8)
    orders = [order(shop, contact=f"b{n}@example.invalid") for n in range(4)]
    if late:
        assert expire_orders(stores=get_stores(), at=AT + timedelta(hours=1)) == 4
    told = at_once([partial(pay, one) for one in orders for _ in range(5)])
    assert not [one for one in told if isinstance(one, Exception)]
    assert sum(one.deed is not None for one in told) == 4
    assert Credit.objects.count() == 4
    secrets = [secret for one in orders for secret in _secrets(one)]
    assert len(secrets) == len(set(secrets)) == 4


def test_without_the_lock_callbacks_meet(monkeypatch):
    """The control: two callbacks that both read the intent without its lock collide."""
    text = confirming._lock_statement().replace("FOR UPDATE OF i, o, log_at", "")
    monkeypatch.setattr(confirming, "_lock_statement", lambda: text)
    monkeypatch.setattr(confirming, "_confirm_at_once", lambda *given: None)
    lock, both, calls = confirming._lock, threading.Barrier(2), count()

    def read_together(number: str):
        row = lock(number)
        if next(calls) < both.parties:
            both.wait(20)
        return row

    monkeypatch.setattr(confirming, "_lock", read_together)
    placed = order(make_shop(stock=8))
    told = at_once([partial(pay, placed)] * both.parties)
    assert not both.broken and [one for one in told if isinstance(one, Exception)], told
    assert Credit.objects.count() == 1


def test_payment_against_expiry():
    """Money and expiry at the same moment: whoever is first, the buyer has his secret."""
    shop = make_shop(stock=6)
    orders = [order(shop, contact=f"b{n}@example.invalid") for n in range(6)]
    later = timedelta(minutes=20)
    deeds: list[Callable[[], Any]] = [partial(pay, one, after=later) for one in orders]
    deeds += [lambda: expire_orders(stores=get_stores(), at=AT + later)] * 3
    told = at_once(deeds)
    assert not [one for one in told if isinstance(one, Exception)], told
    assert set(Order.objects.values_list("state", flat=True)) == {"delivered"}
    secrets = [secret for one in orders for secret in _secrets(one)]
    assert len(secrets) == len(set(secrets)) == 6
