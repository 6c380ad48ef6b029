"""Clocks, silence, offers, persons and appeals: every way through a case, with the money."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.authority_kit import end, hold
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
    member,
    pay_refunds,
    person,
    tell,
    undelivered,
)

from gongdao.core.errors import (
    ConflictOfInterest,
    DisputeRefused,
    InputError,
    NotYourMove,
)
from gongdao.core.money import Money
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.hand_over import ask_party, hand_over, take_case
from gongdao.disputes.models import (
    AuthorityRequest,
    Case,
    HandOver,
    Notice,
    OfferAnswer,
    Remedy,
    Verdict,
)
from gongdao.disputes.notices import note_seen
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, decline_offer, offer
from gongdao.disputes.root_cause import Cause, answer_cause, measure_effect, record_cause
from gongdao.disputes.say import NewFile, name_excuse, say, withdraw
from gongdao.disputes.states import Deed, Mover, Outcome, ReasonCode, Step
from gongdao.disputes.stop_clock import Stop, stop_clock
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.models import LedgerHold
from gongdao.market.models import Order
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED


def _fire(at):
    return dict(fire_due_clocks(stores=get_stores(), at=at).deeds)


def _again(case):
    case.refresh_from_db()
    return case


def _end(case, at):
    """Pay what was asked back, and let the case end."""
    pay_refunds(at)
    execute_remedies(stores=get_stores(), at=at + timedelta(minutes=20))
    check_money()
    for row in Verdict.objects.all():
        assert differs(read_verdict(row.file.encode())) == ()
    return _again(case)


def _ruling(remedy=Kind.REFUND_FULL, minor=9800, reasons="", **more):
    return Ruling(
        remedy=remedy,
        minor=minor,
        shares={"merchant": 100} if remedy is not Kind.NONE else {},
        reasons=reasons or "买家的录屏从提卡前开始，显示兑换时已被使用，商家没有相反的记录。",
        rules=["liability/already_used"],
        weighed=more.pop("weighed", {FactName.DEFECT_SHOWN: remedy is not Kind.NONE}),
        **more,
    )


def _decide(case, who, ruling, at):
    return give_verdict(
        stores=get_stores(), case_id=case.id, by=person(who).id, ruling=ruling, at=at
    )


def test_merchants_silence_after_notice_grants_the_claim():
    """Told and silent for a day: the claim stands by the table for silence, and is paid."""
    case = complain(delivered(), USED)
    tell(case, LATE)
    assert _fire(LATE + 23 * HOUR) == {}
    assert _fire(LATE + 25 * HOUR) == {"claim_stands": 1}
    case = _end(case, LATE + 25 * HOUR)
    assert (case.outcome, case.late) == ("upheld", {"merchant": 1})
    assert Verdict.objects.get().reason_code.startswith("liability/silence@")
    assert Order.objects.get().state == "refunded"


def test_silence_without_notice_goes_to_a_person():
    """Nobody shows that the merchant was told, so his silence proves nothing; looking at the case
    would have been notice enough."""
    shop = make_shop()
    first = complain(delivered(shop), USED)
    second = complain(delivered(shop, contact="b@example.invalid"), USED)
    note_seen(case_id=second.id, side=Mover.MERCHANT, at=LATE + HOUR)
    assert _fire(LATE + 25 * HOUR) == {"silence_untold": 1, "claim_stands": 1}
    assert _again(first).step == Step.ARBITER
    assert not Verdict.objects.filter(case=first).exists()
    assert HandOver.objects.filter(case=first).count() == 1


def test_platform_silent_twice_pays_itself():
    """48 hours without an answer take a case to management and the buyer hears of it; another 48
    pay the claim out of the guarantee, and the merchant keeps his money."""
    case = complain(delivered(), USED)
    fund(AccountKind.PLATFORM_GUARANTEE, 50_000)
    _fire(LATE + 25 * HOUR)
    assert _fire(LATE + 74 * HOUR) == {"silence": 1}
    assert (_again(case).step, case.forum) == (Step.MANAGEMENT, "management")
    assert Notice.objects.filter(case=case, side="buyer", event="escalated").exists()
    assert _fire(LATE + 123 * HOUR) == {"platform_pays": 1}
    case = _end(case, LATE + 123 * HOUR)
    assert (case.state, case.outcome) == ("closed", "upheld")
    assert Remedy.objects.get().drawn == {"guarantee": 9800}
    assert balance(AccountKind.PLATFORM_GUARANTEE) == 50_000 - 9800
    release_due(stores=get_stores(), at=LATE + 200 * HOUR)
    assert Order.objects.get().state == "completed"
    check_money()


def test_an_offer_is_accepted_once_and_the_rest_stays_the_sellers():
    """Half goes back, the other half stays held for the sale; a second tap changes nothing."""
    case = complain(delivered(), USED)
    stores, at = get_stores(), LATE + HOUR
    terms = Terms(Kind.REFUND_PART, 4900, "退一半")
    one = offer(stores=stores, case_id=case.id, by=MERCHANT, terms=terms, at=at)
    assert (_again(case).step, case.mover) == (Step.BUYER_OFFER, "buyer")
    with pytest.raises(NotYourMove):
        accept_offer(stores=stores, case_id=case.id, offer_id=one, by=MERCHANT, at=at)
    assert accept_offer(stores=stores, case_id=case.id, offer_id=one, by=BUYER, at=at)
    assert not accept_offer(stores=stores, case_id=case.id, offer_id=one, by=BUYER, at=at)
    case = _end(case, at)
    assert (case.outcome, Refund.objects.get().amount_minor) == ("settled", 4900)
    hold = LedgerHold.objects.get(purpose="sale")
    assert (hold.left_minor, Order.objects.get().state) == (4900, "delivered")
    release_due(stores=stores, at=LATE + 60 * HOUR)
    assert balance(AccountKind.PLATFORM_FEE) == 49
    check_money()


def test_offers_have_a_history_and_lapse():
    """A counter-offer overtakes the first; the buyer's silence lapses the last and never counts as
    solved, and the money goes on to the merchant."""
    case = complain(delivered(), USED)
    stores, at = get_stores(), LATE + HOUR
    first = offer(
        stores=stores, case_id=case.id, by=MERCHANT, terms=Terms(Kind.REFUND_PART, 1000), at=at
    )
    mine = offer(
        stores=stores, case_id=case.id, by=BUYER, terms=Terms(Kind.REFUND_PART, 9000), at=at
    )
    with pytest.raises(NotYourMove):
        accept_offer(stores=stores, case_id=case.id, offer_id=first, by=BUYER, at=at)
    last = offer(
        stores=stores, case_id=case.id, by=MERCHANT, terms=Terms(Kind.REFUND_PART, 2000), at=at
    )
    tell(case, at)
    assert _fire(at + 73 * HOUR) == {"lapsed": 1}
    answers = {row.offer_id: row.answer for row in OfferAnswer.objects.all()}
    assert answers == {first: "overtaken", mine: "overtaken", last: "lapsed"}
    assert (_again(case).state, case.outcome) == ("closed", "lapsed")
    release_due(stores=stores, at=at + 74 * HOUR)
    assert Order.objects.get().state == "completed"
    assert not Refund.objects.exists()
    check_money()


def test_the_merchant_accepts_with_one_tap():
    """What was claimed is agreed and paid at once."""
    case = complain(delivered(), USED)
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=LATE)
    assert _end(case, LATE).outcome == "settled"
    assert Refund.objects.get().amount_minor == 9800


def test_an_excuse_that_is_not_shown_falls():
    """Named, not shown within its time: the claim stands."""
    case = complain(delivered(), USED)
    stores, words = get_stores(), "是买家自己输错了"
    name_excuse(
        stores=stores, case_id=case.id, by=MERCHANT, code="user_error", words=words, at=LATE
    )
    assert _again(case).step == Step.MERCHANT_PROOF
    tell(case, LATE)
    assert _fire(LATE + 25 * HOUR) == {"claim_stands": 1}
    assert case.events.filter(kind="excused", data__fell=True).exists()
    assert _end(case, LATE + 25 * HOUR).outcome == "upheld"


def test_a_declined_offer_is_decided_by_a_person():
    """The answer needs reasons and a basis; who is concerned himself does not give it."""
    shop = make_shop()
    case, stores = complain(delivered(shop), USED), get_stores()
    one = offer(
        stores=stores, case_id=case.id, by=MERCHANT, terms=Terms(Kind.REFUND_PART, 1), at=LATE
    )
    decline_offer(stores=stores, case_id=case.id, offer_id=one, by=BUYER, at=LATE)
    with pytest.raises(ConflictOfInterest):
        give_verdict(stores=stores, case_id=case.id, by=member(shop).id, ruling=_ruling(), at=LATE)
    with pytest.raises(InputError):
        _decide(case, "anna", _ruling(reasons="对"), LATE)
    take_case(stores=stores, case_id=case.id, user_id=person("anna").id, at=LATE)
    with pytest.raises(NotYourMove):
        _decide(case, "boris", _ruling(), LATE)
    assert _decide(case, "anna", _ruling(), LATE).decided_by == person("anna")
    assert _end(case, LATE).outcome == "upheld"


def test_refused_by_a_person_then_appealed_to_another():
    """Against a person it takes new evidence; whoever decided does not decide again; what the
    second person gives is paid although the money was released meanwhile."""
    shop = make_shop()
    drain_deposit(shop)
    fund(AccountKind.MERCHANT_DEPOSIT, 20_000, shop)
    case, stores = complain(delivered(shop), USED), get_stores()
    say(
        stores=stores,
        case_id=case.id,
        by=MERCHANT,
        deed=Deed.CONTEST,
        words="卡密出库时有效，兑换记录显示是买家自己使用的。",
        at=LATE,
    )
    _decide(case, "anna", _ruling(Kind.NONE, 0), LATE)
    assert (_again(case).state, case.outcome) == ("closed", "refused")
    assert confirm_receipt(stores=stores, order_id=case.order_id, at=LATE)
    with pytest.raises(DisputeRefused):
        appeal(
            stores=stores,
            case_id=case.id,
            by=BUYER,
            ground=Ground.NEW_EVIDENCE,
            words="有新证据",
            at=LATE,
        )
    appeal(
        stores=stores,
        case_id=case.id,
        by=BUYER,
        ground=Ground.NEW_EVIDENCE,
        words="发行方的答复",
        files=[NewFile("answer.pdf", b"%PDF")],
        at=LATE + HOUR,
    )
    assert (_again(case).forum, case.owner_id) == ("appeal", None)
    with pytest.raises(ConflictOfInterest):
        _decide(case, "anna", _ruling(), LATE + HOUR)
    _decide(case, "boris", _ruling(), LATE + 2 * HOUR)
    assert Remedy.objects.get().drawn == {"deposit": 9800}
    assert _end(case, LATE + 2 * HOUR).outcome == "upheld"
    assert balance(AccountKind.MERCHANT_DEPOSIT, shop) == 20_000 - 9800


def test_an_automatic_refusal_can_always_be_appealed_once():
    """The wish suffices against a machine; a second time for the same verdict does not; after ten
    working days the way leads outside."""
    case, stores = complain(delivered(), ReasonCode.NOT_DELIVERED), get_stores()
    assert case.outcome == "refused"
    ask = {"stores": stores, "case_id": case.id, "by": BUYER, "ground": Ground.REQUEST}
    with pytest.raises(DisputeRefused):
        appeal(**ask, words="请人看", at=LATE + timedelta(days=30))
    appeal(**ask, words="请人看一下", at=LATE)
    withdraw(stores=stores, case_id=case.id, by=BUYER, at=LATE)
    assert _again(case).outcome == "refused"
    with pytest.raises(DisputeRefused):
        appeal(**ask, words="再请人看", at=LATE)


def test_an_appeal_waits_for_another_case_of_the_order():
    """An order has one open case: an appeal beside another is refused with its reason, and the time
    that it waits for the other one's end is not lost."""
    one, stores = delivered(), get_stores()
    case, other = complain(one, ReasonCode.NOT_DELIVERED), complain(one, USED)
    ask = {"stores": stores, "case_id": case.id, "by": BUYER, "ground": Ground.REQUEST}
    with pytest.raises(DisputeRefused):
        appeal(**ask, words="请人看", at=LATE)
    assert _again(case).state == "closed"
    long_after = LATE + timedelta(days=30)
    withdraw(stores=stores, case_id=other.id, by=BUYER, at=long_after)
    appeal(**ask, words="请人看", at=long_after + HOUR)
    assert _again(case).forum == "appeal"


def test_a_large_sum_takes_two_people(monkeypatch):
    """The second person has to come to the same; another result begins anew."""
    monkeypatch.setattr(
        "gongdao.disputes.give_verdict.second_arbiter_limit", lambda on: Money(5000)
    )
    case, stores = complain(delivered(), USED), get_stores()
    say(
        stores=stores,
        case_id=case.id,
        by=MERCHANT,
        deed=Deed.CONTEST,
        words="卡密没有问题，请平台核对记录。",
        at=LATE,
    )
    assert _decide(case, "anna", _ruling(), LATE) is None
    assert _again(case).step == Step.SECOND_ARBITER
    with pytest.raises(NotYourMove):
        _decide(case, "anna", _ruling(), LATE)
    assert _decide(case, "boris", _ruling(Kind.REFUND_PART, 1000), LATE) is None
    row = _decide(case, "clara", _ruling(Kind.REFUND_PART, 1000), LATE)
    assert (row.decided_by, row.seconded_by) == (person("boris"), person("clara"))
    assert _end(case, LATE).outcome == Outcome.PARTLY_UPHELD


def test_asked_evidence_handed_over_and_a_stopped_clock():
    """Handing over wins nobody time and is counted; a clock stops for published reasons alone and
    runs on with what was left."""
    case, stores = complain(delivered(), USED), get_stores()
    anna, boris = person("anna").id, person("boris").id
    _fire(LATE + 25 * HOUR)
    at = LATE + 26 * HOUR
    take_case(stores=stores, case_id=case.id, user_id=anna, at=at)
    due = _again(case).clock_due_at
    hand_over(
        stores=stores,
        case_id=case.id,
        by=anna,
        to=boris,
        reason="language",
        words="请懂这款游戏的人看",
        at=at + HOUR,
    )
    assert (_again(case).clock_due_at, case.handovers, case.owner_id) == (due, 3, boris)
    ask_party(stores=stores, case_id=case.id, by=boris, whom=Mover.BUYER, words="请给录屏", at=at)
    assert (_again(case).step, case.mover) == (Step.BUYER_EVIDENCE, "buyer")
    asked = Stop(StopReason.GATEWAY_ASKED, "在等支付渠道答复。")
    with pytest.raises(DisputeRefused):
        stop_clock(stores=stores, case_id=case.id, by=boris, stop=asked, at=at)
    due = case.clock_due_at
    hold(case, at=at)
    assert _fire(at + 500 * HOUR) == {}
    end(AuthorityRequest.objects.get(), at=at + 10 * HOUR)
    assert _again(case).clock_due_at == due + 10 * HOUR
    say(
        stores=stores,
        case_id=case.id,
        by=BUYER,
        deed=Deed.SHOW,
        words="录屏在这里",
        files=[NewFile("a.mp4", b"film")],
        at=at + 11 * HOUR,
    )
    assert _again(case).step == Step.ARBITER


def test_no_cover_waits_and_goes_on():
    """Where neither hold nor deposit nor guarantee reaches, the step says so and goes on as soon as
    there is money."""
    shop = make_shop()
    drain_deposit(shop)
    case, stores = complain(delivered(shop), ReasonCode.NOT_DELIVERED), get_stores()
    confirm_receipt(stores=stores, order_id=case.order_id, at=LATE)
    appeal(stores=stores, case_id=case.id, by=BUYER, ground=Ground.REQUEST, words="请人看", at=LATE)
    _decide(case, "anna", _ruling(), LATE)
    assert (_again(case).needs_person, Remedy.objects.get().state) == ("no_cover", "planned")
    assert _fire(LATE + 400 * HOUR)
    fund(AccountKind.PLATFORM_GUARANTEE, 9800)
    execute_remedies(stores=stores, at=LATE + 401 * HOUR)
    assert Remedy.objects.get().drawn == {"guarantee": 9800}
    assert _end(case, LATE + 402 * HOUR).outcome == "upheld"


def test_a_replacement_instead_of_money():
    """The buyer wanted another secret and gets one; the first never comes back; with an empty shelf
    the money goes back instead."""
    shop = make_shop(stock=2)
    first, stores = delivered(shop, contact="a@example.invalid"), get_stores()
    case = complain(first, USED, wanted="replacement")
    accept_claim(stores=stores, case_id=case.id, by=MERCHANT, at=LATE)
    assert _again(case).outcome == "settled"
    assert Order.objects.get().state == "delivered" and not Refund.objects.exists()
    other = complain(first, USED, wanted="replacement", at=LATE + HOUR)
    accept_claim(stores=stores, case_id=other.id, by=MERCHANT, at=LATE + HOUR)
    assert Remedy.objects.filter(case=other, state="failed").get().problem == "out_of_stock"
    assert _end(other, LATE + HOUR).outcome == "settled"
    assert Refund.objects.get().amount_minor == 9800


def test_the_promise_passes_and_the_case_is_judged_again():
    """A complaint before the promise rests; past it, undelivered, the money goes back by itself."""
    case = complain(undelivered(), ReasonCode.NOT_DELIVERED, at=AT + timedelta(minutes=5))
    assert _fire(AT + timedelta(minutes=9)) == {}
    assert _fire(LATE) == {"judged": 1}
    assert _end(case, LATE).outcome == "upheld"


def test_what_the_watchdog_gave_back_ends_the_case():
    """The market refunds a broken promise while a case waits: the case ends with it, and nothing
    goes back twice."""
    from gongdao.market.watch_orders import watch_orders

    case = complain(undelivered(), ReasonCode.OTHER, at=AT + timedelta(minutes=5))
    watch_orders(stores=get_stores(), at=AT + timedelta(hours=1))
    assert follow_orders(stores=get_stores(), at=AT + timedelta(hours=1)) == 1
    assert (_again(case).state, case.outcome) == ("closed", "upheld")
    assert Refund.objects.get().amount_minor == 9800
    check_money()


def test_a_question_becomes_a_complaint():
    """Asked first, unanswered for a day: the question is a complaint by itself."""
    case = complain(delivered(), USED, talk=True)
    assert (case.step, case.forum) == (Step.TALK_MERCHANT, "talk")
    _fire(LATE + 25 * HOUR)
    assert (_again(case).step, case.forum) == (Step.MERCHANT_ANSWER, "complaint")


def test_causes_and_their_effect():
    """An upheld case gets its cause, an answer and a measured effect; a refused one does not."""
    case, stores = complain(delivered(), USED), get_stores()
    accept_claim(stores=stores, case_id=case.id, by=MERCHANT, at=LATE)
    anna = person("anna").id
    with pytest.raises(DisputeRefused):
        record_cause(
            stores=stores, case_id=case.id, cause=Cause.VETTING, note="来源", by=anna, at=LATE
        )
    case = _end(case, LATE)
    cause = record_cause(
        stores=stores, case_id=case.id, cause=Cause.VETTING, note="来源", by=anna, at=LATE + HOUR
    )
    answer = answer_cause(cause=cause, what="重新核验来源凭证", by=anna, at=LATE + 2 * HOUR)
    with pytest.raises(DisputeRefused):
        measure_effect(answer=answer, days=7, at=LATE + 3 * HOUR)
    effect = measure_effect(answer=answer, days=7, at=LATE + timedelta(days=8))
    assert (effect.cases_before, effect.orders_before, effect.cases_after) == (1, 1, 0)


def test_a_late_word_does_not_keep_the_cause_out():
    """The merchant says another word after his case is closed: its cause is recorded all the same,
    and a word after that too."""
    case, stores = complain(delivered(), USED), get_stores()
    accept_claim(stores=stores, case_id=case.id, by=MERCHANT, at=LATE)
    case = _end(case, LATE)
    more = {"stores": stores, "case_id": case.id}
    say(**more, by=MERCHANT, words="还想说一句", at=LATE + HOUR)
    record_cause(**more, cause=Cause.SUPPLIER, note="来源", by=person("anna").id, at=LATE + HOUR)
    say(**more, by=MERCHANT, words="还有一句", at=LATE + 2 * HOUR)


def test_files_are_encrypted_and_late_words_marked():
    """A file lies sealed under a keyed name; what comes after the end is kept and marked."""
    case, stores = complain(delivered(), USED, words="卡密是坏的"), get_stores()
    say(
        stores=stores,
        case_id=case.id,
        by=BUYER,
        words="截图",
        files=[NewFile("a.png", b"plain picture")],
        at=LATE,
    )
    from gongdao.disputes.models import Exhibit, Post

    row = Exhibit.objects.get()
    with stores.blobs.open(row.blob) as stream:
        assert b"plain picture" not in stream.read()
    withdraw(stores=stores, case_id=case.id, by=BUYER, at=LATE)
    say(stores=stores, case_id=case.id, by=BUYER, words="还有一句", at=LATE)
    assert [one.late for one in Post.objects.order_by("at", "id")].count(True) == 1
    assert Case.objects.get().outcome == "withdrawn"
