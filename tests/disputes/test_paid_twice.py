"""Nothing is given twice: not by a second case about the same pieces, nor by a new decision of the
same case; what is new is given all the same."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
)
from tests.disputes.facts_kit import AT, facts
from tests.disputes.test_merchant_appeal import ask, carry_out
from tests.disputes.test_merchant_appeal import decide as decide_it
from tests.disputes.test_pieces import SOON, ask_issuer, of_three
from tests.disputes.test_silent_management import let_pass

from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Mode, decide
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.events import Docket
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.given_before import Earlier, given_before, left_of_price
from gongdao.disputes.judge import facts_of
from gongdao.disputes.models import RecordedFact, Remedy, Verdict
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode, Step
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.payments.models import Refund
from gongdao.rules.dispute_queries import liability

database = pytest.mark.django_db(transaction=True)
ALL_BAD = ("SANDBOX-INVALID-1", "SANDBOX-INVALID-2", "SANDBOX-INVALID-3")


@database
def test_the_same_piece_is_paid_for_once():
    """The issuer's word stands for ever, but what it carries was given: the same complaint again
    waits for its word on the other pieces, and is then refused by the same row, which says what was
    given; the file recomputes."""
    order = of_three()
    complain(order, ReasonCode.INVALID, places=(1, 2, 3))
    assert ask_issuer() == 1
    first = Verdict.objects.get()
    carry_out(first.case, SOON)
    again = complain(order, ReasonCode.INVALID, LATE + 2 * HOUR, places=(1, 2, 3))
    assert again.step == Step.MERCHANT_ANSWER
    assert ask_issuer(LATE + 3 * HOUR) == 1
    again.refresh_from_db()
    assert (again.state, again.outcome) == ("closed", "refused")
    second = Verdict.objects.get(case=again)
    assert (second.reason_code, second.remedy) == (first.reason_code, "none")
    assert differs(read_verdict(second.file.encode())) == ()
    given = RecordedFact.objects.filter(case=again, name="given_minor").get()
    assert given.value == first.amount_minor == Refund.objects.get().amount_minor
    check_money()


@database
def test_another_bad_piece_is_paid_for():
    """The control: one of the bad ones was claimed first; the second complaint, about it and
    another one, brings the price of the other."""
    order = of_three(*ALL_BAD)
    complain(order, ReasonCode.INVALID, places=(1,))
    assert ask_issuer() == 1
    carry_out(Verdict.objects.get().case, SOON)
    again = complain(order, ReasonCode.INVALID, LATE + 2 * HOUR, places=(1, 2))
    amounts = Refund.objects.order_by("requested_at").values_list("amount_minor", flat=True)
    two = -(-order.total_minor * 2 // 3)
    assert sum(amounts) == two and len(amounts) == 2
    assert Verdict.objects.get(case=again).remedy == "refund_part"
    check_money()


@database
def test_another_reason_for_the_same_piece_is_a_persons():
    """Whether it is the same defect under another name no record says: nobody is refused and
    nothing is paid before a person has looked."""
    order = of_three()
    complain(order, ReasonCode.INVALID, places=(1, 2, 3))
    assert ask_issuer() == 1
    carry_out(Verdict.objects.get().case, SOON)
    again = complain(order, ReasonCode.REDEEMED_BEFORE, LATE + 2 * HOUR, places=(1, 2, 3))
    assert again.step == Step.MERCHANT_ANSWER and Refund.objects.count() == 1
    assert RecordedFact.objects.filter(case=again, name="given_unclear_minor").exists()


def given_thirty():
    """A case about 50.00 of 98.00 in which a person gave 30.00, carried out, and the buyer
    appealed."""
    shop = make_shop()
    fund(AccountKind.PLATFORM_GUARANTEE, 30_000)
    case = complain(delivered(shop), ReasonCode.INVALID, minor=5_000)
    words = "卡密出库时有效，请查发行方的兑换记录。"
    more = {"case_id": case.id, "by": MERCHANT, "deed": Deed.CONTEST, "words": words}
    say(stores=get_stores(), **more, at=LATE)
    decide_it(case, "anna", Kind.REFUND_PART, 3_000, LATE)
    carry_out(case, LATE)
    ask(case, BUYER, LATE + 3 * HOUR)
    return case


def paid_in_all(case, at):
    """The refunds of a case that ended, in minor units."""
    carry_out(case, at)
    assert case.state == "closed"
    verdict = Verdict.objects.filter(case=case).latest("number")
    assert differs(read_verdict(verdict.file.encode())) == ()
    return sum(Refund.objects.values_list("amount_minor", flat=True)), verdict.amount_minor


@database
def test_a_second_verdict_says_what_he_gets_in_all():
    """On the buyer's appeal a person gives 40.00: the 30.00 that were paid are part of it."""
    case = given_thirty()
    decide_it(case, "boris", Kind.REFUND_PART, 4_000, LATE + 4 * HOUR)
    assert paid_in_all(case, LATE + 4 * HOUR) == (4_000, 4_000)
    check_money()


@database
def test_silence_brings_no_more_than_was_claimed():
    """Management lets the buyer's appeal pass: the claim of 50.00 is met, the platform adds what is
    missing."""
    case = given_thirty()
    at = let_pass(case)
    assert paid_in_all(case, at) == (5_000, 5_000)
    step = Remedy.objects.get(case=case, basis="verdict:2")
    assert (step.bearer, step.amount_minor) == ("platform", 2_000)
    check_money()


@database
def test_a_claim_accepted_in_an_appeal_is_paid_once():
    """The merchant grants the claim of 50.00 while the appeal waits at management."""
    case = given_thirty()
    case.refresh_from_db()
    at = case.clock_due_at
    fire_due_clocks(stores=get_stores(), at=at)
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)
    assert paid_in_all(case, at) == (5_000, 5_000)
    check_money()


@database
def test_what_is_given_counts_for_the_second_person(monkeypatch):
    """A claim of one yuan, over which an arbiter gives all that was paid: above the limit a second
    person comes to it first; the control, a ruling within it, stands at once."""
    limit = "gongdao.disputes.give_verdict.second_arbiter_limit"
    monkeypatch.setattr(limit, lambda _on: Money(5_000))
    case = complain(delivered(), ReasonCode.OTHER, minor=100)
    say(
        stores=get_stores(),
        case_id=case.id,
        by=MERCHANT,
        deed=Deed.CONTEST,
        words="商品没有问题，请看发货记录和测试记录。",
        at=LATE,
    )
    assert decide_it(case, "anna", Kind.REFUND_FULL, 9_800, LATE) is None
    case.refresh_from_db()
    assert case.step == Step.SECOND_ARBITER and not Refund.objects.exists()
    assert decide_it(case, "boris", Kind.REFUND_PART, 100, LATE) is None
    assert decide_it(case, "carla", Kind.REFUND_PART, 100, LATE).amount_minor == 100


MIXED = {
    "before and invalid": ("SANDBOX-USED-20261123T040100Z", True),
    "after and invalid": ("SANDBOX-USED-20261123T042000Z", False),
}


@database
@pytest.mark.parametrize(("used", "decides"), MIXED.values(), ids=MIXED)
def test_no_piece_is_lost_among_mixed_answers(used, decides):
    """Of three one was used and one is invalid: where both are clear, both are paid for at once;
    where one of them is for a person, he finds both."""
    order = of_three(used, "SANDBOX-INVALID-2", "SANDBOX-VALID-3")
    case = complain(order, ReasonCode.ALREADY_USED, places=(1, 2, 3))
    assert ask_issuer() == decides
    known = facts_of(Docket(get_stores(), case, case.order, SOON))
    assert known.whole(FactName.AFFECTED_UNITS) == 2
    paid = sum(Refund.objects.values_list("amount_minor", flat=True))
    assert paid == (-(-order.total_minor * 2 // 3) if decides else 0)


CASES = {
    "the same piece": (Earlier("invalid", "affected", (1,), 300), (1,), (300, 0)),
    "another piece": (Earlier("invalid", "affected", (1,), 300), (2, 3), (0, 0)),
    "one of two": (Earlier("invalid", "affected", (1, 2), 600), (2, 3), (300, 0)),
    "odd units": (Earlier("invalid", "affected", (1, 2), 601), (1,), (301, 0)),
    "more than it costs": (Earlier("invalid", "affected", (1,), 1_400, (1, 2)), (2,), (400, 0)),
    "another reason": (Earlier("late", "affected", (1,), 300), (1,), (0, 300)),
    "of all": (Earlier("invalid", "shortfall", (), 300), (2,), (300, 0)),
    "nobody knows": (Earlier("invalid", "", (), 300), (2,), (0, 300)),
    "nobody ever said": (Earlier("invalid", "", (), 300), (), (300, 0)),
    "beside the price": (Earlier("invalid", "surplus", (), 300), (1,), (0, 0)),
}


@pytest.mark.parametrize(("earlier", "places", "given"), CASES.values(), ids=CASES)
def test_what_was_given_for_the_same(earlier, places, given):
    """Certain, possible, or for something else."""
    order = {"paid": 3_000, "quantity": 3}
    assert given_before(earlier=[earlier], reason="invalid", places=places, **order) == given


LEFT = {
    "nothing given": ([], (1, 2), 2_000),
    "the second of two": ([((1,), 1_000), ((1, 2), 1_000)], (2,), 0),
    "the first of two": ([((1,), 1_000), ((1, 2), 1_000)], (1, 3), 1_000),
    "equal parts": ([((1, 2), 900), ((2, 3), 100)], (2,), 500),
    "of all alike": ([((), 1_500)], (2,), 500),
}


@pytest.mark.parametrize(("cases", "places", "left"), LEFT.values(), ids=LEFT)
def test_what_is_left_of_the_price(cases, places, left):
    """What was given for one piece already is not laid on it again by a later case about several,
    but on those that still cost something; money for the order as a whole is of every piece."""
    earlier = [
        Earlier("invalid", "affected" if one else "shortfall", one, minor) for one, minor in cases
    ]
    assert left_of_price(earlier=earlier, places=places, paid=3_000, quantity=3) == left


BASES = {
    "undelivered": (
        "not_delivered",
        {"delivered": False, "delivered_units": 1, "promise_by": AT, "judged_at": LATE},
    ),
    "shortfall": ("wrong_denomination", {"listing_face_minor": 9000, "delivered_face_minor": 3000}),
    "overcharge": ("price_not_supported", {"price_supported": False, "overcharge_minor": 6534}),
    "affected": ("redeemed_before", {"issuer_status": "invalid", "affected_units": 2}),
}
_KNOWN = {"revealed": True, "platform_incident": False, "gateway_incident": False, "quantity": 3}


@pytest.mark.parametrize(("reason", "known"), BASES.values(), ids=BASES)
def test_every_base_is_set_off(reason, known):
    """Two thirds of the price: given, then as a part of it given before, then nothing twice; what
    may be the same goes to a person; without the facts, as in older files, it is given."""
    table = liability(reason, AT.date())

    def found(**more):
        return decide(facts=facts(**{**_KNOWN, **known, **more}), table=table)

    assert (found().mode, found().amount_minor) == (Mode.AUTOMATIC, 6534)
    part = found(given_minor=3267, returned_minor=3267)
    assert (part.mode, part.amount_minor) == (Mode.AUTOMATIC, 3267)
    twice = found(given_minor=6534, returned_minor=6534)
    assert (twice.mode, twice.remedy, twice.amount_minor) == (Mode.AUTOMATIC, Kind.NONE, 0)
    assert found(given_unclear_minor=1).mode is Mode.PERSON
