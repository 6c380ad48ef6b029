"""The market of the demonstration: believable, balanced, and made once however often it is run."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from gongdao.core.models import User
from gongdao.disputes.models import Case
from gongdao.front.clock import now
from gongdao.front.demo.fill_disputes import fill_disputes
from gongdao.front.demo.fill_market import fill_market
from gongdao.front.demo.fill_orders import fill_orders
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.market.find_order import find_order
from gongdao.market.models import Listing, Merchant, Order, OrderTest
from gongdao.market.offer import GoodsKind
from gongdao.vault.models import Unit

pytestmark = pytest.mark.django_db(transaction=True)


def _fill(at):
    filled = fill_market(stores=get_stores(), at=at)
    return filled, fill_orders(stores=get_stores(), filled=filled, at=at)


def test_the_market_is_filled_once_and_every_account_and_order_opens():
    """A second run, two hours later, adds nothing; what is printed works."""
    at = now()
    filled, orders = _fill(at)
    tables = (User, Merchant, Listing, Unit, Order, OrderTest)
    before = [table.objects.count() for table in tables]
    states = Counter(Order.objects.values_list("state", flat=True))
    assert before[1] == 3 and before[2] == 12
    wanted = {"placed", "expired", "paid", "delivered", "completed", "refunding"}
    assert wanted <= set(states)
    again = _fill(at + timedelta(hours=2))
    assert again == (filled, orders)
    assert [table.objects.count() for table in tables] == before
    assert Counter(Order.objects.values_list("state", flat=True)) == states
    for one in orders:
        find_order(stores=get_stores(), number=one.number, code=one.code, at=at)
    request = RequestFactory().post("/")
    for mail in filled.mails.values():
        assert authenticate(request, email=mail, password=filled.password), mail


def test_every_desk_has_a_dispute_to_show():
    """One waits for its merchant, one was decided and refunded by the rules, one is under appeal
    with the platform; a second run adds none, and the money agrees."""
    at = now()
    filled, _orders = _fill(at)
    made = fill_disputes(stores=get_stores(), filled=filled, at=at)
    found = {(one.state, one.step, one.outcome) for one in made}
    assert found == {
        ("open", "merchant_answer", ""),
        ("closed", "closed", "upheld"),
        ("open", "appeal_arbiter", ""),
    }
    assert [one.pk for one in made] == [
        one.pk for one in fill_disputes(stores=get_stores(), filled=filled, at=at)
    ]
    assert Case.objects.count() == 3
    assert [x for x in check_ledger().differences if x.code != "guard"] == []


def test_the_accounts_balance_and_kinds_are_mixed():
    """Nothing in the ledger differs, and every kind of goods can be looked at."""
    filled, _orders = _fill(now())
    found = [one for one in check_ledger().differences if one.code != "guard"]
    assert found == [], "guards on TRUNCATE are off in the tests' own database"
    kinds = {
        GoodsKind(kind)
        for kind in Listing.objects.values_list("versions__content__kind", flat=True)
    }
    assert kinds == set(GoodsKind) and len(filled.listings) == 12
