"""Management lets an appeal pass: what that grants depends on whose appeal it was."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    BY_HAND,
    HOUR,
    LATE,
    MERCHANT,
    balance,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
    person,
    undelivered,
)
from tests.disputes.test_merchant_appeal import PRICE, ask, carry_out, decide, paid_case
from tests.disputes.test_pieces import SOON, ask_issuer, of_three

from gongdao.core.errors import ConflictOfInterest, NotYourMove
from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.hand_over import take_case
from gongdao.disputes.models import Notice, Remedy, Verdict
from gongdao.disputes.notices import ClaimedNotice, dispute_text
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.open_case import judge_again
from gongdao.disputes.say import say, withdraw
from gongdao.disputes.states import Deed, Mover, ReasonCode
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_view import make_case_sight
from gongdao.ledger.accounts import AccountKind
from gongdao.market.release_orders import fee_of
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
FREE, GUARANTEE = AccountKind.MERCHANT_FREE, AccountKind.PLATFORM_GUARANTEE


def let_pass(case):
    """Nobody answers the appeal: it goes to management, and management is silent too."""
    case.refresh_from_db()
    at = case.clock_due_at
    assert fire_due_clocks(stores=get_stores(), at=at).count == 1
    case.refresh_from_db()
    assert (case.forum, case.clock_silence) == ("management", "platform_pays")
    at = case.clock_due_at
    fire_due_clocks(stores=get_stores(), at=at)
    case.refresh_from_db()
    return at


def up(case):
    """Nobody answers the appeal: management has it."""
    case.refresh_from_db()
    fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
    case.refresh_from_db()
    assert case.step == "management"


def newest_row(case):
    """The rule and the row that the newest verdict rests on."""
    return case.verdicts.order_by("-number").first().reason_code


def deeds_of(case, side, at):
    """What the page of the case offers one side."""
    return make_case_sight(stores=get_stores(), case=case, side=side, at=at).deeds


def test_silence_grants_the_merchants_own_appeal():
    """The merchant appealed: what was taken from him is made good out of the guarantee, nothing
    more goes to the buyer and nothing is taken back; the verdict recomputes."""
    shop = make_shop()
    fund(GUARANTEE, 30_000)
    case = paid_case(shop)
    free = balance(FREE, shop)
    ask(case, MERCHANT, LATE + 3 * HOUR)
    let_pass(case)
    due = PRICE - fee_of(Money(PRICE), placed_at=AT).minor
    assert (case.state, case.outcome) == ("closed", "refused")
    assert balance(FREE, shop) == free + due and balance(GUARANTEE) == 30_000 - due
    assert Refund.objects.get().amount_minor == PRICE
    verdict = Verdict.objects.get(case=case, number=2)
    assert verdict.reason_code == "liability/silence@2/merchant_appeal" and verdict.automatic
    assert differs(read_verdict(verdict.file.encode())) == ()
    check_money()


def test_silence_grants_the_buyers_own_appeal():
    """The control: the buyer appealed against a refusal, and the platform pays his claim."""
    shop = make_shop()
    fund(GUARANTEE, 30_000)
    case = complain(delivered(shop), ReasonCode.INVALID)
    more = {"stores": get_stores(), "case_id": case.id, "by": MERCHANT, "deed": Deed.CONTEST}
    say(**more, words="卡密出库时有效，请查发行方的兑换记录。", at=LATE)
    decide(case, "anna", Kind.NONE, 0, LATE)
    ask(case, BUYER, LATE + HOUR)
    at = let_pass(case)
    verdict = Verdict.objects.get(case=case, number=2)
    assert verdict.reason_code == "liability/silence@2/management"
    carry_out(case, at)
    assert case.outcome == "upheld" and Refund.objects.get().amount_minor == PRICE
    assert balance(GUARANTEE) == 30_000 - PRICE


def test_money_that_went_back_does_not_end_the_merchants_appeal():
    """The order was refunded by the verdict he appeals against: the sweeps leave his appeal to a
    person, and management's silence grants it."""
    shop = make_shop(stock=0, offer=BY_HAND)
    fund(GUARANTEE, 30_000)
    case = carry_out(complain(undelivered(shop), ReasonCode.NOT_DELIVERED), LATE)
    assert (case.state, case.outcome) == ("closed", "upheld")
    ask(case, MERCHANT, LATE + 3 * HOUR)
    assert follow_orders(stores=get_stores(), at=LATE + 4 * HOUR) == 0
    case.refresh_from_db()
    assert (case.state, case.step) == ("open", "appeal_arbiter")
    let_pass(case)
    assert (case.state, case.outcome) == ("closed", "refused")
    assert newest_row(case) == "liability/silence@2/merchant_appeal"
    assert Remedy.objects.get(case=case, kind="correction").state == "done"
    check_money()


def test_a_refusal_by_records_is_not_repeated_by_them():
    """The records refused by themselves and the buyer asked for a person: nobody answers, so that
    his claim is met at the platform's cost, and not refused by the same records."""
    shop = make_shop()
    fund(GUARANTEE, 30_000)
    case = complain(delivered(shop), ReasonCode.LATE)
    assert (case.state, case.outcome) == ("closed", "refused")
    assert newest_row(case) == "liability/late@1/in_time"
    ask(case, BUYER, LATE + HOUR)
    at = let_pass(case)
    assert newest_row(case) == "liability/silence@2/management"
    carry_out(case, at)
    assert (case.outcome, Refund.objects.get().amount_minor) == ("upheld", PRICE)
    assert balance(GUARANTEE) == 30_000 - PRICE


def test_a_part_that_was_paid_is_not_paid_again():
    """The records gave one piece of three back and the merchant appealed: nobody answers, and the
    buyer gets no second refund, but the merchant what was taken from him."""
    order = of_three()
    fund(GUARANTEE, 30_000)
    case = complain(order, ReasonCode.REDEEMED_BEFORE, places=(2,))
    assert ask_issuer() == 1
    part = carry_out(case, SOON).verdicts.get().amount_minor
    assert (case.state, case.outcome) == ("closed", "upheld") and 0 < part < 3 * PRICE
    ask(case, MERCHANT, LATE + 3 * HOUR)
    let_pass(case)
    assert newest_row(case) == "liability/silence@2/merchant_appeal"
    assert Refund.objects.get().amount_minor == part
    assert Remedy.objects.get(case=case, kind="correction").state == "done"
    check_money()


def test_judging_again_leaves_an_appeal_to_a_person():
    """An issuer answers while the appeal waits at management: nothing is decided by itself."""
    case = complain(delivered(), ReasonCode.LATE)
    ask(case, BUYER, LATE + HOUR)
    up(case)
    assert not judge_again(stores=get_stores(), case_id=case.id, at=case.clock_started_at + HOUR)
    case.refresh_from_db()
    assert (case.step, case.verdicts.count()) == ("management", 1)


def test_an_appeal_at_management_is_its_appellants():
    """The merchant's appeal waits at management: the buyer cannot end it by taking it back, the
    merchant can, and the outcome stays what it was."""
    case, stores = paid_case(make_shop()), get_stores()
    ask(case, MERCHANT, LATE + 3 * HOUR)
    up(case)
    at = case.clock_started_at + HOUR
    offered = [deeds_of(case, side, at) for side in (Mover.BUYER, Mover.MERCHANT)]
    assert [Deed.WITHDRAW in one for one in offered] == [False, True]
    with pytest.raises(NotYourMove):
        withdraw(stores=stores, case_id=case.id, by=BUYER, at=at)
    withdraw(stores=stores, case_id=case.id, by=MERCHANT, at=at)
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "upheld")


@pytest.mark.parametrize(("by", "may"), [(MERCHANT, False), (BUYER, True)])
def test_an_appellant_does_not_grant_the_claim(by, may):
    """In his own appeal at management the merchant is not offered to grant the buyer's claim, and a
    tap from an older page is refused; in the buyer's appeal he may."""
    case = complain(delivered(), ReasonCode.LATE)
    ask(case, by, LATE + 3 * HOUR)
    up(case)
    at = case.clock_started_at + HOUR
    assert (Deed.ACCEPT_CLAIM in deeds_of(case, Mover.MERCHANT, at)) is may
    with nullcontext() if may else pytest.raises(NotYourMove):
        accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)


def test_who_decided_does_not_decide_at_management():
    """Whose verdict is under appeal is refused at management as he is in the appeal."""
    case, boris = paid_case(make_shop()), person("boris").id
    ask(case, MERCHANT, LATE + 3 * HOUR)
    up(case)
    at = case.clock_started_at + HOUR
    with pytest.raises(ConflictOfInterest):
        take_case(stores=get_stores(), case_id=case.id, user_id=boris, at=at)
    with pytest.raises(ConflictOfInterest):
        decide(case, "boris", Kind.REFUND_FULL, PRICE, at)
    assert decide(case, "carla", Kind.NONE, 0, at)


def test_both_are_told_what_silence_will_mean():
    """When his appeal goes to management buyer and merchant read what its silence grants; in the
    buyer's own appeal only he is told, as ever."""
    case = paid_case(make_shop())
    ask(case, MERCHANT, LATE + 3 * HOUR)
    case.refresh_from_db()
    fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
    rows = Notice.objects.select_related("case__order").filter(case=case, event="appeal_escalated")
    assert sorted(row.side for row in rows) == ["buyer", "merchant"]
    row = rows[0]
    claim = ClaimedNotice(row.id, row.case, row.case.order, Mover.BUYER, row.event, 1, row.move)
    _title, body = dispute_text(claim=claim, link="https://g.example/")
    assert "商家的申诉成立" in body and "不收回" in body
    assert not Remedy.objects.filter(kind__startswith="correction").exists()
