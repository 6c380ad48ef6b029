"""What records say of a struck-through price: deals bear it, or a person judges."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    LATE,
    complain,
    delivered,
    make_shop,
    offer_with,
    paid_order,
)
from tests.market.market_kit import order, pay, publish

from gongdao.core.money import Money
from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.facts import FactName
from gongdao.disputes.models import Verdict
from gongdao.disputes.states import ReasonCode
from gongdao.front.stores import get_stores
from gongdao.market.compared import Compared, ComparedKind
from gongdao.market.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
OFFICIAL = Compared(ComparedKind.OFFICIAL, link="https://cards.example.com/100")


def supported(order):
    """Whether records support the price that ``order`` was shown; None where they do not say."""
    asked = Asked(ReasonCode.PRICE_NOT_SUPPORTED)
    found = collect_facts(stores=get_stores(), order=order, asked=asked, case_id=None, at=LATE)
    return found.get(FactName.PRICE_SUPPORTED)


def test_deals_on_record_bear_a_price():
    """The lowest deal of the week before the order bears it; its own deal and later ones of the
    same day, which are lower, say nothing."""
    shop = make_shop(offer=offer_with(price=Money(9900)))
    paid_order(shop)
    cheaper = offer_with(price=Money(9800), compared_price=Money(9900))
    publish(shop.listing, cheaper, at=AT + timedelta(minutes=2))
    later = timedelta(minutes=5)
    placed = order(shop, contact="second@example.invalid", at=AT + later)
    pay(placed, after=later + timedelta(minutes=1))
    third = order(shop, contact="third@example.invalid", at=AT + 2 * later)
    pay(third, after=2 * later + timedelta(minutes=1))
    found = {one.number: supported(one) for one in Order.objects.all()}
    assert (found[placed.number], found[third.number]) == (True, False)


def test_what_a_merchant_compares_with_is_for_a_person():
    """An official price at an address: the records say nothing of it, and nothing is decided by
    itself, whether or not there are deals."""
    shop = make_shop(offer=offer_with(compared_price=Money(12000), compared_with=OFFICIAL))
    first = delivered(shop)
    second = delivered(shop, contact="second@example.invalid", at=AT + timedelta(minutes=3))
    assert (supported(first), supported(second)) == (None, None)
    complain(second, ReasonCode.PRICE_NOT_SUPPORTED)
    assert not Verdict.objects.exists()
