"""A merchant's appeal won after payment: new transfers make good what was taken; the buyer keeps
what he got, and nothing that was written changes."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    balance,
    check_money,
    complain,
    delivered,
    drain_deposit,
    fund,
    make_shop,
    pay_refunds,
    person,
)

from gongdao.core.money import Money
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.facts import FactName
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.models import Remedy, Verdict
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.models import LedgerTransfer
from gongdao.market.release_orders import confirm_receipt, fee_of
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
FREE, DEPOSIT = AccountKind.MERCHANT_FREE, AccountKind.MERCHANT_DEPOSIT
GUARANTEE, RESERVE = AccountKind.PLATFORM_GUARANTEE, AccountKind.PLATFORM_RESERVE
PRICE = 9800
REASONS = "卡密出库时有效，发行方记录显示由买家账号兑换，原来的认定有误。"


def decide(case, who, remedy, minor, at, shares=None):
    """A person's verdict, appeal or not."""
    given = shares or ({"merchant": 100} if remedy is not Kind.NONE else {})
    weighed = {FactName.DEFECT_SHOWN: remedy is not Kind.NONE}
    basis = (f"liability/{case.reason}@1",)
    ruling = Ruling(remedy, minor, given, REASONS, basis, weighed)
    by = person(who).id
    return give_verdict(stores=get_stores(), case_id=case.id, by=by, ruling=ruling, at=at)


def carry_out(case, at):
    """Everything that waits is paid and executed."""
    pay_refunds(at)
    execute_remedies(stores=get_stores(), at=at + HOUR)
    case.refresh_from_db()
    return case


def paid_case(shop, *, released=False):
    """A case in which a person gave the buyer all of his money back, carried out."""
    case, stores = complain(delivered(shop), ReasonCode.INVALID), get_stores()
    words = "卡密出库时有效，请查发行方的兑换记录。"
    say(stores=stores, case_id=case.id, by=MERCHANT, deed=Deed.CONTEST, words=words, at=LATE)
    if released:
        decide(case, "anna", Kind.NONE, 0, LATE)
        assert confirm_receipt(stores=stores, order_id=case.order_id, at=LATE)
        ask(case, BUYER, LATE)
    decide(case, "boris", Kind.REFUND_FULL, PRICE, LATE)
    case = carry_out(case, LATE)
    assert (case.state, case.outcome) == ("closed", "upheld")
    return case


def ask(case, by, at):
    """An appeal with a named error."""
    more = {"ground": Ground.NAMED_ERROR, "words": "认定的事实有误，兑换记录在这里。"}
    appeal(stores=get_stores(), case_id=case.id, by=by, at=at, **more)


def rows():
    """Every transfer as it stands."""
    return list(LedgerTransfer.objects.order_by("seq").values_list())


def test_what_was_held_is_made_good_from_the_guarantee():
    """The refund came out of the sale's money: the merchant gets what he would have got, after the
    fee, from the guarantee; the buyer's refund and every old transfer stand as they were."""
    shop = make_shop()
    fund(GUARANTEE, 20_000)
    case = paid_case(shop)
    before, free = rows(), balance(FREE, shop)
    ask(case, MERCHANT, LATE + 3 * HOUR)
    decide(case, "carla", Kind.NONE, 0, LATE + 4 * HOUR)
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "refused")
    due = PRICE - fee_of(Money(PRICE), placed_at=AT).minor
    assert balance(FREE, shop) == free + due and balance(GUARANTEE) == 20_000 - due
    step = Remedy.objects.get(kind="correction")
    assert (step.state, step.amount_minor, step.drawn) == ("done", due, {GUARANTEE.value: due})
    assert rows()[: len(before)] == before and len(rows()) == len(before) + 1
    assert Refund.objects.get().amount_minor == PRICE
    newest = Verdict.objects.get(case=case, number=2)
    assert differs(read_verdict(newest.file.encode())) == ()
    check_money()


def test_a_deposit_is_filled_up_again():
    """The money had been released, so that the deposit paid: it is the deposit that gets it back,
    guarantee first and then the reserve."""
    shop = make_shop()
    drain_deposit(shop)
    fund(DEPOSIT, 20_000, shop)
    fund(GUARANTEE, 4_000)
    fund(RESERVE, 9_000)
    case = paid_case(shop, released=True)
    assert balance(DEPOSIT, shop) == 20_000 - PRICE
    ask(case, MERCHANT, LATE + 3 * HOUR)
    decide(case, "carla", Kind.NONE, 0, LATE + 4 * HOUR)
    assert balance(DEPOSIT, shop) == 20_000
    assert (balance(GUARANTEE), balance(RESERVE)) == (0, 9_000 - (PRICE - 4_000))
    check_money()


def test_without_cover_it_waits_and_is_tried_again():
    """Nothing there: the step says so and a person sees it; with money it is done once, however
    often it is tried."""
    shop = make_shop()
    case = paid_case(shop)
    ask(case, MERCHANT, LATE + 3 * HOUR)
    decide(case, "carla", Kind.NONE, 0, LATE + 4 * HOUR)
    case.refresh_from_db()
    step = Remedy.objects.get(kind="correction")
    assert (step.state, step.problem, case.needs_person) == ("planned", "no_cover", "no_cover")
    fund(GUARANTEE, 50_000)
    for hours in (5, 6, 7):
        execute_remedies(stores=get_stores(), at=LATE + hours * HOUR)
    step.refresh_from_db()
    case.refresh_from_db()
    assert step.state == "done" and case.needs_person == "" and case.outcome == "refused"
    assert LedgerTransfer.objects.filter(kind="correction").count() == 1
    assert balance(GUARANTEE) == 50_000 - step.amount_minor
    check_money()


def test_half_of_it_was_right():
    """The appeal says what the buyer was to have in all: he keeps what he has, the merchant gets
    the rest of what was taken from him, and nothing more is paid."""
    shop = make_shop()
    fund(GUARANTEE, 20_000)
    case = paid_case(shop)
    free = balance(FREE, shop)
    ask(case, MERCHANT, LATE + 3 * HOUR)
    verdict = decide(case, "carla", Kind.REFUND_PART, 4_000, LATE + 4 * HOUR)
    assert (verdict.remedy, verdict.amount_minor) == ("refund_part", 4_000)
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "partly_upheld")
    over = Money(PRICE - 4_000)
    assert balance(FREE, shop) == free + (over - fee_of(over, placed_at=AT)).minor
    assert Refund.objects.count() == 1
    check_money()


def test_in_vain_it_changes_nothing():
    """The same result again: no refund, no correction."""
    shop = make_shop()
    fund(GUARANTEE, 20_000)
    case = paid_case(shop)
    before = rows()
    ask(case, MERCHANT, LATE + 3 * HOUR)
    decide(case, "carla", Kind.REFUND_FULL, PRICE, LATE + 4 * HOUR)
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "upheld")
    assert rows() == before and Remedy.objects.count() == 1


def test_a_buyers_appeal_in_vain_takes_nothing_back():
    """The control: refused on the buyer's own appeal, what he was given before stays, and nobody is
    made good."""
    shop = make_shop()
    fund(GUARANTEE, 20_000)
    case = complain(delivered(shop), ReasonCode.INVALID)
    say(
        stores=get_stores(),
        case_id=case.id,
        by=MERCHANT,
        deed=Deed.CONTEST,
        words="卡密出库时有效，请查发行方的兑换记录。",
        at=LATE,
    )
    decide(case, "anna", Kind.REFUND_PART, 4_000, LATE)
    case = carry_out(case, LATE)
    ask(case, BUYER, LATE + 3 * HOUR)
    decide(case, "boris", Kind.NONE, 0, LATE + 4 * HOUR)
    case.refresh_from_db()
    assert case.outcome == "partly_upheld" and balance(GUARANTEE) == 20_000
    assert not Remedy.objects.filter(kind__startswith="correction").exists()
