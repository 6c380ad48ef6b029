"""Payments whose callback was lost are found by asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from tests.payments.conftest import FAKES
from tests.payments.fake_sandbox import FakeSandbox
from tests.payments.fake_server import AT
from tests.payments.payments_kit import ask_for, is_credited, reasons, take
from tests.vault.failing_writes import Cut, failing_at
from tests.vault.vault_kit import in_threads

from gongdao.payments.models import Credit, Intent
from gongdao.payments.reconcile import ask_about_unpaid

pytestmark = pytest.mark.django_db(transaction=True)
every = pytest.mark.parametrize("fake", FAKES, indirect=True)
LATER = AT + timedelta(minutes=2)


def _round(fake, at=LATER):
    return ask_about_unpaid(gateways={fake.gateway.name: fake.gateway}, take=take, at=at)


@every
def test_a_lost_callback_is_found_by_asking(fake):
    """A minute after it began an unpaid intent is asked for, and what was paid is credited once."""
    lost, unpaid = ask_for(fake.gateway), ask_for(fake.gateway)
    fake.pay(lost)
    assert _round(fake, AT + timedelta(seconds=50)).looked == 0
    done = _round(fake)
    assert (done.looked, done.found, done.problems) == (2, [lost], {})
    assert is_credited(lost) and not is_credited(unpaid)
    assert _round(fake, LATER + timedelta(minutes=2)).looked == 1
    assert reasons(lost) == [("credit", "paid")]


@pytest.fixture
def bank():
    """The sandbox with its book in memory."""
    fake = FakeSandbox()
    fake.connect()
    return fake


@pytest.mark.parametrize("fake", ["wechat"], indirect=True)
def test_a_silent_service_is_left_alone_and_holds_up_nobody(fake, bank):
    """After one silence it is asked no more in this round; the others are; later it is again."""
    mute = [ask_for(fake.gateway) for _ in range(3)]
    number = ask_for(bank.gateway)
    bank.pay(number)
    for one in mute:
        fake.pay(one)
    gateways = {"wechat": fake.gateway, "sandbox": bank.gateway}
    fake.mood = "slow"
    done = ask_about_unpaid(gateways=gateways, take=take, at=LATER)
    assert (done.found, done.problems) == ([number], {"wechat": "slow"})
    assert len(fake.asked) == 1
    fake.mood = ""
    done = ask_about_unpaid(gateways=gateways, take=take, at=LATER + timedelta(minutes=2))
    assert sorted(done.found) == sorted(mute)


def test_it_is_asked_ever_more_seldom_and_not_for_ever(bank):
    """Some twenty questions in a week for an order that nobody pays, then none."""
    ask_for(bank.gateway)
    asked = sum(
        _round(bank, AT + timedelta(minutes=minute)).looked for minute in range(0, 11 * 1440, 7)
    )
    assert 10 < asked < 30


def test_two_rounds_at_once_ask_once(bank):
    """Each intent is asked for by one of them."""
    for _ in range(20):
        ask_for(bank.gateway)
    done = in_threads([lambda: _round(bank)] * 4)
    assert sum(one.looked for one in done) == 20


@pytest.mark.parametrize("lost_after", [False, True])
def test_every_write_fails_and_the_next_round_finds_it(bank, lost_after):
    """Whatever fails in a round, a later one credits the payment, once."""
    for place in range(20):
        number = ask_for(bank.gateway)
        paid = bank.pay(number)
        with failing_at(place, done=lost_after) as calls:
            try:
                _round(bank)
            except Exception as error:
                assert isinstance(error.__cause__ or error, Cut) or "closed" in str(error)
        connection.close()
        _round(bank, LATER + timedelta(minutes=5))
        assert is_credited(number)
        assert Credit.objects.filter(trade_no=paid.trade_no).count() == 1
        if calls[0] <= place:
            return
        Intent.objects.filter(trade_no="").delete()
    raise AssertionError("never through")
