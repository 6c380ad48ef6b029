"""Where shares go, and how much of them in a day, is not one person's word (A24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.market.market_kit import AT, make_shop
from tests.market.split_kit import (
    NUMBERS,
    OVER,
    add_receiver,
    differences,
    fee,
    free,
    released,
    rest,
    send,
    share,
)
from tests.market.two_workers import meet
from tests.payments.conftest import FAKES
from tests.payments.fake_server import serve

from gongdao.core.clock import beijing
from gongdao.core.errors import MoneyRefused
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.ledger.models import Payee, Payout
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.step_payout import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    request_payouts,
)
from gongdao.market import prepare_split
from gongdao.market.accounts import clearing_account
from gongdao.market.pass_shares import ShownShares, find_waiting_shares, pass_shares
from gongdao.market.send_splits import send_splits
from gongdao.market.staff import Actor
from gongdao.market.take_word import Taken, Word, take_word
from gongdao.market.vetting_models import StaffDeed
from gongdao.payments.models import Split

pytestmark = pytest.mark.django_db(transaction=True)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HIGH = PayoutPolicy(Money(10**9))


@pytest.fixture
def fake():
    """微信支付 on loopback."""
    made = FAKES["wechat"]()
    with serve(made) as url:
        made.url = url
        made.connect()
        yield made


def _part(one):
    return one.total_minor - fee(one)


def _limit(monkeypatch, minor):
    monkeypatch.setattr(prepare_split, "share_limit", lambda on: Money(minor))


def _payout(fake, minor, at=OVER, reference="P1", policy=HIGH):
    return propose_payout(
        payee_id=Payee.objects.get().id,
        amount=Money(minor),
        through=clearing_account(fake.gateway.name, fake.gateway.account),
        policy=policy,
        by=new_id(AT),
        reference=reference,
        at=at,
    )


def _pay(fake, payout, at=OVER):
    approve_payout(payout_id=payout, by=new_id(AT), at=at)
    through = clearing_account(fake.gateway.name, fake.gateway.account)
    request_payouts(through=through, by=None, at=at)
    confirm_payout(payout_id=payout, bank_reference="BANK", at=at)


def _pass(shop, by, receiver=None, newest=OVER, at=OVER, **changed):
    """Let go what waits, as it stands, or as somebody saw it before."""
    rows = find_waiting_shares(stores=get_stores(), at=at)
    seen = next(one for one in rows if one.merchant_id == shop.merchant.id)
    shown = ShownShares(
        merchant_id=shop.merchant.id,
        gateway="wechat",
        receiver=receiver or Payee.objects.get().id,
        newest=newest,
        count=seen.count,
        total=seen.total,
    )
    return pass_shares(stores=get_stores(), shown=replace(shown, **changed), by=by, at=at)


def test_a_first_account_receives_after_it_rested(fake):
    """Verified just now it receives nothing for a day, and then it does; the next look is at that
    time and not before."""
    shop = make_shop()
    one = released(shop, fake)
    add_receiver(shop, fake, at=OVER)
    send(fake)
    waits = share(one)
    assert (waits.state, waits.problem) == ("waiting", "receiver_new") and not fake.splits
    assert waits.next_try_at == OVER + DAY
    send(fake, OVER + DAY)
    assert share(one).state == "confirmed" and not differences()


def test_the_account_before_receives_while_the_new_one_rests(fake):
    """A second account that somebody verified gets nothing on its first day: what is released goes
    to the one that was there."""
    shop = make_shop()
    add_receiver(shop, fake)
    one, two = (released(shop, fake, buyer=f"b{n}@example.invalid") for n in range(2))
    add_receiver(shop, fake, number="1900000200", at=OVER - HOUR)
    send(fake)
    assert {share(one).state, share(two).state} == {"confirmed"}
    assert fake.received == {NUMBERS["wechat"]: _part(one) + _part(two)}
    three = released(shop, fake, at=OVER + DAY, buyer="b3@example.invalid")
    send(fake, OVER + DAY)
    assert fake.received["1900000200"] == _part(three) and not differences()


def test_shares_over_the_limit_of_a_day_wait_for_a_second_person(fake, monkeypatch):
    """The first goes; the second, which passes the limit with it, waits, and its rest too: who
    verified the account cannot let it go, nor anybody for another account; somebody else can."""
    shop, first = make_shop(), Actor(new_id(AT), "first@example.org")
    payee = add_receiver(shop, fake, by=first.id)
    later = OVER + timedelta(minutes=1)
    one = released(shop, fake)
    two = released(shop, fake, at=later, buyer="c@example.invalid")
    _limit(monkeypatch, _part(one) + _part(two) - 1)
    send(fake, later)
    assert share(one).state == "confirmed"
    waits = share(two)
    assert (waits.state, waits.problem) == ("waiting", "needs_second")
    assert rest(two).state == "waiting" and free(shop).minor == _part(two)
    (seen,) = find_waiting_shares(stores=get_stores(), at=later)
    assert (seen.count, seen.total, seen.receiver.payee_id) == (1, Money(_part(two)), payee)
    other = Actor(new_id(AT), "second@example.org")
    for by, receiver in ((first, payee), (Actor(None, "shell"), payee), (other, new_id(AT))):
        with pytest.raises(MoneyRefused):
            _pass(shop, by, receiver, later, later)
    assert _pass(shop, other, payee, OVER, later) == 0
    send(fake, later + HOUR)
    assert share(two).problem == "needs_second" and not StaffDeed.objects.exists()
    assert _pass(shop, other, payee, later, later) == 1
    send(fake, later)
    assert share(two).state == "confirmed" and free(shop).minor == 0 and not differences()
    assert [one.who_mail for one in StaffDeed.objects.filter(deed="split.pass")] == [other.mail]


def test_what_one_person_let_go_to_one_account_goes_to_no_other(fake, monkeypatch):
    """Between the click and the asking another account has rested: a person is asked anew."""
    shop, other = make_shop(), Actor(new_id(AT), "second@example.org")
    payee = add_receiver(shop, fake)
    one = released(shop, fake)
    _limit(monkeypatch, 1)
    send(fake)
    assert _pass(shop, other, payee) == 1
    add_receiver(shop, fake, number="1900000200", at=OVER - DAY)
    send(fake)
    again = share(one)
    assert (again.problem, again.receiver, again.next_try_at) == ("needs_second", None, None)
    assert not fake.splits


def test_nothing_goes_that_was_not_shown(fake, monkeypatch):
    """A share planned before the newest that was shown waits for a person only since: the click on
    the older page is refused, as is one for another currency's; the page as it is now lets both
    go, one a second after the other."""
    shop, other = make_shop(), Actor(new_id(AT), "second@example.org")
    add_receiver(shop, fake)
    one, two = (released(shop, fake, buyer=f"b{n}@example.invalid") for n in range(2))
    _limit(monkeypatch, 1)
    Split.objects.filter(id=share(one).id).update(next_try_at=None)
    send(fake)
    (seen,) = find_waiting_shares(stores=get_stores(), at=OVER)
    Split.objects.filter(id=share(one).id).update(next_try_at=OVER)
    send(fake)
    shown = {"count": seen.count, "total": seen.total}
    with pytest.raises(MoneyRefused, match="变了"):
        _pass(shop, other, **shown)
    assert _pass(shop, other, total=Money(_part(one) + _part(two), "USD")) == 0
    assert not StaffDeed.objects.exists()
    assert _pass(shop, other) == 2
    due = Split.objects.filter(part="share").order_by("planned_at", "id")
    assert [row.next_try_at - OVER for row in due] == [timedelta(0), timedelta(seconds=1)]
    send(fake, OVER + timedelta(seconds=1))
    assert {share(one).state, share(two).state} == {"confirmed"} and not differences()


@pytest.mark.parametrize(("ground", "many"), [("needs_second", 2), ("receiver_new", 3)])
def test_those_that_wait_for_one_time_come_due_one_after_the_other(fake, monkeypatch, ground, many):
    """Put off to the next day, or until the account has rested, they keep no other merchant's
    waiting: only the first of them is due at that time, the others a second apart behind it."""
    shop = make_shop()
    fresh = ground == "receiver_new"
    add_receiver(shop, fake, at=OVER if fresh else AT)
    orders = [released(shop, fake, buyer=f"b{n}@example.invalid") for n in range(3)]
    _limit(monkeypatch, _part(orders[0]))
    send(fake)
    midnight = beijing(OVER).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    rows = Split.objects.filter(part="share", problem=ground).order_by("next_try_at")
    due = [row.next_try_at - (OVER + DAY if fresh else midnight) for row in rows]
    assert due == [timedelta(seconds=place) for place in range(many)]


def test_the_limit_is_of_a_day(fake, monkeypatch):
    """What would go alone is looked at again on the next day, and goes; what is over the limit by
    itself waits for a person."""
    shop = make_shop()
    add_receiver(shop, fake)
    one, two = (released(shop, fake, buyer=f"b{n}@example.invalid") for n in range(2))
    _limit(monkeypatch, _part(one))
    send(fake)
    (waits,) = [s for s in (share(one), share(two)) if s.state == "waiting"]
    midnight = beijing(OVER).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    assert (waits.problem, waits.next_try_at) == ("needs_second", midnight)
    send(fake, midnight)
    assert {share(one).state, share(two).state} == {"confirmed"} and not differences()


def test_payouts_and_shares_of_a_day_count_together(fake, monkeypatch):
    """A payout that arrived today brings the share over the limit; a share that went lowers what
    one person may pay out."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    _pay(fake, _payout(fake, 10))
    _limit(monkeypatch, _part(one) - 1)
    send(fake)
    assert share(one).problem == "needs_second"
    _limit(monkeypatch, _part(one))
    send(fake, OVER + DAY)
    assert share(one).amount_minor == _part(one) - 10 and share(one).state == "confirmed"
    released(shop, fake, at=OVER + DAY, buyer="c@example.invalid")
    tomorrow = {"at": OVER + DAY, "reference": "P2", "policy": PayoutPolicy(Money(_part(one)))}
    _payout(fake, 20, **tomorrow)
    assert Payout.objects.get(reference="P2").limit_minor == 10
    _payout(fake, 20, **tomorrow | {"at": OVER + 2 * DAY, "reference": "P3"})
    assert Payout.objects.get(reference="P3").limit_minor == _part(one) - 20


def test_a_share_waits_for_an_open_payout(fake):
    """Taken back, the payout leaves the whole share to be split; meanwhile nothing of it goes, and
    the rest of the payment stays frozen."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    payout = _payout(fake, _part(one))
    send(fake)
    assert (share(one).state, share(one).problem) == ("waiting", "payout_first")
    send(fake, OVER + HOUR)
    assert share(one).state == "waiting" and rest(one).state == "waiting" and not fake.released
    cancel_payout(payout_id=payout, why="x", at=OVER + HOUR)
    send(fake, OVER + 2 * HOUR)
    assert (share(one).state, share(one).amount_minor) == ("confirmed", _part(one))
    assert free(shop).minor == 0 and not differences()


def test_what_a_payout_paid_is_not_split(fake):
    """Once the bank confirmed it, the share is done otherwise."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    _pay(fake, _payout(fake, _part(one)))
    send(fake)
    assert (share(one).state, share(one).problem) == ("skipped", "paid_otherwise")
    assert not fake.received and not differences()


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_two_workers_count_each_others_share(fake, monkeypatch, locked):
    """Each of two shares is within the limit, both are not: the second worker waits and sees the
    first one's; without the lock, the control, both go."""
    shop = make_shop()
    add_receiver(shop, fake)
    one, two = (released(shop, fake, buyer=f"b{n}@example.invalid") for n in range(2))
    Split.objects.filter(part="rest").delete()
    _limit(monkeypatch, _part(one))
    lock = "ORDER BY account_id FOR NO KEY UPDATE"
    met = meet(
        lambda: send_splits(
            stores=get_stores(), gateways={"wechat": fake.gateway}, held=(), at=OVER, most=1
        ),
        after='INSERT INTO "ledger_pending"',
        **({} if locked else {"without": {lock: "ORDER BY account_id"}}),
    )
    assert (met.first, met.second, met.waited) == (1, 1, True)
    states = {(share(one).state, share(one).problem), (share(two).state, share(two).problem)}
    gone = ("confirmed", "")
    assert states == ({gone, ("waiting", "needs_second")} if locked else {gone})


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_two_words_of_a_day_count_each_other(locked):
    """Two people book at once what is over the limit together: the second one's is only asked for;
    without the lock, the control, both are done."""
    lock = "pg_advisory_xact_lock(%s, hashtext(%s))"

    def say(number):
        return take_word(
            word=Word("debt.collect", ("merchant", str(new_id(AT))), Money(15), f"X-{number}"),
            by=Actor(new_id(AT), f"{number}@example.org"),
            limit=Money(20),
            do=lambda: True,
            at=AT,
        )

    met = meet(
        lambda: say(1),
        lambda: say(2),
        after='INSERT INTO "market_moneyword"',
        **({} if locked else {"without": {lock: "%s::int, hashtext(%s)"}}),
    )
    second = Taken.ASKED if locked else Taken.DONE
    assert (met.first, met.second, met.waited) == (Taken.DONE, second, locked)
