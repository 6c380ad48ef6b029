"""A chargeback ends what was paid and not delivered, for good; what was delivered goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND
from tests.market.test_cancel_order import _balanced, _deliver, _leaves

from gongdao.core.errors import InputError, MoneyRefused, OrderRefused
from gongdao.core.money import Money
from gongdao.disputes import charge_back_order as charging
from gongdao.disputes.charge_back_order import ask_of_refunds, charge_back_order
from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.front.stores import get_stores
from gongdao.front.web.operator_queues import old_charge_backs
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.queries import find_balance
from gongdao.log.life_cycles import IllegalStep, check_step
from gongdao.market import end_charged_back as ending
from gongdao.market import top_up as topping
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.cancel_order import cancel_order
from gongdao.market.charge_back_notice import note_charge_back, refund_waits
from gongdao.market.decide_top_up import TopUpState
from gongdao.market.give_back import give_back, refund_confirmed
from gongdao.market.models import Finding, Order, Supplier, Supply, TopUp
from gongdao.market.note_bill import settle_finding
from gongdao.market.notices import _event_of
from gongdao.market.offer import Delivery
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.market.risk import answer_risk_question, withdraw_delayed
from gongdao.market.shown import find_shown
from gongdao.market.staff import Actor
from gongdao.market.states import CancelReason
from gongdao.market.watch_orders import watch_order
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.models import Credit, Refund
from gongdao.payments.port import Report, Told
from gongdao.payments.push_refund import push_refund
from gongdao.payments.sandbox_book import TableBook

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 60


@pytest.fixture
def paid(db):
    """A paid order that a person delivers."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    pay(placed)
    return Order.objects.get(number=placed.number)


def _charge(paid, minor=None, reference="dp_1", at=AT, **more):
    amount = Money(minor or paid.total_minor, paid.currency)
    given = {"order_id": paid.id, "amount": amount, "reference": reference, "at": at, **more}
    return charge_back_order(stores=get_stores(), **given)


def _types(paid):
    return [one["t"] for one in _leaves(paid.log_subject)]


def test_what_was_not_delivered_ends_with_it(paid):
    """Nothing is delivered any more, the reason is written, the log says it once, books agree."""
    assert not _charge(paid).replayed and _charge(paid).replayed
    paid.refresh_from_db()
    assert (paid.state, paid.why, paid.ended_at) == ("refunded", "charged_back", AT)
    assert not _deliver(paid)
    assert watch_order(stores=get_stores(), order_id=paid.id, at=AT + timedelta(days=9)) is None
    assert _types(paid)[-2:] == ["order.paid", "order.charged_back"]
    assert not Refund.objects.exists() and _balanced()


def test_the_rest_of_a_part_goes_back(paid):
    """The bank took a part: the order ends all the same, and what is left goes to the buyer."""
    _charge(paid, 100)
    paid.refresh_from_db()
    assert (paid.state, paid.why) == ("refunding", "charged_back")
    assert Refund.objects.get().amount_minor == paid.total_minor - 100
    assert not _deliver(paid)
    assert _types(paid)[-2:] == ["order.charged_back", "order.refund_requested"]
    _charge(paid, 50, "dp_2")
    assert _types(paid)[-1] == "order.charged_back" and _balanced()


def test_what_was_delivered_goes_on(paid):
    """The buyer has the goods: his order stays as it is, and the log says what the bank did."""
    assert _deliver(paid)
    _charge(paid)
    paid.refresh_from_db()
    assert (paid.state, paid.why) == ("delivered", "delivered_by_merchant")
    assert _types(paid)[-2:] == ["order.delivered", "order.charged_back"]


def _supplier(paid):
    return Supplier.objects.create(
        id=uuid4(), merchant_id=paid.merchant_id, kind="yrapi", name="x", url="https://x.invalid",
        account="1", sealed=b"", added_at=AT,
    )  # fmt: skip


def test_a_supplier_is_not_asked_any_more(paid):
    """A piece that was not asked for ends; one that was is looked after and not asked again."""
    supplier = _supplier(paid)
    for place, asks in ((1, 0), (2, 1)):
        TopUp.objects.create(
            id=uuid4(), order=paid, place=place, supplier=supplier, number=f"N{place}",
            product="2", face_minor=1, most_minor=1, currency="CNY", ask="x", asks=asks,
            begun_at=AT, next_look_at=AT, state=TopUpState.ASKED.value, ask_next=True,
        )  # fmt: skip
    _charge(paid)
    first, second = TopUp.objects.order_by("place")
    assert (first.state, first.next_look_at, first.ended_at) == ("failed", None, AT)
    assert (second.state, second.next_look_at, second.ask_next) == ("asked", AT, False)


def _told(paid):
    """The service's word on the order's payment."""
    credit = Credit.objects.get()
    report = Report(
        "", credit.trade_no, Told.CHARGED_BACK, Money(paid.total_minor), "sandbox", event_no="dp_1"
    )
    assert note_charge_back(report=report, gateway="sandbox", digest=b"", at=AT)
    return paid.promise_by + timedelta(minutes=1)


def test_an_order_waits_while_a_service_says_so(paid):
    """Neither delivered nor refunded on top, by merchant, supplier or watchdog, until it is booked;
    the word stays on the desk meanwhile."""
    late = _told(paid)
    with pytest.raises(InputError, match="先不要发货"):
        _deliver(paid)
    assert watch_order(stores=get_stores(), order_id=paid.id, at=late + timedelta(days=9)) is None
    paid.refresh_from_db()
    assert paid.state == "paid" and not Refund.objects.exists()
    assert Finding.objects.get(code="charged_back").closed_at is None
    _charge(paid, at=late)
    assert Finding.objects.get(code="charged_back").closed_at == late
    paid.refresh_from_db()
    assert (paid.state, paid.why) == ("refunded", "charged_back")


def test_an_order_goes_on_where_nothing_was_taken(paid):
    """A person says that the bank took nothing: the merchant delivers, or the watchdog judges."""
    late = _told(paid)
    given = {"order_id": paid.id, "code": "charged_back", "reason": "只是查询", "at": AT}
    assert settle_finding(by=Actor(None, "test"), **given)
    assert watch_order(stores=get_stores(), order_id=paid.id, at=late) is not None
    assert _deliver(paid)


def test_a_top_up_is_not_begun_meanwhile(paid, monkeypatch):
    """The supplier is not asked for an order whose payment may be gone."""
    monkeypatch.setattr(topping, "_begin", lambda order, at: None)
    offer = replace(
        find_shown(paid.listing_id, paid.listing_version).offer, delivery=Delivery.SUPPLIER
    )
    monkeypatch.setattr(topping, "find_shown", lambda *_: SimpleNamespace(offer=offer))
    supplier = _supplier(paid)
    Supply.objects.create(
        listing_id=paid.listing_id, supplier=supplier, product="2", face_minor=1, most_minor=1,
        currency="CNY", ask="x",
    )  # fmt: skip
    assert topping.begin_top_ups(stores=get_stores(), at=AT) == 1
    _told(paid)
    assert topping.begin_top_ups(stores=get_stores(), at=AT) == 0


def test_its_buyer_is_told_once():
    """Of an order that ended with it; not of the refund of the rest, nor of a delivered one."""
    assert _event_of("order.charged_back", "charged_back", "refunded") == "charged_back"
    assert not _event_of("order.refund_requested", "charged_back", "refunding")
    assert not _event_of("order.charged_back", "delivered", "delivered")


def _waits(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [pid])
        return cursor.fetchone() is not None


@pytest.mark.parametrize("guarded", [True, False])
def test_a_chargeback_against_delivery(paid, monkeypatch, guarded):
    """Delivery comes while the chargeback is booked: it waits and finds the order ended; without
    the lock, the control, the goods go out for money that is gone."""
    real, pids, done, results = charging.charge_back, [], threading.Event(), {}

    def deliver():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        results["delivered"] = _deliver(paid)
        connection.close()
        done.set()

    thread = threading.Thread(target=deliver)

    def meanwhile(**given):
        thread.start()
        end = time.monotonic() + PATIENCE_S
        while not done.is_set() and not (pids and _waits(pids[0])):
            assert time.monotonic() < end
            done.wait(0.01)
        return real(**given)

    monkeypatch.setattr(charging, "charge_back", meanwhile)
    if not guarded:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_more: self)
        monkeypatch.setattr(charging, "lock_order", lambda one: Order.objects.get(id=one))
        monkeypatch.setattr(ending, "append_leaves", lambda **_more: None)
    assert not _charge(paid).replayed
    thread.join()
    assert results["delivered"] is not guarded
    paid.refresh_from_db()
    assert (paid.delivered_at is None) is guarded and paid.state == "refunded"


def test_the_log_lets_nobody_deliver_after_it():
    """The auditor's table: at any time after the payment, and no delivery or cancelling after."""
    for before in ("paid", "delivered", "released", "refund_requested", "refunded", "charged_back"):
        check_step(LIFE_CYCLES, "order.charged_back", f"order.{before}")
    for after in ("refund_requested", "refunded", "released", "revealed", "tested"):
        check_step(LIFE_CYCLES, f"order.{after}", "order.charged_back")
    for kind, before in (
        ("delivered", "charged_back"),
        ("cancelled", "charged_back"),
        ("charged_back", "placed"),
        ("charged_back", "expired"),
    ):
        with pytest.raises(IllegalStep):
            check_step(LIFE_CYCLES, f"order.{kind}", f"order.{before}")


def test_nothing_is_released_while_a_service_says_so(paid):
    """The held money is the surest cover: neither the end of protection nor the buyer's word lets
    it go before a person has looked; afterwards it goes on."""
    assert _deliver(paid)
    _told(paid)
    over = AT + timedelta(days=30)
    assert release_due(stores=get_stores(), at=over) == 0
    assert not confirm_receipt(stores=get_stores(), order_id=paid.id, at=over)
    assert settle_finding(
        order_id=paid.id, code="charged_back", reason="只是查询", by=Actor(None, "test"), at=over
    )
    assert release_due(stores=get_stores(), at=over) == 1 and _balanced()


def test_its_money_goes_back_by_nobody_meanwhile(paid):
    """Neither the merchant's cancelling, nor a refund of the order, nor one that was asked for
    before the service spoke: each would give the buyer the same money a second time."""
    _told(paid)
    paid.refresh_from_db()
    assert paid.why == "payment_in_doubt"
    with pytest.raises(InputError, match="现在不能取消"):
        cancel_order(
            stores=get_stores(), order_id=paid.id, merchant_id=paid.merchant_id,
            reason=CancelReason.NO_STOCK, words="没有货了", by=uuid4(), at=AT,
        )  # fmt: skip
    assert not give_back(stores=get_stores(), order_id=paid.id, why="top_up_failed", at=AT)
    paid.refresh_from_db()
    assert paid.state == "paid" and not Refund.objects.exists() and _balanced()


def test_a_refund_that_was_asked_for_waits(paid):
    """A refund under way is not asked for while the bank may give the same money back; once a
    person says that nothing was taken, it is."""
    assert give_back(stores=get_stores(), order_id=paid.id, why="not_delivered", at=AT)
    _told(paid)
    given = {"gateways": {}, "confirmed": lambda _: None, "waits": refund_waits}
    assert not carry_out_refunds(at=AT, **given)
    assert Refund.objects.get().tries == 0
    settle_finding(order_id=paid.id, code="charged_back", reason="x", by=Actor(None, "t"), at=AT)
    carry_out_refunds(at=AT + timedelta(hours=1), **given)
    assert Refund.objects.get().tries == 1


def test_a_buyer_who_was_told_to_buy_waits_too(paid):
    """He says that somebody told him, or takes the order back: refused with words while it is in
    doubt, and his answer can be given again; that nobody told him is kept."""
    Order.objects.filter(id=paid.id).update(risk="asks_velocity")
    late = _told(paid)
    given = {"stores": get_stores(), "order_id": paid.id}
    with pytest.raises(OrderRefused, match="退两次"):
        answer_risk_question(told_by_somebody=True, at=late, **given)
    with pytest.raises(OrderRefused, match="退两次"):
        withdraw_delayed(at=late, **given)
    assert answer_risk_question(told_by_somebody=False, at=late, **given)
    paid.refresh_from_db()
    assert paid.why == "payment_in_doubt" and not Refund.objects.exists()


def test_the_reason_ends_with_the_doubt(paid):
    """A person says that the bank took nothing: the watchdog writes again what the order waits
    for."""
    _told(paid)
    settle_finding(order_id=paid.id, code="charged_back", reason="x", by=Actor(None, "t"), at=AT)
    watch_order(stores=get_stores(), order_id=paid.id, at=AT)
    paid.refresh_from_db()
    assert paid.why == "waiting_for_delivery"


def test_a_doubt_that_lasts_is_counted_on_the_desk(paid):
    """Three days after the service spoke, and nobody looked, the overview says so."""
    _told(paid)
    assert not old_charge_backs(AT + timedelta(days=2)).exists()
    assert old_charge_backs(AT + timedelta(days=3)).exists()


def _refunding(paid, **changed):
    assert give_back(stores=get_stores(), order_id=paid.id, why="not_delivered", at=AT)
    Refund.objects.update(**changed)


def _owed(paid):
    """What waits for buyers, the platform's reserve and cost, and what the merchant owes."""
    kinds = (AccountKind.BUYER_REFUND, AccountKind.PLATFORM_RESERVE, AccountKind.PLATFORM_COST)
    shown = [find_balance(platform_account(one)).minor for one in kinds]
    debt = merchant_account(AccountKind.MERCHANT_RECEIVABLE, paid.merchant_id)
    return [*shown, find_balance(debt).minor]


def test_a_refund_the_service_refused_is_done_with_it(paid):
    """The bank gave the buyer what was on its way to him: nothing waits for him any more, the
    merchant pays nothing, the order is refunded, and nobody can have it paid again."""
    _refunding(paid, state="stuck", tries=20, problem="refused:charge_disputed", next_try_at=None)
    assert not _charge(paid).replayed and _charge(paid).replayed
    assert _owed(paid) == [0, 0, 0, 0] and _balanced()
    refund = Refund.objects.get()
    assert (refund.state, refund.paid_elsewhere) == ("confirmed", f"chargeback:{refund.refund_no}")
    assert not push_refund(refund_id=refund.id, at=AT)
    paid.refresh_from_db()
    assert paid.state == "refunded"
    assert _types(paid)[-2:] == ["order.charged_back", "order.refunded"]


def test_the_bank_took_less_than_is_on_its_way(paid):
    """What it did not take stays asked for, under a number of its own; the order still waits."""
    _refunding(paid)
    _charge(paid, 100)
    left = Refund.objects.get(state="requested")
    assert (left.amount_minor, left.again) == (paid.total_minor - 100, 1)
    assert _owed(paid) == [left.amount_minor, 0, 0, 0] and _balanced()
    paid.refresh_from_db()
    assert paid.state == "refunding"


UNSURE = {"state": "stuck", "tries": 3, "problem": "outcome_unknown", "next_try_at": None}


def _gateways():
    return {"sandbox": Sandbox(key=b"k", pay_url="", book=TableBook())}


def _charge_asked(paid, gateways, said=None, at=AT):
    fates = ask_of_refunds(order_id=paid.id, gateways=gateways, at=at)
    return _charge(paid, at=at, fates=fates, said=said)


def test_a_refund_of_which_nobody_can_say_waits_for_a_person(paid):
    """The service is silent: the chargeback is refused with words and nothing moves, until somebody
    who looked says that nothing was paid; then the refund is done with it."""
    _refunding(paid, **UNSURE)
    with pytest.raises(MoneyRefused, match="支付渠道没有说"):
        _charge_asked(paid, {})
    assert Refund.objects.get().problem == "outcome_unknown"
    assert _owed(paid) == [paid.total_minor, 0, 0, 0] and _types(paid)[-1] != "order.charged_back"
    _charge_asked(paid, {}, RefundFate.ABSENT)
    assert Refund.objects.get().paid_elsewhere.startswith("chargeback:")
    assert _owed(paid) == [0, 0, 0, 0] and _balanced()


def test_a_refund_that_the_service_does_not_know_is_done_with_it(paid):
    """Asked first, it knows no such refund: the bank has paid it, and nothing waits for ever; a
    person who says otherwise is not listened to."""
    _refunding(paid, **UNSURE)
    _charge_asked(paid, _gateways(), RefundFate.ARRIVED)
    refund = Refund.objects.get()
    assert (refund.state, refund.paid_elsewhere) == ("confirmed", f"chargeback:{refund.refund_no}")
    assert _owed(paid) == [0, 0, 0, 0] and _balanced()


def test_a_refund_that_arrived_after_all_is_confirmed_first(paid):
    """Asked first, it says that it paid: the buyer has it twice, which is the platform's loss and
    not the merchant's."""
    _refunding(paid)
    gateways = _gateways()
    carry_out_refunds(gateways=gateways, confirmed=lambda _one: None, at=AT)
    Refund.objects.update(confirmed_at=None, **UNSURE)
    _charge_asked(paid, gateways)
    assert (Refund.objects.get().state, Refund.objects.get().paid_elsewhere) == ("confirmed", "")
    assert _owed(paid) == [0, 0, -paid.total_minor, 0] and _balanced()
    paid.refresh_from_db()
    assert paid.state == "refunded"
    assert _types(paid)[-2:] == ["order.refunded", "order.charged_back"]


def test_a_refund_that_was_asked_for_since_is_asked_about_again(paid):
    """A worker asked for it between the service's answer and the booking, which knows nothing of
    that: refused with words, and the next try asks anew."""
    _refunding(paid, **UNSURE)
    fates = ask_of_refunds(order_id=paid.id, gateways=_gateways(), at=AT)
    Refund.objects.update(tries=4)
    with pytest.raises(MoneyRefused, match="几分钟后"):
        _charge(paid, fates=fates, said=RefundFate.ABSENT)
    assert Refund.objects.get().state == "stuck" and _balanced()
    _charge_asked(paid, _gateways())
    assert _owed(paid) == [0, 0, 0, 0] and _balanced()


def test_a_refund_that_is_being_asked_for_is_waited_for(paid):
    """A worker is at it this moment, and the service may say yes to him after it knew of none: the
    chargeback is refused with words until his time is over."""
    _refunding(paid, problem="asking", tries=1, next_try_at=AT + timedelta(minutes=5))
    with pytest.raises(MoneyRefused, match="几分钟后"):
        _charge_asked(paid, _gateways(), RefundFate.ABSENT)
    _charge_asked(paid, _gateways(), at=AT + timedelta(minutes=5))
    assert _owed(paid) == [0, 0, 0, 0] and _balanced()


def test_what_the_buyer_has_twice_is_not_the_merchants(paid):
    """He was refunded, and his bank takes the same again: the merchant never had that money, so it
    is the platform's loss."""
    _refunding(paid)
    gateways = _gateways()
    confirmed = partial(refund_confirmed, stores=get_stores(), at=AT)
    done = carry_out_refunds(gateways=gateways, confirmed=lambda one: confirmed(refund=one), at=AT)
    assert done == 1
    _charge(paid)
    assert _owed(paid) == [0, 0, -paid.total_minor, 0] and _balanced()
