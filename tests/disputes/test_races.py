"""Two at once, and every write that fails: a case moves once, money goes back once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    check_money,
    complain,
    delivered,
    make_shop,
    pay_refunds,
    person,
    tell,
    undelivered,
)
from tests.lost_writes import failing_commit, failing_statement
from tests.side_by_side import at_once

from gongdao.core.errors import NotYourMove
from gongdao.disputes import offers, open_case
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.models import Case, OfferAnswer, Remedy, Verdict
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, offer
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.front.stores import get_stores
from gongdao.ledger.models import LedgerHold, LedgerTransfer
from gongdao.market.models import Order
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.payments.models import Refund
from gongdao.vault.run_sql import run_prepared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
USED = ReasonCode.ALREADY_USED
ENDS = AT + timedelta(days=3)
"""Protection has ended."""


def _returned(order: Order) -> int:
    rows = Refund.objects.filter(credit__intent__owner_id=order.id)
    return sum(rows.values_list("amount_minor", flat=True))


def test_complaint_against_release():
    """At the moment when protection ends either the money went to the merchant, or it is fenced for
    the case, never both and never neither."""
    shop = make_shop(stock=6)
    orders = [delivered(shop, contact=f"b{n}@example.invalid") for n in range(6)]
    deeds: list[Callable[[], Any]] = [partial(complain, o, USED, at=ENDS) for o in orders]
    deeds += [lambda: release_due(stores=get_stores(), at=ENDS)] * 2
    told = at_once(deeds)
    assert not [one for one in told if isinstance(one, Exception)], told
    for one in orders:
        released = LedgerTransfer.objects.filter(owner_id=one.id, kind="release").exists()
        holds = LedgerHold.objects.filter(owner_id=one.id, state="held")
        fenced = [hold for hold in holds if hold.purpose.startswith("dispute:")]
        assert released != bool(fenced)
    assert Case.objects.count() == 6
    check_money()


def _release_between(monkeypatch, lock, one):
    """A complaint during which, right after it read the order by ``lock``, the buyer's own tap on
    "it works" tries to release the money, for at most 300 ms; both results."""
    taps: list[Any] = []

    def tap():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            taps.append(confirm_receipt(stores=get_stores(), order_id=one.id, at=LATE))
        except OperationalError as error:
            taps.append(error)
        finally:
            with connection.cursor() as cursor:  # who gets it from the pool next waits as ever
                cursor.execute("RESET lock_timeout")
            connection.close()

    def read_then_wait(order_id):
        order = lock(order_id)
        thread = threading.Thread(target=tap)
        thread.start()
        thread.join()
        return order

    monkeypatch.setattr(open_case, "lock_order", read_then_wait)
    case = complain(one, USED)
    return case, taps[0]


def test_a_release_cannot_slip_into_a_complaint(monkeypatch):
    """A tap while a complaint is being opened waits for it, and then finds the money kept."""
    one = delivered()
    case, tap = _release_between(monkeypatch, open_case.lock_order, one)
    assert isinstance(tap, OperationalError) and case.fenced
    assert not confirm_receipt(stores=get_stores(), order_id=one.id, at=LATE)
    assert Order.objects.get(id=one.id).state == "delivered"
    check_money()


def test_without_the_lock_a_release_slips_in(monkeypatch):
    """The control: with the order read and not locked both win, the money is gone and the case does
    not know it."""
    one = delivered()
    case, tap = _release_between(monkeypatch, lambda id: Order.objects.get(id=id), one)
    assert tap is True and not case.fenced
    assert case.order.state == "delivered" != Order.objects.get(id=one.id).state


def test_five_complaints_about_one_order():
    """One button pressed five times at once is one case, and one refund."""
    one = undelivered()
    told = at_once([lambda: complain(one, ReasonCode.NOT_DELIVERED, at=LATE)] * 5)
    assert not [x for x in told if isinstance(x, Exception)], told
    assert len({x.id for x in told}) == Case.objects.count() == 1
    assert _returned(one) == one.total_minor
    check_money()


def _offered():
    one = delivered()
    case = complain(one, USED)
    terms = Terms(Kind.REFUND_PART, 3000)
    made = offer(stores=get_stores(), case_id=case.id, by=MERCHANT, terms=terms, at=LATE)
    return one, case, made


def _accept(case, made):
    return accept_offer(
        stores=get_stores(), case_id=case.id, offer_id=made, by=BUYER, at=LATE + HOUR
    )


def test_an_offer_accepted_twice_at_once():
    """One of the taps accepts, the others find it accepted."""
    one, case, made = _offered()
    told = at_once([lambda: _accept(case, made)] * 5)
    assert sorted(told) == [False] * 4 + [True]
    assert (_returned(one), OfferAnswer.objects.count()) == (3000, 1)
    check_money()


def test_without_the_lock_offers_meet(monkeypatch):
    """The control: without the rows' locks the taps collide, and only the database's own
    constraints keep the money from going twice."""

    def unlocked(case_id):
        case = Case.objects.get(id=case_id)
        return case, Order.objects.get(id=case.order_id)

    one, case, made = _offered()
    monkeypatch.setattr(offers, "lock_case", unlocked)
    told = at_once([lambda: _accept(case, made)] * 5)
    assert [x for x in told if isinstance(x, Exception)]
    assert _returned(one) <= 3000


def test_two_arbiters_at_once():
    """Both decide at the same moment: one verdict stands, the other is told that it is over."""
    one = delivered()
    case = complain(one, USED)
    say(
        stores=get_stores(),
        case_id=case.id,
        by=MERCHANT,
        deed=Deed.CONTEST,
        words="我们核对过，卡密出库时有效。",
        at=LATE,
    )
    people = [person("anna").id, person("boris").id]

    def decide(who):
        ruling = Ruling(
            Kind.REFUND_FULL,
            one.total_minor,
            {"merchant": 100},
            "录屏从提卡前开始，兑换时显示已被使用，商家没有相反的记录。",
            ["liability/already_used"],
            {FactName.DEFECT_SHOWN: True},
        )
        return give_verdict(
            stores=get_stores(), case_id=case.id, by=who, ruling=ruling, at=LATE + HOUR
        )

    told = at_once([partial(decide, w) for w in people])
    assert sorted(type(x).__name__ for x in told) == ["NotYourMove", "Verdict"]
    assert (Verdict.objects.count(), _returned(one)) == (1, one.total_minor)


def test_a_clock_against_an_answer():
    """The clock runs out while the merchant taps: one of both moves the case, the claim is paid
    once either way."""
    one = delivered()
    case = complain(one, USED)
    tell(case, LATE)
    at = LATE + 25 * HOUR
    told = at_once(
        [lambda: accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)]
        + [lambda: fire_due_clocks(stores=get_stores(), at=at)] * 3
    )
    assert {type(x) for x in told if isinstance(x, Exception)} <= {NotYourMove}
    assert (_returned(one), Verdict.objects.count()) == (one.total_minor, 1)
    check_money()


def test_two_workers_execute():
    """Several workers carry the same remedies out: each step ends once."""
    shop = make_shop(stock=4)
    for n in range(4):
        case = complain(delivered(shop, contact=f"b{n}@example.invalid"), USED)
        accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=LATE)
    pay_refunds(LATE)
    at = LATE + HOUR
    told = at_once([lambda: execute_remedies(stores=get_stores(), at=at)] * 4)
    assert not [x for x in told if isinstance(x, Exception)], told
    execute_remedies(stores=get_stores(), at=at)
    assert set(Remedy.objects.values_list("state", flat=True)) == {"done"}
    assert set(Case.objects.values_list("state", flat=True)) == {"closed"}
    check_money()


def _state():
    return (
        list(Case.objects.values_list("state", "step", "moves")),
        list(Remedy.objects.values_list("state", "refund_no")),
        Refund.objects.count(),
        LedgerTransfer.objects.count(),
    )


def test_every_statement_of_execution_lost():
    """Wherever the connection breaks while a refund is asked for, nothing of it happened, and asked
    again it happens once."""
    one = delivered()
    case = complain(one, USED)
    before = _state()
    verb = {"stores": get_stores(), "case_id": case.id, "by": MERCHANT, "at": LATE}
    with failing_statement(1), pytest.raises(OperationalError):
        run_prepared("SELECT 1", {})  # what is sent beside Django is lost as well
    number, seen = 0, [0]
    while number == 0 or seen[0] >= number:
        number += 1
        with failing_statement(number) as seen:
            try:
                accept_claim(**verb)
            except OperationalError:
                pass
            else:
                break
        assert _state() == before
        connection.close()
    assert number > 35
    assert _returned(one) == one.total_minor
    check_money()


@pytest.mark.parametrize("done", [False, True])
def test_the_commit_lost_or_done_though_reported_failed(done):
    """Opening, and executing, whose commit is lost or only seems so: asked again, the same case and
    one refund."""
    one = undelivered()
    with failing_commit(done=done), pytest.raises(OperationalError):
        complain(one, ReasonCode.NOT_DELIVERED, at=LATE)
    connection.close()
    complain(one, ReasonCode.NOT_DELIVERED, at=LATE)
    assert (Case.objects.count(), _returned(one)) == (1, one.total_minor)
    pay_refunds(LATE)
    with failing_commit(done=done), pytest.raises(OperationalError):
        execute_remedies(stores=get_stores(), at=LATE + HOUR)
    connection.close()
    execute_remedies(stores=get_stores(), at=LATE + HOUR)
    assert Case.objects.get().outcome == "upheld"
    assert Case.objects.get().events.filter(kind="closed").count() == 1
    check_money()


def test_without_the_bound_a_remedy_pays_twice(monkeypatch):
    """The control of the last guard: planned twice beyond what was paid, the database refuses."""
    from django.db import DatabaseError

    one = delivered()
    case = complain(one, USED)
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=LATE)
    row = Remedy.objects.get()
    with pytest.raises(DatabaseError):
        Remedy.objects.create(
            id=person("x").id,
            case=case,
            basis="verdict:9",
            place=1,
            kind="refund",
            amount_minor=row.amount_minor,
            currency="CNY",
            next_try_at=LATE,
            planned_at=LATE,
        )
