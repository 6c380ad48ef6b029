"""A service says later that a refund did not reach its buyer: a person looks, nothing is booked."""

from __future__ import annotations

import json

import pytest
from tests.payments.fake_server import AT
from tests.payments.fake_wechat import MCHID
from tests.payments.payments_kit import reasons
from tests.payments.test_notify import _placed, _send, shop

from gongdao.front.stores import get_stores
from gongdao.ledger.models import LedgerTransfer
from gongdao.market.give_back import give_back, refund_bounced, refund_confirmed
from gongdao.market.models import Finding, Order
from gongdao.market.watch_orders import watch_order
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.fail_refund import fail_refund
from gongdao.payments.models import Refund

__all__ = ["shop"]
pytestmark = pytest.mark.django_db(transaction=True)
both = pytest.mark.parametrize("fake", ["stripe", "wechat"], indirect=True)


def _refunded(fake, shop):
    """A refund of a whole order that the service has confirmed."""
    placed = _placed(shop, fake)
    paid = fake.pay(placed.number, placed.total.minor)
    assert _send(fake.callback(paid)).status_code == 200
    order = Order.objects.get(number=placed.number)
    give_back(stores=get_stores(), order_id=order.id, why="not_owed", at=AT)
    carry_out_refunds(
        gateways={fake.gateway.name: fake.gateway},
        confirmed=lambda one: refund_confirmed(stores=get_stores(), refund=one, at=AT),
        at=AT,
    )
    refund = Refund.objects.get()
    assert refund.state == "confirmed"
    return order, refund, paid.trade_no


def _failed(fake, trade_no, number, minor, kind=0):
    """The service's event of it, one of the two it may send."""
    if fake.name == "stripe":
        told = {
            "id": "re_1", "object": "refund", "amount": minor, "currency": "cny",
            "payment_intent": trade_no, "status": "failed", "metadata": {"refund_no": number},
        }  # fmt: skip
        named = ("refund.failed", "charge.refund.updated")[kind]
        data = {"object": "event", "type": named, "livemode": False, "data": {"object": told}}
        return fake.sign(data)
    plain = {
        "mchid": MCHID, "transaction_id": trade_no, "out_refund_no": number,
        "amount": {"total": minor, "refund": minor},
    }  # fmt: skip
    named = ("REFUND.ABNORMAL", "REFUND.CLOSED")[kind]
    return fake.seal(json.dumps(plain).encode(), event=named)


@both
def test_a_refund_that_failed_later_stands_on_the_desk(fake, shop):
    """Noted once with its number, whatever the watchdog judges; over when a person has noted that
    the money came back, and the order says so from then on."""
    order, refund, trade_no = _refunded(fake, shop)
    moved = LedgerTransfer.objects.count()
    for kind in (0, 1):
        answer = _send(_failed(fake, trade_no, refund.refund_no, refund.amount_minor, kind))
        assert (answer.status_code, answer.content) == (200, fake.gateway.accepted)
    assert reasons(order.number)[-1] == ("noted", f"refund_failed:{refund.refund_no}")
    watch_order(stores=get_stores(), order_id=order.id, at=AT)
    found = Finding.objects.get(code="came_back")
    assert (found.order_id, found.times, found.closed_at) == (order.id, 1, None)
    assert LedgerTransfer.objects.count() == moved
    assert fail_refund(
        refund_id=refund.id,
        asked_no=refund.asked_no,
        fate=RefundFate.FAILED,
        failed=lambda one: refund_bounced(stores=get_stores(), refund=one, at=AT),
        at=AT,
    )
    found.refresh_from_db()
    order.refresh_from_db()
    assert found.closed_at == AT and (order.state, order.why) == ("refunding", "refund_bounced")


@both
def test_a_refund_of_nothing_of_ours_is_kept_and_no_more(fake, shop):
    """Another number, or another payment: accepted, kept, and nobody is called."""
    _order, refund, trade_no = _refunded(fake, shop)
    for trade, number in ((trade_no, "R-none"), ("pi_unknown", refund.refund_no)):
        assert _send(_failed(fake, trade, number, refund.amount_minor)).status_code == 200
        assert reasons()[-1] == ("refused", "unknown_refund")
    forged = _failed(fake, trade_no, refund.refund_no, refund.amount_minor)
    forged.headers[f"{'stripe' if fake.name == 'stripe' else 'wechatpay'}-signature"] = "t=1,v1=00"
    assert _send(forged).status_code == 400
    assert not Finding.objects.exists()


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_a_refund_that_goes_well_is_no_news(fake, shop):
    """Stripe tells of every change of a refund: what did not fail is asked for by its number."""
    _order, refund, trade_no = _refunded(fake, shop)
    callback = _failed(fake, trade_no, refund.refund_no, refund.amount_minor, 1)
    well = json.loads(callback.body)
    well["data"]["object"]["status"] = "succeeded"
    assert _send(fake.sign(well)).status_code == 200
    assert reasons()[-1] == ("unused", "other_event:charge.refund.updated")
