"""What a buyer tells of his test: kept once, sealed, in the public log, never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from tests.market.market_kit import AT, make_shop, order, pay

from gongdao.front.stores import get_stores
from gongdao.log.models import LogPending
from gongdao.market.models import Merchant, Order, OrderTest
from gongdao.market.own_orders import as_found
from gongdao.market.record_test import MOST_TESTS, ToldTest, read_tests, record_test
from gongdao.market.release_orders import confirm_receipt
from gongdao.market.reveal_order import reveal_order

pytestmark = pytest.mark.django_db(transaction=True)
WORKS = ToldTest(True, True, "余额 100 元")
FAILS = ToldTest(False, None, "提示已被使用")


def _tell(order_id, result, minutes=10):
    at = AT + timedelta(minutes=minutes)
    return record_test(stores=get_stores(), order_id=order_id, result=result, at=at)


@pytest.fixture
def revealed():
    """An order whose buyer has looked."""
    placed = order(make_shop())
    pay(placed)
    row = Order.objects.get(number=placed.number)
    reveal_order(stores=get_stores(), order=as_found(row), who="t", at=AT + timedelta(minutes=2))
    return row


def _leaves(row):
    return LogPending.objects.filter(subject=row.log_subject).count()


def test_what_was_told_reads_back_in_order(revealed):
    """Both results are there, the words as they were written."""
    assert _tell(revealed.id, FAILS) and _tell(revealed.id, WORKS, 20)
    told = read_tests(stores=get_stores(), order_id=revealed.id, at=AT)
    assert told == [FAILS, WORKS] and told[1].at == AT + timedelta(minutes=20)


def test_each_telling_is_one_leaf_and_the_same_again_none(revealed):
    """Idempotent for the newest; another word is another leaf."""
    before = _leaves(revealed)
    for _n in range(3):
        assert _tell(revealed.id, WORKS)
    assert _leaves(revealed) == before + 1
    assert _tell(revealed.id, FAILS)
    assert _leaves(revealed) == before + 2


def test_words_that_were_told_are_no_plain_text_anywhere(revealed):
    """Neither the row nor the leaf holds them; the row of one test does not open another's."""
    assert _tell(revealed.id, ToldTest(False, True, "CANARY-SECRET"))
    assert _tell(revealed.id, WORKS, 20)
    first, second = OrderTest.objects.order_by("at")
    assert b"CANARY" not in bytes(first.sealed)
    leaves = LogPending.objects.filter(subject=revealed.log_subject)
    assert all(b"CANARY" not in bytes(leaf.entry) for leaf in leaves)
    assert bytes(first.sealed) != bytes(second.sealed)


def test_nothing_is_told_before_the_look_or_after_the_end(revealed):
    """A refusal moves nothing."""
    placed = order(_other_shop(revealed))
    pay(placed, trade_no="other")
    unseen = Order.objects.get(number=placed.number)
    assert not _tell(unseen.id, WORKS)
    assert confirm_receipt(stores=get_stores(), order_id=revealed.id, at=AT + timedelta(hours=1))
    before = _leaves(revealed)
    assert not _tell(revealed.id, WORKS, 90)
    assert OrderTest.objects.count() == 0 and _leaves(revealed) == before


def _other_shop(revealed):
    return make_shop(merchant=Merchant.objects.get(id=revealed.merchant_id))


def test_five_tellings_are_enough(revealed):
    """The sixth is refused: a page cannot fill the public log."""
    for number in range(MOST_TESTS):
        assert _tell(revealed.id, ToldTest(False, None, str(number)), 10 + number)
    assert not _tell(revealed.id, WORKS, 60)
    assert OrderTest.objects.count() == MOST_TESTS


def test_the_database_refuses_to_change_what_was_told(revealed):
    """Neither an edit nor a deletion gets past the trigger."""
    assert _tell(revealed.id, FAILS)
    for change in (
        lambda: OrderTest.objects.update(works=True),
        lambda: OrderTest.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            change()
    assert not OrderTest.objects.get().works
