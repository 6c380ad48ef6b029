"""Refunds go out once, and are believed when the service says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from tests.payments.conftest import EPAY_V1, FAKES, REMOTE
from tests.payments.fake_sandbox import FakeSandbox
from tests.payments.fake_server import AT
from tests.payments.payments_kit import paid
from tests.vault.failing_writes import Cut, failing_at
from tests.vault.vault_kit import in_threads

from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.payments.carry_out_refunds import LEASE, MOST_TRIES, carry_out_refunds
from gongdao.payments.models import CallbackSeen, Refund
from gongdao.payments.port import RefundReport
from gongdao.payments.request_refund import request_refund

pytestmark = pytest.mark.django_db(transaction=True)
every = pytest.mark.parametrize("fake", FAKES, indirect=True)
CAN_BE_ASKED = [name for name in REMOTE if name not in EPAY_V1]


def _ask_for(credit, minor=None):
    from django.db import transaction

    amount = Money(minor) if minor else None
    with transaction.atomic():
        return request_refund(credit_id=credit.id, amount=amount, reason="test", at=AT)


def _confirmed(refund):
    """What the owner does in the same transaction: a row, to be counted."""
    CallbackSeen.objects.create(
        gateway="", way="owner", at=AT, verdict="", reason="", trade_no="",
        out_trade_no=refund.refund_no, digest=b"",
    )  # fmt: skip


def _effects(refund) -> int:
    return CallbackSeen.objects.filter(way="owner", out_trade_no=refund.refund_no).count()


def _run(fake, at=AT):
    return carry_out_refunds(
        gateways={fake.gateway.name: fake.gateway}, confirmed=_confirmed, at=at
    )


@every
def test_a_refund_is_carried_out_once(fake):
    """Requested, asked for, confirmed with its owner's deed; another round does nothing."""
    refund = _ask_for(paid(fake))
    assert _run(fake) == 1
    refund.refresh_from_db()
    assert (refund.state, refund.problem, refund.confirmed_at) == ("confirmed", "", AT)
    assert _run(fake, AT + timedelta(days=1)) == 0
    assert (fake.moved_minor, _effects(refund)) == (9900, 1)


@pytest.mark.parametrize("fake", CAN_BE_ASKED, indirect=True)
def test_silence_after_the_deed_does_not_refund_twice(fake):
    """The service refunds and says nothing: it is asked what happened, and the money moved once."""
    refund = _ask_for(paid(fake))
    fake.mood = "mute"
    assert _run(fake) == 0
    refund.refresh_from_db()
    assert (refund.state, fake.moved_minor) == ("requested", 9900)
    fake.mood = ""
    if hasattr(fake, "kept"):
        fake.kept.clear()  # the idempotency key was forgotten meanwhile
    assert _run(fake, AT + timedelta(hours=2)) == 1
    assert (fake.moved_minor, _effects(refund)) == (9900, 1)


@pytest.mark.parametrize("fake", EPAY_V1, indirect=True)
def test_where_nothing_can_be_asked_a_person_looks(fake):
    """A service without refund numbers is asked once; after silence nobody asks it again."""
    refund = _ask_for(paid(fake))
    fake.mood = "mute"
    _run(fake)
    fake.mood = ""
    assert _run(fake, AT + timedelta(days=1)) == 0
    refund.refresh_from_db()
    assert (refund.state, refund.problem) == ("stuck", "outcome_unknown")
    assert fake.moved_minor == 9900


@pytest.mark.parametrize("fake", ["epay"], indirect=True)
def test_a_no_may_be_asked_again(fake):
    """A refusal moved nothing, so that even such a service is asked again later."""
    credit = paid(fake)
    refund = _ask_for(credit)
    kept = fake.paid.pop(credit.intent.out_trade_no)
    assert _run(fake) == 0
    fake.paid[kept.number] = kept
    assert _run(fake, AT + timedelta(hours=1)) == 1
    assert (fake.moved_minor, _effects(refund)) == (9900, 1)


@pytest.mark.parametrize("fake", REMOTE, indirect=True)
def test_a_worker_that_died_while_asking(fake):
    """It asked and was gone before it wrote: after the lease the money has moved once, all told."""
    refund = _ask_for(paid(fake))
    real = fake.gateway.refund
    report = fake.gateway.query(refund.credit.intent.out_trade_no, AT)
    real(report, refund.refund_no, Money(9900), AT)
    Refund.objects.update(tries=1, problem="asking", next_try_at=AT + LEASE)
    assert _run(fake) == 0
    _run(fake, AT + LEASE)
    refund.refresh_from_db()
    assert refund.state == ("confirmed" if fake.gateway.repeatable_refunds else "stuck")
    assert fake.moved_minor == 9900


@pytest.fixture
def bank():
    """The sandbox with its book in memory."""
    fake = FakeSandbox()
    fake.connect()
    return fake


def test_several_workers_refund_once(bank):
    """Five at once on five refunds: each is confirmed once."""
    refunds = [_ask_for(paid(bank)) for _ in range(5)]
    done = in_threads([lambda: _run(bank)] * 5)
    assert sum(done) == 5 and bank.moved_minor == 5 * 9900
    assert [_effects(one) for one in refunds] == [1] * 5


def test_no_more_goes_back_than_came(bank):
    """Parts add up to the payment at most, also when asked for at once."""
    credit = paid(bank)
    with pytest.raises(InputError):
        _ask_for(credit, 9901)
    done = in_threads([lambda: _ask_for(credit, 3000)] * 6)
    assert sum(isinstance(one, Refund) for one in done) == 3
    assert _ask_for(credit).amount_minor == 900
    with pytest.raises(InputError):
        _ask_for(credit, 1)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (RefundReport("R", True, Money(9900)), "other_refund"),
        (RefundReport("", True, Money(1)), "other_refund"),
        (RefundReport("", False, Money(9900)), "not_done_yet"),
    ],
)
def test_another_refund_is_not_ours(bank, answer, problem, monkeypatch):
    """An answer about another number or amount, or that it is under way, confirms nothing."""
    refund = _ask_for(paid(bank))
    told = RefundReport(answer.refund_no or refund.refund_no, answer.done, answer.amount)
    monkeypatch.setattr(type(bank.gateway), "refund", lambda *_given: told)
    assert _run(bank) == 0
    refund.refresh_from_db()
    assert (refund.state, refund.problem, _effects(refund)) == ("requested", problem, 0)


def test_trying_ends(bank):
    """A service that is off for long makes it a person's matter, after ever longer pauses."""
    refund = _ask_for(paid(bank))
    at = AT
    for _ in range(MOST_TRIES):
        carry_out_refunds(gateways={}, confirmed=_confirmed, at=at)
        at += timedelta(hours=2)
    refund.refresh_from_db()
    assert (refund.state, refund.problem, refund.tries) == ("stuck", "gateway_off", MOST_TRIES)


@pytest.mark.parametrize("lost_after", [False, True])
def test_every_write_fails_and_is_tried_again(bank, lost_after):
    """Lost, or done and reported failed: the money moves once and its owner hears of it once."""
    for place in range(30):
        refund = _ask_for(paid(bank))
        before = bank.moved_minor
        with failing_at(place, done=lost_after) as calls:
            try:
                _run(bank)
            except Exception as error:
                assert isinstance(error.__cause__ or error, Cut) or "closed" in str(error)
        connection.close()
        for hours in (1, 3, 5):
            _run(bank, AT + timedelta(hours=hours))
        refund.refresh_from_db()
        assert (refund.state, bank.moved_minor - before, _effects(refund)) == ("confirmed", 9900, 1)
        if calls[0] <= place:
            assert place > 3
            return
    raise AssertionError("never through")


def test_a_process_of_the_version_before_can_ask_for_refunds(db):
    """It does not name the columns that came since: the database fills them in."""
    since = ("again", "paid_elsewhere")
    asked = (
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'payments_refund'"
        " AND column_name = ANY(%s) AND column_default IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked, (list(since),))
        assert cursor.fetchone() == (len(since),)
