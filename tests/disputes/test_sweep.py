"""Sweeps: a case that cannot move keeps no other waiting, two sweepers move a case once, and what
several cases need is read once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    BY_HAND,
    HOUR,
    LATE,
    check_money,
    complain,
    delivered,
    make_shop,
    pay_refunds,
    undelivered,
)
from tests.market.market_kit import make_merchant

from gongdao.core.errors import DisputeRefused
from gongdao.core.language import Phrase
from gongdao.disputes import collect_facts, each_case, fire_clocks
from gongdao.disputes import execute_remedies as execute_remedies_module
from gongdao.disputes.each_case import Round
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.hold_money import find_fence
from gongdao.disputes.merchant_record import read_records
from gongdao.disputes.models import Case, Event, HandOver, RecordedFact, Remedy
from gongdao.disputes.say import withdraw
from gongdao.disputes.states import ReasonCode, Step
from gongdao.front.stores import get_stores
from gongdao.ledger.models import LedgerHold
from gongdao.market.models import Order
from gongdao.payments.models import Refund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
USED = ReasonCode.ALREADY_USED
GONE = LATE + timedelta(days=9)
"""Whatever the merchant's time is, it is over."""


def _waiting(count: int) -> list[Case]:
    """Cases of one merchant that wait for his answer; nobody told him."""
    shop = make_shop(stock=count)
    orders = [delivered(shop, contact=f"b{n}@example.invalid") for n in range(count)]
    return [complain(one, USED, at=LATE) for one in orders]


def _sweep(at=GONE) -> Round:
    return fire_due_clocks(stores=get_stores(), at=at)


def _steps(cases: list[Case]) -> list[str]:
    found = dict(Case.objects.values_list("id", "step"))
    return [found[one.id] for one in cases]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DisputeRefused(Phrase("没有这个案件。")), DisputeRefused.code),
        (IntegrityError("twice"), "IntegrityError"),
        (DatabaseError("refused"), "DatabaseError"),
    ],
)
def test_one_that_refuses_keeps_no_other_waiting(error, code, monkeypatch):
    """What the refusing case wrote is undone, the others move, and the next round finds it."""
    cases = _waiting(3)
    fence = fire_clocks.fence_money

    def refuse(*, case, order, at):
        if case.id == cases[0].id:
            raise error
        fence(case=case, order=order, at=at)

    with monkeypatch.context() as patched:
        patched.setattr(fire_clocks, "fence_money", refuse)
        done = _sweep()
    assert (done.count, done.refused) == (2, {cases[0].id: code})
    assert _steps(cases) == [Step.MERCHANT_ANSWER, Step.ARBITER, Step.ARBITER]
    assert not HandOver.objects.filter(case=cases[0]).exists()
    assert (_sweep().count, _steps(cases)) == (1, [Step.ARBITER] * 3)


def test_a_lost_database_ends_the_round(monkeypatch):
    """Where the database itself is gone the round ends and says so; nothing is half written."""
    cases = _waiting(2)

    def lost(**_):
        raise OperationalError("gone")

    monkeypatch.setattr(fire_clocks, "fence_money", lost)
    with pytest.raises(OperationalError):
        _sweep()
    assert _steps(cases) == [Step.MERCHANT_ANSWER] * 2


def _two_sweepers() -> list[Round]:
    rounds: list[Round] = []

    def run() -> None:
        try:
            rounds.append(_sweep())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rounds


def _meet(monkeypatch, lock) -> None:
    """Both sweepers have looked for due cases before either takes one with ``lock``."""
    both, find = threading.Barrier(2), fire_clocks._find

    def found(*values):
        rows = find(*values)
        both.wait(10)
        return rows

    monkeypatch.setattr(fire_clocks, "_find", found)
    monkeypatch.setattr(each_case, "lock_case_if_free", lock)


def test_two_sweepers_move_a_case_once(monkeypatch):
    """Both find the same cases due; each case lapses once."""
    cases = _waiting(6)
    _meet(monkeypatch, each_case.lock_case_if_free)
    rounds = _two_sweepers()
    assert [one.refused for one in rounds] == [{}, {}]
    assert sum(one.count for one in rounds) == len(cases)
    assert Event.objects.filter(kind="lapsed").count() == len(cases)
    assert _steps(cases) == [Step.ARBITER] * 6


def test_without_the_lock_they_meet(monkeypatch):
    """The control: where the rows are only read, both go on with the same case, and only that the
    database numbers events once stops the second."""
    _waiting(1)
    both = threading.Barrier(2)

    def read(case_id):
        case = Case.objects.select_related("order").get(id=case_id)
        both.wait(10)
        return case, case.order

    _meet(monkeypatch, read)
    rounds = _two_sweepers()
    assert sum(one.count for one in rounds) == 1
    assert sum(len(one.refused) for one in rounds) == 1


def test_what_several_cases_need_is_read_once(monkeypatch):
    """A further case of the same merchant takes ten statements beside its facts and leaves at most,
    and the merchant's record is read once for all of them."""
    cases = _waiting(4)
    asked = []

    def read(merchants, at):
        asked.append(merchants)
        return read_records(merchants, at)

    monkeypatch.setattr(fire_clocks, "read_records", read)
    monkeypatch.setattr(collect_facts, "read_records", None)  # nobody reads it a second time
    taken = []
    for some in (1, 3):
        with CaptureQueriesContext(connection) as seen:
            assert fire_due_clocks(stores=get_stores(), at=GONE, most=some).count == some
        taken.append(len(seen))
    assert 0 < (taken[1] - taken[0]) / 2 <= 10, taken
    assert asked == [{cases[0].merchant_id}] * 2


def test_the_record_of_several_merchants():
    """Each merchant's own deliveries and silences are counted, once however many ask; one who has
    no past has a record of nothing."""
    shop, other = make_shop(stock=2), make_shop(merchant=make_merchant("另一家"))
    idle = make_merchant("第三家").id
    for n, one in enumerate([shop, shop, other]):
        complain(delivered(one, contact=f"b{n}@example.invalid"), USED, at=LATE)
    assert _sweep().count == 3
    wanted = [shop.merchant.id, other.merchant.id, idle]
    found = read_records(wanted, GONE)
    counted = (FactName.MERCHANT_ORDERS_90D, FactName.MERCHANT_SILENCES_30D)
    assert [[found[one][name] for name in counted] for one in wanted] == [[2, 2], [1, 1], [0, 0]]
    assert read_records([idle], GONE) == {idle: found[idle]}
    long_after = read_records([shop.merchant.id], GONE + 121 * 24 * HOUR)
    assert not any(long_after[shop.merchant.id].values())


def test_a_promise_that_moved_is_waited_for_again(monkeypatch):
    """The platform took time that is not counted: the case says that it was judged and rests until
    the new time, and the sweep does not find it before."""
    case = complain(undelivered(), ReasonCode.NOT_DELIVERED, at=AT + timedelta(minutes=2))
    due = case.clock_due_at
    promise = due + HOUR
    monkeypatch.setattr(collect_facts, "promised_by", lambda *_: promise)
    assert _sweep(due).deeds == {"judged": 1}
    case.refresh_from_db()
    assert (case.step, case.clock_due_at >= promise) == (Step.DELIVERY_DUE, True)
    assert [one.kind for one in case.events.order_by("number")] == ["opened", "judged"]
    assert set(RecordedFact.objects.values_list("round", flat=True)) == {1, 2}
    assert _sweep(due).count == 0
    assert _sweep(case.clock_due_at).deeds == {"judged": 1}
    case.refresh_from_db()
    assert case.step == Step.EXECUTING


def test_money_fenced_by_a_sweep_is_on_record():
    """Delivered while the case rests: its money is fenced, the case says so, no round looks at it
    again, and when the case ends the money is where the sale's money was."""
    one = undelivered()
    case = complain(one, ReasonCode.NOT_DELIVERED, at=AT + timedelta(minutes=2))
    at = AT + timedelta(minutes=5)
    Order.objects.filter(id=one.id).update(
        state="delivered", delivered_at=at, protected_until=at + 24 * HOUR
    )
    assert [follow_orders(stores=get_stores(), at=at) for _ in range(2)] == [1, 0]
    case.refresh_from_db()
    fence = find_fence(one)
    assert case.fenced and fence is not None and fence.left.minor == one.total_minor
    withdraw(stores=get_stores(), case_id=case.id, by=BUYER, at=at + HOUR)
    case.refresh_from_db()
    assert (case.fenced, find_fence(one)) == (False, None)
    left = LedgerHold.objects.filter(purpose="sale", state="held").values_list(
        "left_minor", flat=True
    )
    assert sum(left) == one.total_minor
    check_money()


def test_a_remedy_that_the_database_refuses_keeps_no_other_waiting(monkeypatch):
    """One case's step cannot be written; the other's money goes back, and so does the first's when
    it can."""
    shop = make_shop(stock=0, offer=BY_HAND)
    cases = [complain(undelivered(shop), ReasonCode.NOT_DELIVERED, at=LATE) for _ in range(2)]
    pay_refunds(LATE)
    note = execute_remedies_module._look

    def refuse(docket, step):
        if docket.case.id == cases[0].id:
            raise IntegrityError("no")
        note(docket, step)

    later = LATE + HOUR
    with monkeypatch.context() as patched:
        patched.setattr(execute_remedies_module, "_look", refuse)
        assert execute_remedies(stores=get_stores(), at=later) == 1
    assert execute_remedies(stores=get_stores(), at=later) == 1
    assert Refund.objects.count() == Remedy.objects.filter(state="done").count() == 2
