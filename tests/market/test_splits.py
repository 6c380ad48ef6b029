"""A merchant's share reaches him at the service that holds it: once, or not, and that is said."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.market.market_kit import AT, make_shop
from tests.market.split_kit import (
    OVER,
    add_receiver,
    clearing,
    differences,
    fee,
    free,
    paid,
    released,
    rest,
    send,
    share,
    wake,
)
from tests.payments.conftest import FAKES
from tests.payments.fake_server import serve
from tests.vault.failing_writes import Cut, failing_at
from tests.vault.vault_kit import in_threads

from gongdao.core.errors import MoneyRefused
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.ledger.holds import find_holds
from gongdao.ledger.models import LedgerTransfer, Payee
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.step_payout import approve_payout, confirm_payout, request_payouts
from gongdao.market.accounts import clearing_account
from gongdao.market.give_back import give_back, refund_confirmed, refund_hold
from gongdao.market.models import Finding
from gongdao.market.plan_split import plan_split
from gongdao.market.push_split import drop_split, push_split
from gongdao.market.release_orders import release_due
from gongdao.market.send_splits import LEASE, LONGEST_WAIT, MOST_NOS, MOST_TRIES, send_splits
from gongdao.market.staff import Actor
from gongdao.market.wake_splits import wake_splits
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.gateways.wechat import Wechat
from gongdao.payments.models import Credit, Split

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = Actor(None, "shell")
every = pytest.mark.parametrize("fake", ["wechat", "alipay", "stripe"], indirect=True)


@pytest.fixture
def fake(request):
    """A service that splits, on loopback."""
    made = FAKES[getattr(request, "param", "wechat")]()
    with serve(made) as url:
        made.url = url
        made.connect()
        yield made


def _part(one):
    return one.total_minor - fee(one)


@every
def test_a_released_order_is_split(fake):
    """The merchant gets his share at the service, the platform keeps its fee there; nothing of it
    is left to pay out, the books agree, and another round does nothing."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    assert free(shop) == Money(_part(one)) and share(one).state == "waiting"
    send(fake)
    done = share(one)
    assert (done.state, done.amount_minor, bool(done.number)) == ("confirmed", _part(one), True)
    assert list(fake.received.values()) == [_part(one)]
    assert (free(shop).minor, clearing(fake)) == (0, one.total_minor - _part(one))
    freezes = fake.gateway.freezes
    assert rest(one).state == ("confirmed" if freezes else "skipped")
    assert bool(fake.released) == freezes
    assert send(fake, OVER + timedelta(days=1)) == 0
    moved = LedgerTransfer.objects.get(kind="split")
    assert (moved.amount_minor, moved.owner_id) == (_part(one), done.id)
    assert not differences()


@every
def test_silence_after_the_deed_does_not_split_twice(fake):
    """The service hands out and says nothing: it is asked what became of it, once it was paid."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    fake.mood = "mute"
    send(fake)
    assert share(one).state == "requested" and free(shop).minor == 0
    fake.mood = ""
    if hasattr(fake, "kept"):
        fake.kept.clear()  # the idempotency key was forgotten meanwhile
    send(fake, OVER + timedelta(hours=2))
    assert share(one).state == "confirmed" and list(fake.received.values()) == [_part(one)]
    assert not differences()


class Dies(Wechat):
    """Our side of the service, in a worker that is killed once the service has answered."""

    def split(self, *given, **named):
        """Ask, and be gone."""
        super().split(*given, **named)
        raise SystemExit


def test_a_worker_that_died_while_asking(fake):
    """It asked and was gone before it wrote: after the lease the share has moved once, all told."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    dying = Dies(**{part.name: getattr(fake.gateway, part.name) for part in fields(Wechat)})
    with pytest.raises(SystemExit):
        send_splits(stores=get_stores(), gateways={"wechat": dying}, held=(), at=OVER)
    assert (share(one).state, share(one).tries) == ("requested", 1)
    send(fake, OVER + timedelta(minutes=1))
    assert share(one).state == "requested"
    send(fake, OVER + LEASE)
    assert share(one).state == "confirmed" and list(fake.received.values()) == [_part(one)]
    assert not differences()


def test_several_workers_split_once(fake):
    """Five at once on three orders of one merchant: each share arrives once."""
    shop = make_shop()
    add_receiver(shop, fake)
    orders = [released(shop, fake, buyer=f"b{n}@example.invalid") for n in range(3)]
    in_threads([lambda: send(fake)] * 5)
    send(fake, OVER + LEASE)
    assert {share(one).state for one in orders} == {"confirmed"}
    assert list(fake.received.values()) == [sum(map(_part, orders))]
    assert free(shop).minor == 0 and not differences()


def test_a_share_waits_for_its_receiver(fake):
    """Without a verified account at the service nothing is asked, and the money stays free; what is
    only added, retired, or at another service is none."""
    shop = make_shop()
    one = released(shop, fake)
    send(fake)
    assert (share(one).state, share(one).problem) == ("waiting", "no_receiver")
    add_receiver(shop, fake)
    Payee.objects.update(retired_at=AT)
    later = OVER + timedelta(hours=1)
    assert (wake(fake, later), send(fake, later)) == (0, 0)
    Split.objects.filter(part="share").update(next_try_at=later)
    send(fake, later)
    assert share(one).problem == "no_receiver" and not fake.splits
    assert rest(one).problem == "shares_first" and free(shop).minor == _part(one)


def test_a_share_waits_while_payouts_are_held(fake):
    """A ground against the merchant holds his shares back, and lets them go when it ends."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    held, later = {shop.merchant.id}, OVER + timedelta(hours=1)
    send(fake, held=held)
    assert share(one).problem == "payouts_held" and not fake.splits
    assert (wake(fake, later, held), send(fake, later)) == (0, 0)
    assert (wake(fake, later), send(fake, later)) == (1, 1)
    assert share(one).state == "confirmed"


def test_what_went_another_way_is_not_split(fake):
    """A payout took a part of what waits: the oldest share is smaller by that, and the two together
    are what he earned; nothing is paid twice."""
    shop = make_shop()
    later = OVER + timedelta(minutes=1)
    first = released(shop, fake)
    second = released(shop, fake, at=later, buyer="c@example.invalid")
    add_receiver(shop, fake)
    payout = propose_payout(
        payee_id=Payee.objects.get().id,
        amount=Money(_part(first) + 1),
        through=clearing_account(fake.gateway.name, fake.gateway.account),
        policy=PayoutPolicy(Money(10**6)),
        by=new_id(AT),
        reference="P1",
        at=later,
    )
    approve_payout(payout_id=payout, by=new_id(AT), at=later)
    through = clearing_account(fake.gateway.name, fake.gateway.account)
    request_payouts(through=through, by=None, at=later)
    confirm_payout(payout_id=payout, bank_reference="BANK", at=later)
    send(fake, later)
    assert (share(first).state, share(first).problem) == ("skipped", "paid_otherwise")
    assert share(second).amount_minor == _part(second) - 1
    assert (free(shop).minor, list(fake.received.values())) == (0, [_part(second) - 1])
    assert not differences()


def test_a_refund_before_the_split_uses_what_is_not_split(fake):
    """Money on its way back goes first; then the smaller share, and only then the rest."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = paid(shop, fake)
    (hold,) = find_holds(owner=SubjectRef("order", one.id))
    credit = Credit.objects.get(intent__owner_id=one.id)
    with transaction.atomic():
        refund_hold(hold_id=hold.id, amount=Money(300), credit_id=credit.id, reason="part", at=AT)
    release_due(stores=get_stores(), at=OVER)
    send(fake)
    assert share(one).problem == "refund_first" and not fake.splits
    carry_out_refunds(
        gateways={"wechat": fake.gateway},
        confirmed=lambda refund: refund_confirmed(stores=get_stores(), refund=refund, at=OVER),
        at=OVER,
    )
    send(fake, OVER + timedelta(hours=1))
    left = one.total_minor - 300
    assert share(one).amount_minor == left - fee(one, left)
    assert fake.moved_minor == 300 and fake.left_of(credit.trade_no) == fee(one, left)
    assert clearing(fake) == fee(one, left) and not differences()


def test_a_share_waits_while_the_payment_may_be_charged_back(fake):
    """What the service says it takes back does not leave to the merchant's own account before a
    person has looked; then it does."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    told = Finding.objects.create(
        order_id=one.id, code="charged_back", deed="person", found_at=OVER, acted_at=OVER
    )
    send(fake)
    assert share(one).problem == "charge_back_told" and not fake.splits
    Finding.objects.filter(id=told.id).update(closed_at=OVER)
    send(fake, OVER + timedelta(hours=1))
    assert share(one).state == "confirmed" and not differences()


def test_an_order_that_went_back_as_a_whole_has_no_share(fake):
    """Nothing was released, so nothing is planned: the service gives back what it froze."""
    shop = make_shop()
    one = paid(shop, fake)
    assert give_back(stores=get_stores(), order_id=one.id, why="not_delivered", at=AT)
    assert not Split.objects.exists()


def test_a_refund_after_the_split_is_the_services_to_answer(fake):
    """It is asked for like any other; where the account has too little, the no is kept."""
    from gongdao.payments.request_refund import request_refund

    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    send(fake)
    credit = Credit.objects.get(intent__owner_id=one.id)
    with transaction.atomic():
        refund = request_refund(credit_id=credit.id, amount=None, reason="by_verdict", at=OVER)
    fake.balance_minor = 0
    carry_out_refunds(gateways={"wechat": fake.gateway}, confirmed=lambda _one: None, at=OVER)
    refund.refresh_from_db()
    assert (refund.state, refund.problem) == ("requested", "refused:NOT_ENOUGH")
    assert share(one).state == "confirmed"


def test_a_final_no_gives_the_money_back_and_says_so(fake):
    """Nobody added the receiver there: after some tries the share is refused and its amount free;
    tried again under another number it arrives."""
    shop = make_shop()
    add_receiver(shop, fake)
    fake.receivers.clear()
    one, at = released(shop, fake), OVER
    for _ in range(MOST_NOS):
        assert share(one).state in ("waiting", "requested")
        send(fake, at)
        at += timedelta(hours=2)
    refused = share(one)
    assert (refused.state, refused.problem) == ("refused", "refused:INVALID_REQUEST")
    assert free(shop).minor == _part(one) and rest(one).state == "waiting"
    fake.receivers.add("1900000199")
    assert push_split(split_id=refused.id, by=STAFF, at=at)
    send(fake, at)
    again = share(one)
    assert (again.state, free(shop).minor) == ("confirmed", 0)
    assert again.split_no != refused.split_no and not differences()
    assert push_split(split_id=refused.id, by=STAFF, at=at) is False


def test_long_silence_is_a_persons_matter(fake):
    """The amount stays set aside, because it may have gone; tried again it keeps its number."""
    shop = make_shop()
    add_receiver(shop, fake)
    one, at = released(shop, fake), OVER
    fake.mood = "error"
    for _ in range(MOST_TRIES):
        send(fake, at)
        at += timedelta(hours=2)
    stuck = share(one)
    assert (stuck.state, free(shop).minor) == ("stuck", 0)
    with pytest.raises(MoneyRefused):
        drop_split(split_id=stuck.id, by=STAFF, reason="x", at=at)
    fake.mood = ""
    push_split(split_id=stuck.id, by=STAFF, at=at)
    send(fake, at)
    assert (share(one).state, share(one).split_no) == ("confirmed", stuck.split_no)


def test_not_done_yet_may_last(fake):
    """The service promised: it is asked for two weeks, then a person looks."""
    shop = make_shop()
    add_receiver(shop, fake)
    one, fake.late = released(shop, fake), True
    send(fake)
    assert (share(one).state, share(one).problem) == ("requested", "not_done_yet")
    send(fake, OVER + LONGEST_WAIT)
    assert (share(one).state, share(one).problem) == ("stuck", "not_done_yet")


def test_a_share_that_is_dropped_lets_the_rest_go(fake):
    """A person decides that it goes by payout: once, with a reason; then nothing stays frozen."""
    shop = make_shop()
    one = released(shop, fake)
    send(fake)
    assert drop_split(split_id=share(one).id, by=STAFF, reason="按付款付", at=OVER)
    assert not drop_split(split_id=share(one).id, by=STAFF, reason="按付款付", at=OVER)
    send(fake, OVER + timedelta(hours=1))
    assert (share(one).state, rest(one).state) == ("skipped", "confirmed")
    assert fake.released and free(shop).minor == _part(one)


def test_where_the_account_does_not_split_it_is_left_alone(fake):
    """The operator holds the money himself, by his settings: the shares go by payout; a service
    that is off for now only keeps them waiting."""
    shop = make_shop()
    one = released(shop, fake)
    send_splits(stores=get_stores(), gateways={}, held=(), at=OVER)
    assert (share(one).state, share(one).problem) == ("waiting", "gateway_off")
    plain, later = {"wechat": replace(fake.gateway, splits=False)}, OVER + timedelta(hours=1)
    assert wake_splits(stores=get_stores(), gateways={}, held=(), at=later) == 0
    assert wake_splits(stores=get_stores(), gateways=plain, held=(), at=later) == 1
    send_splits(stores=get_stores(), gateways=plain, held=(), at=later)
    assert (share(one).state, share(one).problem) == ("skipped", "not_splitting")
    assert not fake.splits and free(shop).minor == _part(one)


@pytest.mark.slow
@pytest.mark.parametrize("lost_after", [False, True])
def test_every_write_fails_and_is_tried_again(fake, lost_after):
    """Lost, or done and reported failed, by turns: each share arrives once, the books agree."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    Split.objects.all().delete()  # its money goes in many small shares instead
    for place in range(lost_after, 60, 2):
        plan_split(
            order_id=one.id,
            merchant_id=one.merchant_id,
            released=Money(10),
            cause=f"{place}",
            at=AT,
        )
        Split.objects.filter(part="rest").delete()
        fake.released.clear()  # each was the last one for now
        with failing_at(place, done=lost_after) as calls:
            try:
                send(fake)
            except Exception as error:
                assert isinstance(error.__cause__ or error, Cut) or "closed" in str(error)
        connection.close()
        send(fake, OVER + timedelta(hours=1))
        assert set(Split.objects.values_list("state", flat=True)) == {"confirmed"}
        assert sum(fake.received.values()) == 10 * Split.objects.count()
        if calls[0] <= place:
            assert place > 8 and not differences()
            return
    raise AssertionError("never through")
