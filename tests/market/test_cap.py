"""What one buyer may have of a listing within its days, over all his orders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.offer_kit import OFFER

from gongdao.front.stores import get_stores
from gongdao.market import confirm_payment as confirming
from gongdao.market import place_order as placing
from gongdao.market.expire_orders import expire_orders
from gongdao.market.give_back import give_back
from gongdao.market.models import Order
from gongdao.market.refusals import TooManyPieces

pytestmark = pytest.mark.django_db(transaction=True)
CAPPED = replace(OFFER, most_per_buyer=2, cap_days=30)
DAY = timedelta(days=1)


def _pay(placed, at=AT):
    pay(placed, after=at - AT + timedelta(minutes=1))


def test_paid_orders_count_within_the_days():
    """Two pieces in two paid orders are all; the third is refused and nothing is set aside, another
    buyer has his own, and when the days are over there are two again."""
    shop = make_shop(offer=CAPPED)
    for _n in range(2):
        _pay(order(shop))
    with pytest.raises(TooManyPieces, match="30"):
        order(shop, at=AT + 29 * DAY)
    assert Order.objects.count() == 2
    _pay(order(shop, contact="other@example.invalid"))
    _pay(order(shop, quantity=2, at=AT + 31 * DAY), AT + 31 * DAY)
    with pytest.raises(TooManyPieces):
        order(shop, at=AT + 32 * DAY)


def test_what_waits_counts_and_what_went_back_does_not():
    """An order that waits for money is counted until it lapses; one that was given back no more."""
    shop = make_shop(offer=CAPPED)
    order(shop, quantity=2)
    with pytest.raises(TooManyPieces):
        order(shop)
    later = AT + timedelta(hours=1)
    expire_orders(stores=get_stores(), at=later)
    placed = order(shop, quantity=2, at=later)
    _pay(placed, later)
    with pytest.raises(TooManyPieces):
        order(shop, at=later)
    row = Order.objects.get(number=placed.number)
    assert give_back(stores=get_stores(), order_id=row.id, why="not_owed", at=later)
    assert order(shop, quantity=2, at=later).number


def test_the_same_request_is_the_same_order():
    """Asked again, the order that fills the cap is no reason against itself."""
    shop = make_shop(offer=CAPPED)
    order(shop, quantity=2, request=b"one")
    with pytest.raises(IntegrityError):
        order(shop, quantity=2, request=b"one")
    with pytest.raises(TooManyPieces):
        order(shop, quantity=2, request=b"two")


def _state(placed):
    row = Order.objects.get(number=placed.number)
    return row.state, row.why


@pytest.mark.parametrize("swept", [True, False])
def test_paying_late_does_not_pass_the_cap(swept):
    """Five orders that lapsed one after the other are five open pay pages: of their money two
    pieces are honoured, whether the job ended the orders yet or not, and the rest goes back."""
    shop, hour = make_shop(offer=CAPPED), timedelta(hours=1)
    placed = []
    for n in range(5):
        placed.append(order(shop, at=AT + n * hour))
        if swept:
            expire_orders(stores=get_stores(), at=AT + (n + 1) * hour)
    for one in placed:
        _pay(one, AT + 5 * hour)
    delivered, back = ("delivered", "delivered"), ("refunding", "cap_reached")
    assert [_state(one) for one in placed] == [delivered] * 2 + [back] * 3
    other = order(shop, contact="other@example.invalid")
    _pay(other, AT + 5 * hour)
    assert _state(other) == delivered


def test_two_late_payments_at_once_wait_for_each_other():
    """While the first is not yet booked the second one waits, and goes back afterwards."""
    shop, hour = make_shop(offer=replace(CAPPED, most_per_buyer=1)), timedelta(hours=1)
    first, second = order(shop), order(shop, at=AT + hour)
    with transaction.atomic():
        _pay(first, AT + 2 * hour)
        with pytest.raises(OperationalError):
            _in_thread(lambda: _pay(second, AT + 2 * hour))
    _pay(second, AT + 2 * hour)
    assert (_state(first)[0], _state(second)[1]) == ("delivered", "cap_reached")


def test_money_in_time_asks_nothing(monkeypatch):
    """The common way to a capped order's goods has no look of its own."""
    monkeypatch.setattr(confirming, "fits_late", None)
    placed = order(make_shop(offer=CAPPED))
    _pay(placed)
    assert _state(placed)[0] == "delivered"


def _in_thread(deed):
    """What ``deed`` gives on a connection of its own that waits for no lock."""

    def run():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
            return deed()
        finally:
            with connection.cursor() as cursor:  # who gets it from the pool next waits as ever
                cursor.execute("RESET lock_timeout")
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_two_orders_at_once_wait_for_each_other():
    """While the first is not yet decided the second one waits, and is refused afterwards; another
    buyer does not wait."""
    shop = make_shop(offer=CAPPED)
    with transaction.atomic():
        order(shop, quantity=2)
        with pytest.raises(OperationalError):
            _in_thread(lambda: order(shop, quantity=2))
        assert _in_thread(lambda: order(shop, quantity=2, contact="other@example.invalid"))
    with pytest.raises(TooManyPieces):
        _in_thread(lambda: order(shop, quantity=2))
    assert Order.objects.count() == 2


def test_without_the_lock_both_are_placed(monkeypatch):
    """The control: neither sees the other, and the buyer has twice as much as he may."""
    monkeypatch.setattr(placing, "lock_buyer", lambda *given: None)
    shop = make_shop(offer=CAPPED)
    with transaction.atomic():
        order(shop, quantity=2)
        _in_thread(lambda: order(shop, quantity=2))
    assert Order.objects.count() == 2


def test_other_listings_pay_nothing_for_it():
    """Their statement has neither the look nor the lock, their orders are not in the index; that of
    a capped one finds the buyer's orders through it."""
    plain, capped = placing._statement(True, False), placing._statement(True, True)
    assert "had" not in plain and "capped AND" not in plain and capped.count("fits") > 2
    order(make_shop())
    row = Order.objects.get()
    assert not row.capped
    look = placing._CAP[placing._CAP.index("SELECT") : placing._CAP.rindex(")")]
    values = {
        "units": 1,
        "most_pieces": 2,
        "buyer_digest": b"x",
        "listing_id": row.listing_id,
        "cap_since": AT,
        "at": AT,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {look}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "market_order_capped" in plan
