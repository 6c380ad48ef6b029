"""What every payment service does alike, each against its fake on loopback."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.payments.conftest import EPAY_V1, FAKES, REMOTE
from tests.payments.fake_server import AT

from gongdao.core.money import Money
from gongdao.payments.port import (
    Asked,
    BadCallback,
    Callback,
    GatewayError,
    GatewayRefused,
    Report,
    Told,
)
from gongdao.payments.take_callback import take_callback

REPEATABLE = [name for name in FAKES if name not in EPAY_V1]
every = pytest.mark.parametrize("fake", FAKES, indirect=True)
remote = pytest.mark.parametrize("fake", REMOTE, indirect=True)
NUMBER, PRICE = "ABCDEFGH1234", Money(9900)
ASKED = Asked(NUMBER, PRICE, "点卡 100 元", "https://s.test/n", "https://s.test/r", "203.0.113.9")


@every
def test_a_buyer_is_sent_somewhere(fake):
    """Starting gives an address or a code to scan, and nothing of a key."""
    step = fake.gateway.start(ASKED, AT)
    assert step.url or step.qr
    shown = f"{step} {fake.gateway!r}"
    for secret in ("89unJUB8HZ54", "sk_test_1", "whsec_1", "k" * 32, "PRIVATE"):
        assert secret not in shown


@every
def test_a_signed_callback_is_read(fake):
    """Order, number, amount, account and state come out as they went in."""
    fake.pay(NUMBER)
    report = fake.gateway.read_callback(fake.callback(fake.paid[NUMBER]), AT)
    said = replace(report, paid_at=None)
    assert said == Report(NUMBER, f"pi_{NUMBER}", Told.PAID, PRICE, fake.gateway.account)


@every
def test_no_field_of_a_callback_can_be_changed(fake):
    """Each signed field, altered by one sign, breaks the signature."""
    genuine = fake.callback(fake.pay(NUMBER))
    tried = 0
    for part in ("query", "form"):
        fields = getattr(genuine, part)
        for name, value in fields.items():
            if not value or name == "sign_type":
                continue
            other = {**fields, name: value[:-1] + ("1" if value[-1] != "1" else "2")}
            if name == "sign":
                other = {**fields, name: "A" + value[1:] if value[0] != "A" else "B" + value[1:]}
            with pytest.raises(BadCallback):
                fake.gateway.read_callback(replace(genuine, **{part: other}), AT)
            tried += 1
    if genuine.body:
        for at in range(0, len(genuine.body), 7):
            body = genuine.body[:at] + b"~" + genuine.body[at + 1 :]
            if body == genuine.body:
                continue
            with pytest.raises(BadCallback):
                fake.gateway.read_callback(replace(genuine, body=body), AT)
            tried += 1
    assert tried > 5


@every
def test_what_is_no_callback_is_refused(fake):
    """Nothing, rubbish and a missing signature are refused as such, never an error of ours."""
    fields = {"out_trade_no": NUMBER, "money": "99.00", "trade_status": "TRADE_SUCCESS"}
    empty_sign = {**fields, "sign": "", "sign_type": "RSA2"}
    for callback in (
        Callback({}, {}),
        Callback(fields, {}),
        Callback({}, empty_sign),
        Callback({}, {**fields, "sign": "é\ud800", "sign_type": "RSA2"}),
        Callback({}, {}, {"stripe-signature": "t=,v1=,,v1"}, b"\xff"),
        Callback({}, {}, {"wechatpay-serial": "x", "wechatpay-timestamp": "9" * 40}, b"{}"),
    ):
        with pytest.raises(BadCallback):
            fake.gateway.read_callback(callback, AT)


@every
def test_the_service_tells_what_it_knows(fake):
    """Paid, unpaid and given back are told apart; an unknown number is None."""
    fake.pay(NUMBER)
    report = fake.gateway.query(NUMBER, AT)
    assert (report.told, report.amount, report.trade_no) == (Told.PAID, PRICE, f"pi_{NUMBER}")
    assert fake.gateway.query(NUMBER, AT, trade_no=report.trade_no).told is Told.PAID
    assert fake.gateway.query("NOSUCHNUMBER", AT) is None
    for state in ("unpaid", "refunded"):
        fake.paid[NUMBER].state = state
        assert fake.gateway.query(NUMBER, AT).told is not Told.PAID


@every
def test_a_refund_is_made_and_told(fake):
    """Part of the money goes back, and where the service can be asked it says so."""
    fake.pay(NUMBER)
    report = fake.gateway.query(NUMBER, AT)
    done = fake.gateway.refund(report, "R1", Money(1234), AT)
    assert (done.done, done.amount, done.refund_no) == (True, Money(1234), "R1")
    assert fake.moved_minor == 1234
    if fake.gateway.repeatable_refunds:
        assert fake.gateway.query_refund("R1", report, AT) == done
        assert fake.gateway.query_refund("R2", report, AT) is None


@pytest.mark.parametrize("fake", REPEATABLE, indirect=True)
def test_the_same_refund_number_moves_no_more(fake):
    """Asked for again, a repeatable refund answers or refuses, and the money moved once."""
    assert fake.gateway.repeatable_refunds
    fake.pay(NUMBER)
    report = fake.gateway.query(NUMBER, AT)
    fake.gateway.refund(report, "R1", PRICE, AT)
    try:
        again = fake.gateway.refund(report, "R1", PRICE, AT)
        assert again.amount == PRICE
    except GatewayRefused:
        pass
    assert fake.moved_minor == PRICE.minor


@remote
def test_a_refund_of_nothing_is_refused(fake):
    """A payment that the service does not know gives a no, which is not silence."""
    stranger = Report("X1", "pi_X1", Told.PAID, PRICE, fake.gateway.account)
    with pytest.raises(GatewayRefused):
        fake.gateway.refund(stranger, "R1", PRICE, AT)


@remote
@pytest.mark.parametrize("mood", ["slow", "rubbish", "error", "mute"])
def test_silence_and_rubbish_say_nothing(fake, mood):
    """A service that is slow, broken or mute is an error within its patience, never a no."""
    fake.pay(NUMBER)
    report = fake.gateway.query(NUMBER, AT)
    fake.mood = mood
    for ask in (
        lambda: fake.gateway.query(NUMBER, AT),
        lambda: fake.gateway.refund(report, "R1", PRICE, AT),
    ):
        with pytest.raises(GatewayError) as caught:
            ask()
        assert not isinstance(caught.value, GatewayRefused)
        assert "127.0.0.1" not in str(caught.value)
        assert mood != "slow" or caught.value.problem == "slow"


@remote
def test_a_leaked_key_mints_no_money(fake):
    """A callback signed with the right key is not believed where the service says otherwise."""
    forged = fake.callback(fake.pay(NUMBER))
    for change, reason in (
        ({}, ""),
        ({"state": "unpaid"}, "not_confirmed"),
        ({"state": "refunded"}, "not_confirmed"),
        ({"minor": 1}, "contradicted"),
        ({"trade_no": "pi_other"}, "contradicted"),
        (None, "unknown_to_gateway"),
    ):
        fake.paid.clear()
        if change is not None:
            fake.paid[NUMBER] = replace(fake.pay(NUMBER), **change)
        if not reason:
            assert take_callback(gateway=fake.gateway, callback=forged, at=AT).told is Told.PAID
            continue
        with pytest.raises(BadCallback) as caught:
            take_callback(gateway=fake.gateway, callback=forged, at=AT)
        known_by_number = caught.value.reason == "unknown_to_gateway" and fake.name == "stripe"
        assert caught.value.reason == reason or known_by_number
        assert caught.value.out_trade_no == NUMBER


@remote
def test_a_silent_service_is_asked_again_later(fake):
    """Where asking back fails, nothing is believed and nothing is refused."""
    callback = fake.callback(fake.pay(NUMBER))
    fake.mood = "slow"
    with pytest.raises(GatewayError):
        take_callback(gateway=fake.gateway, callback=callback, at=AT)


@every
def test_books_are_read_where_there_are_any(fake):
    """A day's payments come with order, number and amount."""
    fake.pay(NUMBER)
    fake.pay("SECOND123456", minor=1)
    listed = fake.gateway.list_paid(date(2026, 11, 23), AT)
    assert (listed is None) == (fake.name == "epay2")
    if listed is not None:
        found = {(one.out_trade_no, one.trade_no, one.amount.minor) for one in listed}
        assert found == {(NUMBER, f"pi_{NUMBER}", 9900), ("SECOND123456", "pi_SECOND123456", 1)}
