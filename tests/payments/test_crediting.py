"""What is believed is credited once; what is not is kept with its reason."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.payments.conftest import FAKES
from tests.payments.fake_sandbox import FakeSandbox
from tests.payments.fake_server import AT
from tests.payments.payments_kit import ask_for, credit, is_credited, reasons, report_for
from tests.vault.failing_writes import Cut, failing_at
from tests.vault.vault_kit import in_threads

from gongdao.core.money import Money
from gongdao.payments import credit_report as crediting
from gongdao.payments.decide_callback import CallbackVerdict, Intent, judge_report
from gongdao.payments.models import CallbackSeen, Credit
from gongdao.payments.port import Report, Told

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 5


@pytest.fixture
def gateway():
    """The sandbox: its own bank, in memory."""
    fake = FakeSandbox()
    fake.connect()
    return fake.gateway


def test_five_at_once_are_credited_once(gateway):
    """Of the same report five times at once one is new and four are repeated."""
    for _ in range(5):
        report = report_for(gateway, ask_for(gateway))
        done = in_threads([partial(credit, report, "sandbox")] * TIMES)
        assert sorted(one.is_new for one in done) == [False] * 4 + [True]
        assert sorted(reasons(report.out_trade_no))[0] == ("credit", "paid")
        assert reasons(report.out_trade_no).count(("repeated", "credited")) == 4
        assert Credit.objects.filter(trade_no=report.trade_no).count() == 1


def test_two_payments_at_once_are_both_kept(gateway):
    """Two numbers for one intent: one is its payment, the other is surplus that has to go back."""
    number = ask_for(gateway)
    both = [report_for(gateway, number, trade_no=f"T{n}") for n in range(2)]
    done = in_threads([partial(credit, one, "sandbox") for one in both * 2])
    assert sum(one.is_new for one in done) == 2
    assert sorted(Credit.objects.values_list("surplus", flat=True)) == [False, True]


@pytest.fixture
def no_guards(monkeypatch):
    """Credits as shops book them that look first and write then: no lock, nothing unique."""
    monkeypatch.setattr(crediting, "_LOCK", crediting._LOCK.replace(" FOR UPDATE", ""))
    free = crediting._CREDIT.replace("ON CONFLICT (gateway, trade_no) DO NOTHING", "")
    monkeypatch.setattr(crediting, "_CREDIT", free)
    real = crediting.judge_report

    def slow_judge(*given, **named):
        judged = real(*given, **named)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return judged

    monkeypatch.setattr(crediting, "judge_report", slow_judge)
    names = ("payments_credit_once", "payments_credit_of_intent")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE payments_credit DROP CONSTRAINT {names[0]}")
        cursor.execute(f"DROP INDEX {names[1]}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE payments_credit CASCADE")
        cursor.execute(
            f"ALTER TABLE payments_credit ADD CONSTRAINT {names[0]} UNIQUE (gateway, trade_no)"
        )
        cursor.execute(
            f"CREATE UNIQUE INDEX {names[1]} ON payments_credit (intent_id) WHERE NOT surplus"
        )


def test_without_lock_and_uniqueness_it_doubles(gateway, no_guards):
    """The control: the same five at once are credited several times where both guards are gone."""
    report = report_for(gateway, ask_for(gateway))
    done = in_threads([lambda: credit(report, "sandbox")] * TIMES)
    assert sum(one.is_new for one in done if not isinstance(one, Exception)) > 1


def test_the_unique_number_alone_holds(gateway, monkeypatch):
    """Without the lock the database still refuses a second credit of the same payment."""
    monkeypatch.setattr(crediting, "_LOCK", crediting._LOCK.replace(" FOR UPDATE", ""))
    report = report_for(gateway, ask_for(gateway))
    done = in_threads([lambda: credit(report, "sandbox")] * TIMES)
    assert sum(one.is_new for one in done if not isinstance(one, Exception)) == 1
    assert Credit.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"out_trade_no": "NOSUCHNUMBER"}, "unknown_order"),
        ({"account": "somebody"}, "other_account"),
        ({"trade_no": ""}, "no_trade_number"),
        ({"amount": Money(9900, "USD")}, "wrong_currency"),
        ({"amount": Money(0)}, "wrong_amount"),
        ({"amount": Money(-9900)}, "wrong_amount"),
    ],
)
def test_what_differs_is_refused_with_its_reason(gateway, change, reason):
    """Order, account, number, currency, amount: each is compared, and nothing is credited."""
    number = ask_for(gateway)
    report = replace(report_for(gateway, number), **change)
    done = credit(report, "sandbox")
    assert not done.is_new and not is_credited(number)
    assert reasons() == [("refused", reason)]
    assert not Credit.objects.exists()


@pytest.mark.parametrize("minor", [1, 9899, 9901])
def test_another_amount_pays_nothing_and_is_booked_once(gateway, minor):
    """Money that came in another amount is there and has to go back: booked as surplus, once; the
    intent stays unpaid, and the right amount pays it afterwards."""
    number = ask_for(gateway)
    report = replace(report_for(gateway, number, trade_no="TW"), amount=Money(minor))
    assert [credit(report, "sandbox").is_new for _ in range(3)] == [True, False, False]
    row = Credit.objects.get()
    assert (row.surplus, row.amount_minor) == (True, minor) and not is_credited(number)
    assert set(reasons()) == {("surplus", "wrong_amount")}
    assert credit(report_for(gateway, number, trade_no="TR"), "sandbox").is_new
    assert is_credited(number)


def test_a_report_of_another_gateway_is_refused(gateway):
    """An order to be paid there is not paid by a callback here, however well signed."""
    number = ask_for(gateway)
    done = credit(report_for(gateway, number), "epay")
    assert done.judged.reason == "other_gateway" and not is_credited(number)


def test_a_number_pays_one_order_only(gateway):
    """The service's number of a credited payment is refused for another order, and says why."""
    first, second = ask_for(gateway), ask_for(gateway)
    assert credit(report_for(gateway, first, trade_no="T1"), "sandbox").is_new
    done = credit(report_for(gateway, second, trade_no="T1"), "sandbox")
    assert (done.is_new, done.judged.reason) == (False, "trade_number_used")
    assert not is_credited(second)
    assert reasons(second)[-1] == ("refused", "trade_number_used")
    assert credit(report_for(gateway, second, trade_no="T2"), "sandbox").is_new


@pytest.mark.parametrize("told", [Told.UNPAID, Told.CLOSED, Told.REFUNDED])
def test_what_is_no_payment_is_noted(gateway, told):
    """Unpaid, closed, given back: true, kept, and without consequence."""
    number = ask_for(gateway)
    report = report_for(gateway, number, told=told, trade_no="")
    assert credit(report, "sandbox").judged.verdict is CallbackVerdict.NOTED
    assert not is_credited(number)


@pytest.mark.parametrize("done", [False, True])
def test_every_write_fails_and_is_tried_again(gateway, done):
    """Lost, or done and reported failed: the same callback again credits once in all."""
    for place in range(9):
        number = ask_for(gateway)
        report = report_for(gateway, number)
        with failing_at(place, done=done) as calls:
            try:
                credit(report, "sandbox")
            except Cut:
                pass
            except Exception as error:
                assert isinstance(error.__cause__, Cut) or "closed" in str(error), error
        connection.close()
        credit(report, "sandbox")
        assert is_credited(number)
        assert Credit.objects.filter(trade_no=report.trade_no).count() == 1
        if calls[0] <= place:
            assert place > 1
            return
    raise AssertionError("never through")


@settings(deadline=None)
@given(
    st.tuples(
        st.sampled_from(["sandbox", "epay"]),
        st.sampled_from(["A", "B"]),
        st.sampled_from(["N1", "N2"]),
        st.sampled_from(["", "T1", "T2", "T" * 65]),
        st.sampled_from(list(Told)),
        st.integers(9899, 9901),
        st.sampled_from(["CNY", "USD"]),
        st.sampled_from(["", "T1"]),
    )
)
def test_credit_means_that_everything_agrees(case):
    """Over all combinations: credited exactly where every single thing is as it was asked for."""
    gateway, account, number, trade_no, told, minor, currency, before = case
    intent = Intent("sandbox", "A", "N1", Money(9900), before)
    report = Report(number, trade_no, told, Money(minor, currency), account)
    judged = judge_report(intent, report, gateway=gateway)
    agrees = (gateway, account, number, minor, currency) == ("sandbox", "A", "N1", 9900, "CNY")
    takes = agrees and told is Told.PAID and trade_no in ("T1", "T2")
    assert (judged.verdict is CallbackVerdict.CREDIT) == (takes and not before)
    ours = (gateway, account, number, currency) == ("sandbox", "A", "N1", "CNY")
    came = ours and told is Told.PAID and trade_no in ("T1", "T2")
    back = came and (minor != 9900 or before not in ("", trade_no))
    assert (judged.verdict is CallbackVerdict.SURPLUS) == back
    assert (judged.verdict is CallbackVerdict.REPEATED) == (takes and before == trade_no)


@pytest.mark.parametrize("fake", FAKES, indirect=True)
def test_each_services_callback_is_credited_once(fake):
    """From a signed callback to one credit, five times at once, for every service."""
    number = ask_for(fake.gateway)
    callback = fake.callback(fake.pay(number))
    report = fake.gateway.read_callback(callback, AT)
    done = in_threads([lambda: credit(report, fake.gateway.name)] * TIMES)
    assert [one.is_new for one in done].count(True) == 1
    assert CallbackSeen.objects.count() == TIMES
