"""A merchant cancels what he cannot fulfil: the money goes back once, never after delivery."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.utils import DatabaseError
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND

from gongdao.core.errors import InputError
from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.log.life_cycles import IllegalStep, check_step
from gongdao.market import cancel_order as cancelling
from gongdao.market.cancel_order import can_cancel, cancel_order, find_cancel
from gongdao.market.decide_top_up import TopUpState
from gongdao.market.deliver_by_hand import deliver_by_hand
from gongdao.market.merchant_facts import get_merchant_facts
from gongdao.market.models import Merchant, Order, OrderCancel, TopUp
from gongdao.market.states import CancelReason
from gongdao.market.thread import find_thread_of_order, read_thread
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "上家断供了，对不起，钱退给您。"


@pytest.fixture
def paid(db):
    """A paid order that a person delivers."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    pay(placed)
    return Order.objects.get(number=placed.number)


def _cancel(paid, **more):
    given = {"order_id": paid.id, "merchant_id": paid.merchant_id, "words": WORDS, "by": uuid4()}
    given |= {"reason": CancelReason.SUPPLIER, "at": AT, **more}
    return cancel_order(stores=get_stores(), **given)


def _deliver(paid):
    return deliver_by_hand(
        stores=get_stores(),
        order_id=paid.id,
        merchant_id=paid.merchant_id,
        texts=["充好了"],
        by=uuid4(),
        at=AT,
    )


def _balanced():
    """Whether the books agree; that a test's database lays its guards aside is no difference."""
    return not [one for one in check_ledger().differences if one.code != "guard"]


def _leaves(subject):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT convert_from(entry, 'UTF8')::jsonb FROM log_pending WHERE subject = %s"
            " ORDER BY seq",
            [subject],
        )
        found = [row[0] for row in cursor.fetchall()]
    return [json.loads(one) if isinstance(one, str) else one for one in found]


def test_a_cancelled_order_goes_back_whole_and_is_on_record(paid):
    """Refund asked for all of it, words in the thread, a leaf that names the merchant, counted."""
    assert can_cancel(paid) and _cancel(paid)
    paid.refresh_from_db()
    assert (paid.state, paid.why) == ("refunding", "cancelled_by_merchant")
    assert Refund.objects.get().amount_minor == paid.total_minor
    (post,) = read_thread(stores=get_stores(), thread=find_thread_of_order(paid.id), at=AT)
    assert (post.side, post.text) == ("merchant", WORDS)
    leaves = _leaves(paid.log_subject)
    said = {one["t"]: one["d"] for one in leaves}
    assert said["order.cancelled"] == {"by": "merchant", "reason": "supplier"}
    assert list(said)[-2:] == ["order.cancelled", "order.refund_requested"]
    assert find_cancel(paid.id).reason == "supplier"
    facts = get_merchant_facts(merchant_id=paid.merchant_id, at=AT)
    assert (facts.cancelled, facts.due, facts.in_time) == (1, 1, 0)
    assert _balanced()


def test_the_same_again_changes_nothing(paid):
    """A second time is true, with one refund, one record and one post."""
    assert _cancel(paid) and _cancel(paid, reason=CancelReason.OTHER, words="别的")
    assert Refund.objects.count() == OrderCancel.objects.count() == 1
    assert find_cancel(paid.id).reason == "supplier"
    assert find_thread_of_order(paid.id).posts == 1


def test_after_delivery_it_is_refused(paid):
    """What was delivered, what nobody paid for, and another's order stay as they are."""
    assert not _cancel(paid, merchant_id=uuid4())
    assert _deliver(paid)
    assert not _cancel(paid)
    paid.refresh_from_db()
    assert paid.state == "delivered"
    assert not Refund.objects.exists() and not OrderCancel.objects.exists()
    waiting = order(_another_shop(paid), contact="second@example.invalid")
    assert not _cancel(Order.objects.get(number=waiting.number))


def _another_shop(paid):
    """Another listing of the same merchant."""
    merchant = Merchant.objects.get(id=paid.merchant_id)
    return make_shop(stock=0, offer=replace(BY_HAND, title="另一个"), merchant=merchant)


def test_without_words_nothing_happens(paid):
    """Empty words are an error at their field, and the order still waits."""
    with pytest.raises(InputError):
        _cancel(paid, words="  ")
    paid.refresh_from_db()
    assert paid.state == "paid" and not OrderCancel.objects.exists()


def test_a_top_up_that_may_have_arrived_is_not_cancelled(paid, monkeypatch):
    """While a supplier may still deliver it is refused; where he surely did not it goes back."""
    monkeypatch.setattr(cancelling, "has_top_up", lambda order: True)
    with pytest.raises(InputError):
        _cancel(paid)
    monkeypatch.undo()
    nothing = set(cancelling._NOTHING_CAME)
    assert nothing == {TopUpState.REJECTED, TopUpState.FAILED}
    assert not TopUp.objects.exists() and _cancel(paid)


@pytest.mark.parametrize("guarded", [True, False])
def test_cancelling_against_delivery(paid, monkeypatch, guarded):
    """Both at the same moment: one of them; without the lock, the control, both go through."""
    done = threading.Event()
    results = {}

    def deliver():
        results["delivered"] = _deliver(paid)
        connection.close()
        done.set()

    thread = threading.Thread(target=deliver)

    def meanwhile(order):
        thread.start()
        done.wait(1.5)
        return False

    monkeypatch.setattr(cancelling, "has_top_up", meanwhile)
    if not guarded:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_more: self)
        monkeypatch.setattr(cancelling, "append_leaves", lambda **_more: None)
    results["cancelled"] = _cancel(paid)
    thread.join()
    assert results["cancelled"] and results["delivered"] is not guarded
    paid.refresh_from_db()
    assert (paid.state == "refunding" and paid.delivered_at is None) is guarded


def test_thirty_two_at_once(paid):
    """Sixteen cancel and sixteen deliver: one end, one refund or one delivery, books balanced."""
    start, ends = threading.Barrier(32), []

    def run(deed):
        start.wait()
        ends.append((deed.__name__, deed(paid)))
        connection.close()

    threads = [
        threading.Thread(target=run, args=(_cancel if n % 2 else _deliver,)) for n in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 32
    paid.refresh_from_db()
    delivered = ends.count(("_deliver", True))
    assert delivered == (paid.state == "delivered")
    assert ends.count(("_cancel", True)) == (0 if delivered else 16)
    assert Refund.objects.count() == OrderCancel.objects.count() == 1 - delivered
    assert _balanced()


def test_a_cancelling_is_never_forgotten(paid):
    """The database refuses to change the record or to take it away."""
    _cancel(paid)
    for deed in (lambda rows: rows.update(reason="other"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="never changed"):
            deed(OrderCancel.objects.filter(order_id=paid.id))


def test_the_log_lets_nobody_cancel_after_delivery():
    """The auditor's table: cancelled after paid alone, and only a refund after it."""
    check_step(LIFE_CYCLES, "order.cancelled", "order.paid")
    check_step(LIFE_CYCLES, "order.refund_requested", "order.cancelled")
    for before in ("order.placed", "order.delivered", "order.revealed", "order.refunded"):
        with pytest.raises(IllegalStep):
            check_step(LIFE_CYCLES, "order.cancelled", before)
    with pytest.raises(IllegalStep):
        check_step(LIFE_CYCLES, "order.delivered", "order.cancelled")
