"""The jobs around money, on a market order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.market.market_kit import make_shop, order

from gongdao.front.clock import now
from gongdao.front.gateways import ask_now, get_gateways, make_sandbox
from gongdao.front.stores import get_stores
from gongdao.front.worker import money_tasks
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.models import LedgerRollup
from gongdao.market.give_back import give_back
from gongdao.market.models import Order
from gongdao.payments import forget_refused as forgetting
from gongdao.payments.credit_report import note_refused
from gongdao.payments.models import CallbackSeen, Refund
from gongdao.payments.port import Report, Told
from gongdao.payments.sandbox_book import keep_payment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def placed():
    """An order that was paid in the sandbox two minutes ago, and nobody told."""
    get_gateways.cache_clear()
    at = now() - timedelta(minutes=2)
    placed = order(make_shop(stock=2), at=at)
    report = Report(placed.number, "S1", Told.PAID, placed.total, make_sandbox().account)
    keep_payment(report, at)
    return placed


def _state(placed):
    return Order.objects.values_list("state", flat=True).get(number=placed.number)


def test_a_lost_callback_delivers_all_the_same(placed):
    """The round that asks finds the payment, and the order gets its secret."""
    money_tasks.ask_gateways.func(0)
    assert _state(placed) == "delivered"


def test_a_buyer_who_comes_back_need_not_wait(placed):
    """Asked at once when the buyer returns, and only the first time it is news."""
    assert ask_now("sandbox", placed.number)
    assert not ask_now("sandbox", placed.number)
    assert _state(placed) == "delivered"


def test_a_refund_goes_out_and_ends_the_order(placed):
    """Requested by the market, carried out by the job, booked and ended in its transaction."""
    money_tasks.ask_gateways.func(0)
    order_id = Order.objects.values_list("id", flat=True).get(number=placed.number)
    assert give_back(stores=get_stores(), order_id=order_id, why="test", at=now())
    money_tasks.refund_money.func(0)
    assert _state(placed) == "refunded"
    assert Refund.objects.get().state == "confirmed"
    money_tasks.refund_money.func(0)
    assert Refund.objects.count() == 1


def test_bills_are_read(placed, monkeypatch):
    """Yesterday's books tell of what nobody asked for any more."""
    day_after = now() + timedelta(days=1)
    monkeypatch.setattr(money_tasks, "now", lambda: day_after)
    money_tasks.read_unread_bills.func(0)
    assert _state(placed) == "delivered"


def test_sums_are_rolled_up(placed):
    """Every minute what is settled is added up; the check of the ledger agrees with it."""
    money_tasks.ask_gateways.func(0)
    assert not LedgerRollup.objects.exists()
    money_tasks.roll_up_ledger.func(0)
    assert LedgerRollup.objects.exists()
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_refused_callbacks_are_forgotten_after_ninety_days(placed, monkeypatch):
    """What was refused goes after its time, in steps; what was believed stays for good."""
    monkeypatch.setattr(forgetting, "_STEP", 2)
    money_tasks.ask_gateways.func(0)
    at, digest = now(), b"d" * 32
    for days in (89, 91, 91, 91, 400):
        then = at - timedelta(days=days)
        note_refused(
            gateway="x", way="callback", reason="bad", out_trade_no="", digest=digest, at=then
        )
    CallbackSeen.objects.filter(verdict="credit").update(at=at - timedelta(days=400))
    money_tasks.forget_refused_callbacks.func(0)
    assert sorted(CallbackSeen.objects.values_list("verdict", flat=True)) == ["credit", "refused"]
