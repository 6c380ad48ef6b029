"""What comes to management because the platform was silent can be taken, and decided, by others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    check_money,
    complain,
    delivered,
    person,
    undelivered,
)
from tests.disputes.test_merchant_appeal import PRICE, ask, carry_out, decide

from gongdao.core.errors import NotYourMove
from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.hand_over import take_case
from gongdao.disputes.models import HandOver
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.queries import find_proposal
from gongdao.disputes.say import say, withdraw
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.front.stores import get_stores
from gongdao.market.watch_orders import watch_orders
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def large(monkeypatch):
    """The limit for one person is below what the orders of the kit cost."""
    limit = "gongdao.disputes.give_verdict.second_arbiter_limit"
    monkeypatch.setattr(limit, lambda on: Money(5_000))


def contested():
    """A case that waits for a person."""
    case = complain(delivered(), ReasonCode.INVALID)
    words = "卡密出库时有效，请查发行方的兑换记录。"
    more = {"stores": get_stores(), "by": MERCHANT, "deed": Deed.CONTEST, "at": LATE}
    say(case_id=case.id, words=words, **more)
    case.refresh_from_db()
    return case


def decided_by_two():
    """A case in which two people gave the buyer a part of his money back."""
    case = contested()
    assert decide(case, "anna", Kind.REFUND_PART, 6_000, LATE) is None
    decide(case, "boris", Kind.REFUND_PART, 6_000, LATE)
    return carry_out(case, LATE)


def up(case):
    """The platform lets its time pass; the case as management finds it, and when."""
    case.refresh_from_db()
    at = case.clock_due_at
    assert fire_due_clocks(stores=get_stores(), at=at).count == 1
    case.refresh_from_db()
    assert case.step == "management"
    return at


def test_who_was_silent_no_longer_has_the_case():
    """Its owner did not decide in time: at management nobody has it, the hand-over says from whom
    it came, and another person takes and decides it."""
    case, anna, bela = contested(), person("anna").id, person("bela").id
    take_case(stores=get_stores(), case_id=case.id, user_id=anna, at=LATE)
    at = up(case)
    assert case.owner_id is None
    last = HandOver.objects.filter(case=case).order_by("-number").first()
    assert (last.from_owner, last.to_owner, last.reason) == (anna, None, "silence")
    take_case(stores=get_stores(), case_id=case.id, user_id=bela, at=at)
    assert decide(case, "bela", Kind.NONE, 0, at).decided_by_id == bela


def test_a_large_case_is_decided_by_two_at_management(large):
    """Above the limit one person of management proposes and another comes to the same, within the
    time that ran already; who proposed cannot be the second."""
    case = contested()
    at = up(case)
    due = case.clock_due_at
    assert decide(case, "bela", Kind.REFUND_FULL, PRICE, at + HOUR) is None
    case.refresh_from_db()
    assert (case.step, case.clock_due_at) == ("management", due)
    with pytest.raises(NotYourMove):
        decide(case, "bela", Kind.REFUND_FULL, PRICE, at + HOUR)
    row = decide(case, "clara", Kind.REFUND_FULL, PRICE, at + 2 * HOUR)
    assert (row.decided_by, row.seconded_by) == (person("bela"), person("clara"))
    assert carry_out(case, at + 3 * HOUR).outcome == "upheld"


def test_what_the_first_came_to_counts_at_management(large):
    """The second person was silent: at management one other person who comes to the same is
    enough."""
    case = contested()
    assert decide(case, "anna", Kind.REFUND_FULL, PRICE, LATE) is None
    at = up(case)
    row = decide(case, "bela", Kind.REFUND_FULL, PRICE, at)
    assert (row.decided_by, row.seconded_by) == (person("anna"), person("bela"))


def test_what_was_proposed_in_another_appeal_counts_for_nothing(large):
    """A proposal is left over from an appeal that was taken back: in the other side's appeal two
    people are needed as ever."""
    case = decided_by_two()
    ask(case, BUYER, LATE + 3 * HOUR)
    assert decide(case, "carla", Kind.NONE, 0, LATE + 4 * HOUR) is None
    withdraw(stores=get_stores(), case_id=case.id, by=BUYER, at=LATE + 5 * HOUR)
    ask(case, MERCHANT, LATE + 6 * HOUR)
    at = up(case)
    assert find_proposal(case) is None
    assert decide(case, "dora", Kind.NONE, 0, at) is None


def test_a_claim_granted_with_nothing_left_closes_the_case():
    """The market gave all of the money back a moment ago and the merchant grants the claim: the
    case is settled and closed, nothing goes back twice and the order is free for another case."""
    at = AT + timedelta(hours=1)
    case = complain(undelivered(), ReasonCode.OTHER, at=AT + timedelta(minutes=5))
    watch_orders(stores=get_stores(), at=at)
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)
    case.refresh_from_db()
    assert (case.state, case.step, case.outcome) == ("closed", "closed", "settled")
    assert Refund.objects.get().amount_minor == 9800
    check_money()
