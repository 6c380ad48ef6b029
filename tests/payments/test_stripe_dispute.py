"""A buyer's bank takes a payment back from Stripe: an event that a person reads and books."""

from __future__ import annotations

import pytest
from tests.payments.fake_stripe import event
from tests.payments.payments_kit import reasons
from tests.payments.test_notify import _placed, _send, shop

from gongdao.market.charge_back_notice import CHARGED_BACK, RETURNED, is_in_doubt
from gongdao.market.models import Finding
from gongdao.payments.models import Credit

__all__ = ["shop"]
pytestmark = pytest.mark.django_db(transaction=True)


def dispute(
    trade_no, minor=9800, number="dp_1", kind="charge.dispute.created", status="needs_response"
):
    """The event of a dispute, as the service's documents show it."""
    told = {
        "id": number, "object": "dispute", "amount": minor, "currency": "cny",
        "payment_intent": trade_no, "status": status, "metadata": {},
    }  # fmt: skip
    return {"object": "event", "type": kind, "livemode": False, "data": {"object": told}}


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_a_dispute_stands_on_the_desk_once(fake, shop):
    """Accepted, kept with its number and noted for a person once per dispute; nothing is booked."""
    placed = _placed(shop, fake)
    paid = fake.pay(placed.number, placed.total.minor)
    assert _send(fake.sign(event(paid))).status_code == 200
    for kind in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        answer = _send(fake.sign(dispute(paid.trade_no, kind=kind)))
        assert answer.status_code == 200
    found = Finding.objects.get(code=CHARGED_BACK)
    assert found.order.number == placed.number and found.times == 1 and found.deed == "person"
    assert reasons(placed.number)[-1] == ("noted", "charged_back:dp_1")
    assert Credit.objects.count() == 1
    _send(fake.sign(dispute(paid.trade_no, number="dp_2")))
    found.refresh_from_db()
    assert found.times == 2


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_an_inquiry_that_becomes_a_chargeback_is_a_new_word(fake, shop):
    """The service keeps the number: the inquiry was settled by a person, and the money that goes
    after all puts the order on the desk again; an inquiry that is closed says nothing came back."""
    placed = _placed(shop, fake)
    paid = fake.pay(placed.number, placed.total.minor)
    assert _send(fake.sign(event(paid))).status_code == 200
    asked = dispute(paid.trade_no, status="warning_needs_response")
    assert _send(fake.sign(asked)).status_code == 200
    found = Finding.objects.get(code=CHARGED_BACK)
    assert is_in_doubt(found.order_id)
    assert reasons(placed.number)[-1] == ("noted", "charged_back:dp_1?")
    Finding.objects.update(closed_at=found.found_at)
    _send(fake.sign(dispute(paid.trade_no, kind="charge.dispute.closed", status="warning_closed")))
    assert not is_in_doubt(found.order_id) and Finding.objects.count() == 1
    _send(fake.sign(dispute(paid.trade_no, kind="charge.dispute.funds_withdrawn")))
    assert is_in_doubt(found.order_id)
    assert reasons(placed.number)[-1] == ("noted", "charged_back:dp_1")


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_a_dispute_of_nothing_of_ours_is_kept_and_no_more(fake, shop):
    """A payment that nobody here knows, and an event without numbers, note nothing."""
    assert _send(fake.sign(dispute("pi_unknown"))).status_code == 200
    assert reasons()[-1] == ("refused", "unknown_payment")
    assert _send(fake.sign(dispute("", number=""))).status_code == 400
    forged = fake.sign(dispute("pi_unknown"))
    forged.headers["stripe-signature"] = "t=1,v1=00"
    assert _send(forged).status_code == 400
    assert not Finding.objects.exists()


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_a_won_dispute_stands_on_the_desk_once(fake, shop):
    """The money is back, and the dispute is closed for us: one word, for a person, that keeps
    nothing waiting; one that was lost is accepted and kept, and says nothing new."""
    placed = _placed(shop, fake)
    paid = fake.pay(placed.number, placed.total.minor)
    assert _send(fake.sign(event(paid))).status_code == 200
    lost = dispute(paid.trade_no, kind="charge.dispute.closed", status="lost")
    assert _send(fake.sign(lost)).status_code == 200
    assert reasons()[-1] == ("unused", "other_event:charge.dispute.closed")
    assert not Finding.objects.exists()
    for kind in ("charge.dispute.funds_reinstated", "charge.dispute.closed"):
        answer = _send(fake.sign(dispute(paid.trade_no, kind=kind, status="won")))
        assert answer.status_code == 200
    found = Finding.objects.get()
    assert (found.code, found.deed, found.times) == (RETURNED, "person", 1)
    assert reasons(placed.number)[-1] == ("noted", "charge_back_returned:dp_1")
    assert not is_in_doubt(found.order_id)
