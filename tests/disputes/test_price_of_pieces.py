"""No piece of an order brings more than its price, whichever cases are about it, whatever their
reasons, and whoever decides: records, silence, the parties or a person."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    balance,
    check_money,
    complain,
    fund,
    tell,
)
from tests.disputes.test_merchant_appeal import ask, carry_out
from tests.disputes.test_merchant_appeal import decide as decide_it
from tests.disputes.test_pieces import ask_issuer, of_three, pieces

from gongdao.core.errors import DisputeRefused, InputError
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.models import Case, RecordedFact, Remedy, Verdict
from gongdao.disputes.offers import Terms, accept_claim, decline_offer, offer
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode, Step
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
ALL_BAD = ("SANDBOX-INVALID-1", "SANDBOX-INVALID-2", "SANDBOX-INVALID-3")
PLAIN = ("CARD-1", "CARD-2", "CARD-3")
PIECE = 9_800
DESCRIBED = ReasonCode.NOT_AS_DESCRIBED


def granted(order, places, at, reason=DESCRIBED, **more):
    """A complaint that the merchant grants with one tap, carried out."""
    case = complain(order, reason, at, places=places, **more)
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)
    return carry_out(case, at)


def paid_back():
    """What all refunds come to, in minor units."""
    return sum(Refund.objects.values_list("amount_minor", flat=True))


def contested(case, at):
    """The merchant denies it: a person decides."""
    words = "卡密出库时有效，请查发行方的兑换记录。"
    more = {"by": MERCHANT, "deed": Deed.CONTEST, "words": words, "at": at}
    say(stores=get_stores(), case_id=case.id, **more)
    case.refresh_from_db()


def test_pieces_in_turn_are_paid_once_each():
    """All three are invalid by the issuer: the first is claimed, then it with the second, then the
    second alone: two prices in all, and the third claim is told that its price went back."""
    order = of_three(*ALL_BAD)
    for turn, places in enumerate([(1,), (1, 2)]):
        at = LATE + 2 * turn * HOUR
        case = complain(order, ReasonCode.INVALID, at, places=places)
        ask_issuer(at + HOUR)
        carry_out(case, at + HOUR)
        assert paid_back() == PIECE * (turn + 1)
    with pytest.raises(DisputeRefused, match="价款已经退给您"):
        complain(order, ReasonCode.INVALID, LATE + 5 * HOUR, places=(2,))
    assert complain(order, ReasonCode.INVALID, LATE + 5 * HOUR, places=(2, 3)).amount_minor == PIECE
    check_money()


def test_silence_grants_what_is_left_of_the_price():
    """One of two pieces was paid for under another reason after the claim for both was refused:
    the merchant's silence, and later management's, bring what is left of their price."""
    order = of_three(*PLAIN)
    fund(AccountKind.PLATFORM_GUARANTEE, 30_000)
    refused = complain(order, DESCRIBED, places=(1, 2))
    contested(refused, LATE)
    decide_it(refused, "anna", Kind.NONE, 0, LATE)
    granted(order, (1,), LATE + HOUR, ReasonCode.ALREADY_USED)
    ask(refused, BUYER, LATE + 2 * HOUR)
    for _turn in range(2):  # nobody answers the appeal, nor does management
        refused.refresh_from_db()
        due = refused.clock_due_at
        fire_due_clocks(stores=get_stores(), at=due)
    carry_out(refused, due)
    verdict = refused.verdicts.get(number=2)
    assert verdict.reason_code == "liability/silence@2/management"
    assert (verdict.amount_minor, paid_back()) == (PIECE, 2 * PIECE)
    assert differs(read_verdict(verdict.file.encode())) == ()
    asked = RecordedFact.objects.filter(case=refused, name="asked_minor").latest("round")
    assert asked.value == PIECE and refused.outcome == "upheld"
    check_money()


def test_silence_about_what_was_paid_for_ends_the_case():
    """The same, and both pieces were paid for meanwhile: the case ends with nothing, once."""
    order = of_three(*PLAIN)
    refused = complain(order, DESCRIBED, places=(1, 2))
    contested(refused, LATE)
    decide_it(refused, "anna", Kind.NONE, 0, LATE)
    granted(order, (1, 2), LATE + HOUR, ReasonCode.ALREADY_USED)
    ask(refused, BUYER, LATE + 2 * HOUR)
    for _turn in range(2):
        refused.refresh_from_db()
        due = refused.clock_due_at
        fire_due_clocks(stores=get_stores(), at=due)
    refused.refresh_from_db()
    assert (refused.state, refused.outcome) == ("closed", "refused")
    assert paid_back() == 2 * PIECE and not Remedy.objects.filter(case=refused).exists()
    check_money()


def test_nobody_gives_more_than_the_pieces_cost():
    """In a case about two pieces of which one was paid for, an offer and a person's sum beyond the
    other's price are refused, and all of it is that price."""
    order = of_three(*PLAIN)
    granted(order, (1,), LATE, ReasonCode.ALREADY_USED)
    at, stores = LATE + HOUR, get_stores()
    case = complain(order, DESCRIBED, at, places=(1, 2))
    assert case.amount_minor == PIECE
    more = {"stores": stores, "case_id": case.id, "by": MERCHANT, "at": at}
    with pytest.raises(InputError, match="最多还能退"):
        offer(**more, terms=Terms(Kind.REFUND_PART, PIECE + 1))
    offer(**more, terms=Terms(Kind.REFUND_PART, PIECE))
    contested_by_buyer(case, at)
    with pytest.raises(InputError, match="最多还能退"):
        decide_it(case, "anna", Kind.REFUND_PART, PIECE + 1, at)
    row = decide_it(case, "anna", Kind.REFUND_FULL, order.total_minor, at)
    assert (row.remedy, row.amount_minor) == ("refund_part", PIECE)
    carry_out(case, at)
    assert paid_back() == 2 * PIECE
    check_money()


def contested_by_buyer(case, at):
    """He declines the offer that waits: a person decides."""
    waiting = case.offers.get().id
    decline_offer(stores=get_stores(), case_id=case.id, offer_id=waiting, by=BUYER, at=at)
    case.refresh_from_db()


@pytest.mark.parametrize("silent", ["merchant", "management"])
def test_silence_brings_the_other_secrets_that_were_asked_for(silent):
    """The buyer names a piece and wants another secret: the merchant's silence after notice brings
    it, and so does the platform's, which pays for it; what he names is what he asks for, and nobody
    has to weigh it."""
    order = of_three(*PLAIN, more=2)
    fund(AccountKind.PLATFORM_GUARANTEE, 30_000)
    before = pieces(order)
    case = complain(order, DESCRIBED, places=(2,), wanted="replacement")
    if silent == "merchant":
        tell(case, LATE)
    for _turn in range(1 if silent == "merchant" else 3):
        fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
        case.refresh_from_db()
    assert case.state == "closed"
    assert [place for place, unit in pieces(order).items() if unit != before[place]] == [2]
    row = Verdict.objects.get()
    assert row.reason_code == f"liability/silence@2/{silent}" and row.remedy == "replacement"
    assert (balance(AccountKind.PLATFORM_GUARANTEE) < 30_000) is (silent == "management")
    assert differs(read_verdict(row.file.encode())) == ()
    check_money()


def test_silence_brings_money_where_nobody_said_which_piece():
    """A part of the price is claimed, no piece is named, and another secret was wanted: silence
    brings that part in money."""
    order = of_three(*PLAIN, more=2)
    case = complain(order, DESCRIBED, minor=5_000, wanted="replacement")
    tell(case, LATE)
    fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
    assert Case.objects.get().step == Step.EXECUTING
    assert (Verdict.objects.get().remedy, paid_back()) == ("refund_part", 5_000)
    check_money()


def test_silence_replaces_nothing_that_was_paid_for():
    """Records paid for the two bad pieces; what is left is claimed, no piece is named, and another
    secret wanted: silence brings the rest of the money, and the paid ones are not replaced."""
    order = of_three("SANDBOX-INVALID-1", "SANDBOX-VALID-2", "SANDBOX-INVALID-3", more=3)
    first = complain(order, ReasonCode.INVALID)
    ask_issuer(LATE + HOUR)
    carry_out(first, LATE + HOUR)
    before = pieces(order)
    case = complain(order, ReasonCode.INVALID, LATE + 2 * HOUR, wanted="replacement")
    tell(case, LATE + 2 * HOUR)
    fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
    carry_out(case, case.clock_due_at)
    assert pieces(order) == before and paid_back() <= order.total_minor
    check_money()
