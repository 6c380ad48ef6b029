"""What an authority holds stays held, however a case came to it and whatever happens meanwhile."""

from __future__ import annotations

import pytest
from tests.disputes.authority_kit import actor, confirm, end, enter, hold, new_request
from tests.disputes.disputes_kit import (
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    complain,
    delivered,
    make_shop,
    person,
    tell,
    undelivered,
)

from gongdao.core.errors import ConflictOfInterest, DisputeRefused
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.authority_requests import end_request, enter_request
from gongdao.disputes.authority_states import Tell
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.hand_over import take_case
from gongdao.disputes.models import AuthorityRequest, Case, Event, Remedy, Verdict
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.states import ReasonCode, Step
from gongdao.disputes.stop_clock import Stop, resume_clock, stop_clock
from gongdao.front.stores import get_stores

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED
SECOND = "公调〔2026〕18 号"


def held_by(case: Case) -> str:
    """The number of the request that the case stands still for; empty for none."""
    case.refresh_from_db()
    return case.clock_stop_reference if case.clock_stop_reason == "legal_hold" else ""


def nothing_moves(case: Case, at) -> None:
    """Long after its time no sweep grants anything, and neither does the merchant."""
    tell(case, at)
    fire_due_clocks(stores=get_stores(), at=at)
    follow_orders(stores=get_stores(), at=at)
    with pytest.raises(DisputeRefused, match="不动"):
        accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)
    assert not Verdict.objects.exists() and not Remedy.objects.exists()


@pytest.mark.parametrize("longer", [0, 1])
def test_the_other_request_goes_on_holding(longer):
    """Two name one order, and the one that stopped the clock is taken back: the other one holds, be
    it the longer of both or not, until it is taken back as well."""
    case = complain(delivered(), USED)
    hours = (200, 100) if longer == 0 else (100, 200)
    rows = [enter(case, hours=hours[0]), enter(case, hours=hours[1], paper_no=SECOND)]
    for row in rows:
        confirm(row)
    assert held_by(case) == rows[longer].number
    assert end(rows[longer], at=LATE + HOUR) == 0
    assert held_by(case) == rows[1 - longer].number
    nothing_moves(case, LATE + 99 * HOUR)
    assert end(rows[1 - longer], at=LATE + 99 * HOUR) == 1 and held_by(case) == ""


def test_another_stop_that_is_lifted_lets_nothing_go():
    """A case that stands still for an outage passes into the hold at once, and its owner, who may
    lift the one, cannot lift the other."""
    case, anna, stores = complain(delivered(), USED), person("anna").id, get_stores()
    take_case(stores=stores, case_id=case.id, user_id=anna, at=LATE)
    stop = Stop(StopReason.OUTAGE, "断网。", hours=5)
    stop_clock(stores=stores, case_id=case.id, by=anna, stop=stop, at=LATE)
    number = hold(case, at=LATE + HOUR)
    assert held_by(case) == number
    with pytest.raises(DisputeRefused, match="登记册"):
        resume_clock(stores=stores, case_id=case.id, by=anna, at=LATE + 2 * HOUR)
    nothing_moves(case, LATE + 700 * HOUR)


def test_a_clock_that_is_due_is_held_too():
    """Confirmed after the last moment and before any sweep came, it holds all the same; when it is
    over the clock is due at once."""
    case = complain(delivered(), USED)
    late = case.clock_due_at + HOUR
    row = enter(case, at=late)
    assert confirm(row, at=late) == 1 and held_by(case) == row.number
    nothing_moves(case, late + 100 * HOUR)
    end(row, at=late + 100 * HOUR)
    case.refresh_from_db()
    assert case.clock_due_at == late + 99 * HOUR


def ready(one, **changed):
    """A confirmed request about an order without a case."""
    request = new_request(one.number, **changed)
    row = enter_request(stores=get_stores(), request=request, by=actor("olga"), at=LATE)
    assert confirm(row) == 0
    return row


@pytest.mark.parametrize("talk", [False, True])
def test_a_case_that_is_opened_under_a_hold_is_held(talk):
    """A complaint that the rules would decide at once, or a question, stands still from its first
    moment: no verdict, no money asked for, and both are told; after the hold it is decided."""
    order = undelivered()
    row = ready(order, hours=100)
    case = complain(order, ReasonCode.NOT_DELIVERED, talk=talk)
    assert held_by(case) == row.number and case.clock_stop_until == row.until
    step = Step.TALK_MERCHANT if talk else Step.MERCHANT_ANSWER
    assert case.step == step
    nothing_moves(case, LATE + 99 * HOUR)
    fire_due_clocks(stores=get_stores(), at=row.until)
    case.refresh_from_db()
    fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
    assert Verdict.objects.get().automatic and Remedy.objects.get().state == "asked"


def test_without_a_hold_the_same_complaint_is_paid_at_once():
    """The control."""
    case = complain(undelivered(), ReasonCode.NOT_DELIVERED)
    assert Verdict.objects.get().automatic and Remedy.objects.get().case_id == case.id


def test_a_case_that_is_appealed_under_a_hold_is_held():
    """A closed case that opens again stands still from then on, and ends only after the hold."""
    case = complain(delivered(), ReasonCode.NOT_DELIVERED)
    assert case.outcome == "refused"
    row = ready(case.order)
    ask = {"stores": get_stores(), "case_id": case.id, "by": BUYER, "at": LATE + HOUR}
    appeal(**ask, ground=Ground.REQUEST, words="请人看一下")
    assert held_by(case) == row.number and case.step == Step.APPEAL_ARBITER
    fire_due_clocks(stores=get_stores(), at=LATE + 719 * HOUR)
    assert held_by(case) == row.number and Verdict.objects.count() == 1


def test_a_stop_by_hand_is_as_long_as_the_paper():
    """Its owner cannot make thirty days one hour: hours that he names count for nothing."""
    case, anna, stores = complain(delivered(), USED), person("anna").id, get_stores()
    take_case(stores=stores, case_id=case.id, user_id=anna, at=LATE)
    row = enter(case)
    AuthorityRequest.objects.filter(id=row.id).update(
        state="confirmed", checked_by=person("petra"), checked_at=LATE
    )
    stop = Stop(StopReason.LEGAL_HOLD, "有关机关要求不动。", hours=1, reference=row.number)
    stop_clock(stores=stores, case_id=case.id, by=anna, stop=stop, at=LATE)
    case.refresh_from_db()
    assert case.clock_stop_until == row.until


def test_a_hold_is_ended_by_two_and_not_by_who_decides_the_case():
    """The first person's word is kept and changes nothing, said twice neither; the owner of the
    held case says neither word; with the second person's it ends, and one whose time is over
    needs one alone."""
    case, anna, stores = complain(delivered(), USED), person("anna").id, get_stores()
    take_case(stores=stores, case_id=case.id, user_id=anna, at=LATE)
    row = enter(case)
    confirm(row)
    more = {"stores": stores, "request_id": row.id, "reason": "来函解除", "at": LATE + HOUR}
    for _n in range(2):
        assert end_request(**more, by=actor("olga")) is None
    with pytest.raises(ConflictOfInterest):
        end_request(**more, by=actor("anna"))
    assert held_by(case) == row.number
    assert end_request(**more, by=actor("petra")) == 1 and held_by(case) == ""
    short = enter(case, hours=1, paper_no=SECOND)
    confirm(short)
    late = more | {"request_id": short.id, "at": LATE + 2 * HOUR}
    assert end_request(**late, by=actor("olga")) is not None


def test_what_may_not_be_told_is_in_no_event():
    """A hold of which the parties may be told nothing is an event with its end alone: no reason, no
    rule and no number; one that may be told names all three."""
    shop = make_shop(stock=2)
    case, other = complain(delivered(shop), USED), complain(delivered(shop), USED)
    hold(case, tell=Tell.NOTHING)
    hold(other, paper_no=SECOND)
    data = {one.case_id: set(one.data) for one in Event.objects.filter(kind="stopped")}
    assert data == {case.id: {"until"}, other.id: {"until", "reason", "rule", "request"}}
    with pytest.raises(DisputeRefused) as refused:
        accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=LATE + HOUR)
    assert "机关" not in str(refused.value)
