"""Events that are the service's own word and of no use here: accepted and kept, never believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.payments.fake_server import AT
from tests.payments.fake_stripe import event
from tests.payments.payments_kit import reasons
from tests.payments.test_notify import _placed, _send, _state, shop

from gongdao.payments.forget_refused import forget_refused
from gongdao.payments.models import CallbackSeen

__all__ = ["shop"]
pytestmark = pytest.mark.django_db(transaction=True)
THIN = {"object": "v2.core.event", "type": "v1.billing.meter.no_meter_found", "livemode": False}


def _accepted(fake, callback, reason):
    answer = _send(callback)
    assert (answer.status_code, answer.content) == (200, fake.gateway.accepted)
    assert reasons()[-1] == ("unused", reason)


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_other_events_of_stripe_are_accepted_and_kept(fake, shop):
    """Another kind, one without an object, a checkout that was begun elsewhere: nothing moves."""
    placed = _placed(shop, fake)
    mine = event(fake.pay(placed.number, placed.total.minor))
    for kind in ("charge.refunded", "charge.dispute.closed", "payment_intent.succeeded"):
        _accepted(fake, fake.sign({**mine, "type": kind}), f"other_event:{kind}")
    _accepted(fake, fake.sign(THIN), f"other_event:{THIN['type']}")
    _accepted(fake, fake.sign({**THIN, "type": "x\0y"}), "other_event:odd_name")
    foreign = {**mine["data"]["object"], "metadata": {"shop": "another"}}
    _accepted(fake, fake.sign({**mine, "data": {"object": foreign}}), f"other_event:{mine['type']}")
    assert _state(placed) == "placed"
    assert _send(fake.sign(mine)).status_code == 200
    assert _state(placed) == "delivered"


@pytest.mark.parametrize("fake", ["wechat"], indirect=True)
def test_refunds_that_wechat_says_are_done_are_accepted_and_kept(fake, shop):
    """Signed by the platform: its word, and the refund is asked for by its number anyway."""
    _accepted(fake, fake.seal(b"{}", event="REFUND.SUCCESS"), "other_event:REFUND.SUCCESS")


@pytest.mark.parametrize("fake", ["stripe", "wechat"], indirect=True)
def test_forged_ones_are_refused(fake, shop):
    """The same events without the service's signature, or old: 400, kept as refused."""
    make = (lambda: fake.sign(THIN)) if fake.name == "stripe" else (lambda: fake.seal(b"{}", "X.Y"))
    forged = make()
    forged.headers[f"{'stripe' if fake.name == 'stripe' else 'wechatpay'}-signature"] = "t=1,v1=00"
    assert _send(forged).status_code == 400
    assert reasons()[-1] == ("refused", "bad_signature")


@pytest.mark.parametrize("fake", ["wechat"], indirect=True)
def test_unused_events_are_forgotten_with_the_refused(fake, shop):
    """Nobody needs them for long: they go after the same time, in the same steps."""
    _accepted(fake, fake.seal(b"{}", event="REFUND.SUCCESS"), "other_event:REFUND.SUCCESS")
    assert forget_refused(before=AT) == 0
    assert forget_refused(before=AT + timedelta(seconds=1)) == 1
    assert not CallbackSeen.objects.exists()
