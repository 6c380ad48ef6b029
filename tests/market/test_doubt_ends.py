"""A doubt about a payment ends when all is booked that the service told, and by nothing less."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.market.market_kit import AT
from tests.market.test_cancel_order import _balanced, _deliver
from tests.market.test_charge_back_returned import _back
from tests.market.test_charged_back import _charge, paid

from gongdao.core.errors import MoneyRefused
from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.market.charge_back_notice import is_in_doubt, note_charge_back, refund_waits
from gongdao.market.give_back import give_back
from gongdao.market.models import Finding, MoneyWord
from gongdao.market.note_bill import end_doubt
from gongdao.market.release_orders import release_due
from gongdao.market.staff import Actor
from gongdao.market.take_word import Taken, Word, take_word
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.models import Credit, Refund
from gongdao.payments.port import Report, Told

__all__ = ["paid"]
pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(days=30)


def _told(number, minor, at=AT, told=Told.CHARGED_BACK):
    trade_no = Credit.objects.get().trade_no
    report = Report("", trade_no, told, Money(minor), "sandbox", event_no=number)
    assert note_charge_back(report=report, gateway="sandbox", digest=b"", at=at)


def test_another_dispute_that_is_booked_leaves_it(paid):
    """Two were told of and one is booked, however often: nothing is released before the other."""
    assert _deliver(paid)
    _told("dp_1", 30)
    _charge(paid, 30, "dp_1")
    assert not is_in_doubt(paid.id)
    _told("dp_2", paid.total_minor - 30, AT + timedelta(days=1))
    assert _charge(paid, 30, "dp_1").replayed
    assert is_in_doubt(paid.id) and release_due(stores=get_stores(), at=LATER) == 0
    _charge(paid, paid.total_minor - 30, "dp_2")
    assert not is_in_doubt(paid.id) and _balanced()


def test_less_than_was_told_leaves_it(paid):
    """A fen, or a slip of the pen: the rest is booked under the number with a hyphen behind it."""
    assert _deliver(paid)
    _told("dp_1", paid.total_minor)
    _charge(paid, 1, "dp_1")
    assert is_in_doubt(paid.id)
    _charge(paid, paid.total_minor - 1, "dp_1-2")
    assert not is_in_doubt(paid.id) and _balanced()


def test_an_order_ends_with_the_first_of_two(paid):
    """Not delivered: what the first left is asked back, and waits for the second, which settles
    it."""
    _told("dp_1", 100)
    _told("dp_2", paid.total_minor - 100)
    _charge(paid, 100, "dp_1")
    paid.refresh_from_db()
    assert paid.state == "refunding" and refund_waits(Refund.objects.get())
    _charge(paid, paid.total_minor - 100, "dp_2")
    paid.refresh_from_db()
    assert paid.state == "refunded" and not is_in_doubt(paid.id) and _balanced()


def test_what_is_booked_already_begins_no_doubt(paid):
    """The inquiry was booked as what it had become before the service said so."""
    assert _deliver(paid)
    _told("dp_1?", 100)
    _charge(paid, 100, "dp_1")
    assert not is_in_doubt(paid.id)
    _told("dp_1", 100, AT + timedelta(days=1))
    assert not is_in_doubt(paid.id)
    _told("dp_2?", 100, AT + timedelta(days=2))
    assert is_in_doubt(paid.id)


def test_money_that_is_taken_again_is_a_doubt_again(paid):
    """Won, and lost after all under the same number: it is booked under a number of its own."""
    assert _deliver(paid)
    whole = paid.total_minor
    _told("dp_1", whole)
    _charge(paid)
    for _ in range(2):
        _told("dp_1", whole, AT + timedelta(days=1), Told.CHARGE_BACK_RETURNED)
    assert Finding.objects.get(code="charge_back_returned").times == 1
    _back(paid, at=AT + timedelta(days=1))
    for _ in range(2):
        _told("dp_1", whole, AT + timedelta(days=2))
    assert is_in_doubt(paid.id) and Finding.objects.get(code="charged_back").times == 2
    with pytest.raises(MoneyRefused, match="~2"):
        _charge(paid)
    assert not _charge(paid, reference="dp_1~2", at=LATER).replayed
    assert not is_in_doubt(paid.id) and _balanced()


def test_a_worker_at_a_refund_is_not_waited_for(paid):
    """He has the refund locked, with its answer, and waits for the order: the booking, which has
    the order, is refused with words, where each waiting for the other would end one of them."""
    assert give_back(stores=get_stores(), order_id=paid.id, why="not_delivered", at=AT)
    Refund.objects.update(state="stuck", tries=3, problem="outcome_unknown", next_try_at=None)
    locked, done = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            Refund.objects.select_for_update().get()
            locked.set()
            done.wait(60)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert locked.wait(60)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")  # whoever waits after all
        with pytest.raises(MoneyRefused, match="几分钟后"):
            _charge(paid, said=RefundFate.ABSENT)
    finally:
        done.set()
        worker.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    _charge(paid, said=RefundFate.ABSENT)
    assert Refund.objects.get().paid_elsewhere and _balanced()


def test_who_saw_less_than_was_said_ends_nothing(paid):
    """The service spoke again since: his word is refused; it counts for what he saw, once."""
    _told("dp_1?", 100)
    _told("dp_2", 100)
    with pytest.raises(MoneyRefused, match="又说了新的"):
        end_doubt(order_id=paid.id, times=1, at=AT)
    assert is_in_doubt(paid.id)
    assert end_doubt(order_id=paid.id, times=2, at=AT)
    assert not end_doubt(order_id=paid.id, times=2, at=AT) and not is_in_doubt(paid.id)


def test_what_was_done_before_leaves_nothing_behind(paid):
    """A deed that says so may have written: that is taken back, and nobody's word is kept."""
    _told("dp_1", 100)

    def do():
        Finding.objects.update(closed_at=AT)
        return False

    word = Word("charge_back.book", ("order", str(paid.id)), Money(100), "dp_1", "x")
    given = {"by": Actor(None, "t"), "limit": Money(1_000), "at": AT}
    assert take_word(word=word, do=do, **given) is Taken.AGAIN
    assert is_in_doubt(paid.id) and not MoneyWord.objects.exists()
