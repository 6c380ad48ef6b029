"""Other secrets in the place of bad ones: of the whole order or of nothing, in the order's own
chain of the public log, on the buyer's receipt; and an order whose money went back says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    HOUR,
    LATE,
    MERCHANT,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
    paid_order,
    pay_refunds,
    person,
)
from tests.log.log_kit import make_ground
from tests.market.market_kit import add_stock

from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.charge_back_order import charge_back_order
from gongdao.disputes.collect_facts import _read
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.hand_over import take_case
from gongdao.disputes.models import Case, Remedy, Verdict
from gongdao.disputes.offers import Terms, accept_claim, offer
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.log.begin import begin_log
from gongdao.log.errors import LeafNotCovered
from gongdao.log.reader import find_entries_of
from gongdao.market.give_back import give_back
from gongdao.market.models import Finding, Order
from gongdao.market.order_receipt import make_order_receipt
from gongdao.market.release_orders import confirm_receipt
from gongdao.payments.models import Refund
from gongdao.vault.queries import get_units
from gongdao_verify.log_verdict import LogState
from gongdao_verify.order_verdict import judge_order
from gongdao_verify.show_order import order_lines

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED


@pytest.fixture
def ground(tmp_path):
    """A public log that has begun; leaves get their numbers when it runs."""
    ground = make_ground(tmp_path)
    begin_log(stores=get_stores(), key=ground.key, at=AT)
    return ground


def _accept(case: Case, at=LATE) -> None:
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=at)
    case.refresh_from_db()


def _types(order: Order) -> list[str]:
    return [one.form.type for one in find_entries_of(order.log_subject)]


def test_a_replaced_secret_has_its_receipt(ground):
    """Its leaf is one of the order's, and the receipt holds again: with a batch that is younger
    than the order, and older than the replacement; until the log covers it there is none."""
    shop = make_shop(stock=2)
    order, stores = delivered(shop, contact="a@example.invalid"), get_stores()
    (old,) = get_units(SubjectRef("order", order.id))
    add_stock(shop.sku, ["YOUNGER-1", "YOUNGER-2"])
    ground.run()
    assert judge_order(make_order_receipt(stores=stores, order=order), policy=None).replaced == 0
    _accept(complain(order, USED, wanted="replacement"))
    order.refresh_from_db()
    with pytest.raises(LeafNotCovered):
        make_order_receipt(stores=stores, order=order)
    ground.run()
    (new,) = get_units(SubjectRef("order", order.id))
    told = find_entries_of(order.log_subject)[-1].form
    assert (told.type, told.data["units"]) == ("order.replaced", [new.commitment.hex()])
    assert old.batch != new.batch
    verdict = judge_order(make_order_receipt(stores=stores, order=order), policy=None)
    assert (verdict.state, verdict.replaced) == (LogState.CONSISTENT_UNWITNESSED, 1)
    assert "np_order_replaced" in verdict.not_proven()
    assert "补发" in order_lines(verdict, "zh")[0]
    assert "in the place of" in order_lines(verdict, "en")[0]


def test_a_replacement_after_the_money_moved_on(ground):
    """A completed order gets another secret as well, and the chain of its leaves stays legal."""
    order, stores = delivered(make_shop(stock=2)), get_stores()
    confirm_receipt(stores=stores, order_id=order.id, at=LATE)
    _accept(complain(order, USED, wanted="replacement", at=LATE + HOUR), LATE + HOUR)
    ground.run()
    assert _types(order)[-3:] == ["order.confirmed", "order.released", "order.replaced"]
    order.refresh_from_db()
    receipt = make_order_receipt(stores=stores, order=order)
    assert judge_order(receipt, policy=None).exit_code == 0


def test_a_third_of_the_price_replaces_nothing():
    """A claim to a third of three pieces that names none: granted, that third goes back in money;
    nobody can offer to replace; the control claims all three, and gets them."""
    shop, stores = make_shop(stock=9), get_stores()
    order = paid_order(shop, 3, contact="a@example.invalid")
    third = order.total_minor // 3
    case = complain(order, USED, wanted="replacement", minor=third)
    terms = Terms(Kind.REPLACEMENT)
    with pytest.raises(InputError, match="哪几件"):
        offer(stores=stores, case_id=case.id, by=MERCHANT, terms=terms, at=LATE)
    _accept(case)
    assert not Remedy.objects.filter(kind="replacement").exists()
    assert Refund.objects.get().amount_minor == third
    whole = paid_order(shop, 3, contact="b@example.invalid")
    before = [one.unit for one in get_units(SubjectRef("order", whole.id))]
    _accept(complain(whole, USED, wanted="replacement"))
    after = [one.unit for one in get_units(SubjectRef("order", whole.id))]
    assert len(after) == 3 and not set(before) & set(after)


def test_nobody_decides_to_replace_what_nobody_named():
    """A person's verdict on a claim to half of the price of two is refused where it replaces."""
    order, stores = paid_order(make_shop(stock=9), 2), get_stores()
    case = complain(order, USED, minor=order.total_minor // 2)
    words = "卡密没有问题，请看发行方的记录。"
    say(stores=stores, case_id=case.id, by=MERCHANT, deed=Deed.CONTEST, words=words, at=LATE)
    judge = person("judge").id
    take_case(stores=stores, case_id=case.id, user_id=judge, at=LATE)
    ruling = Ruling(
        remedy=Kind.REPLACEMENT,
        minor=0,
        shares={"merchant": 100},
        reasons="买家只说其中一件有问题，这里写二十个字以上的理由。",
        rules=["liability/already_used"],
        units=2,
    )
    with pytest.raises(InputError, match="哪几件"):
        give_verdict(stores=stores, case_id=case.id, by=judge, ruling=ruling, at=LATE)
    assert not Verdict.objects.exists()


def test_an_empty_shelf_gives_what_was_claimed():
    """One piece, half of its price claimed, another secret granted and none there: half goes back,
    not all that was paid."""
    order = delivered(make_shop(stock=1))
    half = order.total_minor // 2
    case = complain(order, USED, wanted="replacement", minor=half)
    _accept(case)
    assert read_verdict(Verdict.objects.get().file.encode()).result.remedy is Kind.REPLACEMENT
    assert Remedy.objects.get(state="failed").problem == "out_of_stock"
    assert Refund.objects.get().amount_minor == half


def test_a_completed_order_whose_money_went_back_says_so(ground):
    """All of it back by a verdict, out of the deposit: refunding, then refunded, in its state and
    in the log; the market itself still sends nothing back of a completed order."""
    shop, stores = make_shop(stock=2), get_stores()
    order = delivered(shop)
    confirm_receipt(stores=stores, order_id=order.id, at=LATE)
    assert not give_back(stores=stores, order_id=order.id, why="not_owed", at=LATE)
    assert Order.objects.get().state == "completed"
    fund(AccountKind.MERCHANT_DEPOSIT, 50_000, shop)
    later = LATE + HOUR
    _accept(complain(order, USED, at=later), later)
    order.refresh_from_db()
    assert (order.state, order.why) == ("refunding", "by_verdict")
    assert pay_refunds(later) == 1
    execute_remedies(stores=stores, at=later + timedelta(minutes=20))
    assert Order.objects.get().state == "refunded"
    check_money()
    ground.run()
    assert _types(order)[-3:] == ["order.released", "order.refund_requested", "order.refunded"]


def test_a_part_of_it_leaves_the_order_completed():
    """Half of a completed order's money back: it was completed, and stays so."""
    shop = make_shop(stock=2)
    order = delivered(shop)
    confirm_receipt(stores=get_stores(), order_id=order.id, at=LATE)
    fund(AccountKind.MERCHANT_DEPOSIT, 50_000, shop)
    later = LATE + HOUR
    _accept(complain(order, USED, minor=order.total_minor // 2, at=later), later)
    pay_refunds(later)
    assert Order.objects.get().state == "completed"


def test_no_replacement_on_top_of_what_the_bank_gave():
    """The buyer's bank took all of it back while his case was open: the case ends as met at its
    clock, and neither silence nor the merchant's word sends another secret; while a service only
    says so, what was granted waits."""
    shop, stores = make_shop(stock=9), get_stores()
    gone, told = (delivered(shop, contact=f"{one}@example.invalid") for one in "ab")
    case = complain(gone, USED, wanted="replacement")
    taken = {"amount": Money(gone.total_minor), "reference": "dp_1", "at": LATE}
    charge_back_order(stores=stores, order_id=gone.id, **taken)
    assert _read(gone, (), case.id, LATE)["returned"] == gone.total_minor
    fire_due_clocks(stores=stores, at=LATE + 400 * HOUR)
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "upheld")
    granted = complain(told, USED, wanted="replacement")
    Finding.objects.create(
        order=told, code="charged_back", deed="person", found_at=LATE, acted_at=LATE
    )
    _accept(granted)
    step = Remedy.objects.get()
    assert (step.state, step.problem) == ("planned", "charge_back_told")
    Finding.objects.update(closed_at=LATE)
    execute_remedies(stores=stores, at=LATE + HOUR)
    assert Remedy.objects.get().state == "done"
    check_money()
