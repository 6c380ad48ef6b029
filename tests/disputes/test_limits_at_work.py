"""Published limits act: a person looks first, a recording is asked for, a warning is told; each
with its ground, its end and an appeal, and none changes what records decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    complain,
    delivered,
    make_shop,
    member,
    person,
    tell,
    undelivered,
)

from gongdao.core.errors import ConflictOfInterest, PayoutRefused
from gongdao.core.language import use_language
from gongdao.core.subject import SubjectRef
from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.hold_ground import (
    appeal_ground,
    check_may_pay_out,
    find_grounds,
    hold_merchant,
    lift_ground,
    place_ground,
)
from gongdao.disputes.models import Case, HoldGround, Notice, Verdict
from gongdao.disputes.note_limits import buyer_subject, measures_of_buyer
from gongdao.disputes.notices import LIMITED, claim_notice, dispute_text, is_told
from gongdao.disputes.offers import Terms, offer
from gongdao.disputes.open_case import complain as make_complaint
from gongdao.disputes.open_case import judge_again
from gongdao.disputes.recount_limits import RECOUNTED, Recount, recount_limits
from gongdao.disputes.say import NewFile, say
from gongdao.disputes.states import Deed, Mover, ReasonCode, Step
from gongdao.front.stores import get_stores
from gongdao.market.models import Order
from gongdao.vault.models import Claim, StatusCheck, Unit

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED
FILE = [NewFile("recording.mp4", b"from before the reveal")]


def limit(subject, code, hours=720, at=AT):
    """A published limit that stands against somebody."""
    rule = f"abuse/{code}@1"
    until = at + timedelta(hours=hours)
    return place_ground(subject=subject, ground=code, rule=rule, until=until, at=at)


def issuer_says(one, status, at=LATE):
    """What an issuer answered about the secret of an order."""
    claim = Claim.objects.get(owner_kind="order", owner_id=one.id)
    unit = Unit.objects.get(id=claim.unit_id)
    StatusCheck.objects.create(
        sealed_id=unit.sealed_id, batch_id=unit.batch_id, port="p", status=status, at=at
    )


def disproved(one):
    """How many of the buyer's complaints the records count as disproved by an issuer."""
    asked = Asked(ReasonCode.NOT_AS_DESCRIBED)
    facts = collect_facts(stores=get_stores(), order=one, asked=asked, case_id=None, at=LATE)
    return facts.get(FactName.BUYER_DISPROVED_180D)


def of_buyer(one):
    """The buyer of an order."""
    return buyer_subject(one.buyer_digest)


@pytest.fixture
def counted(monkeypatch):
    """Counts of the records, set to what the test says."""
    from gongdao.disputes import judge

    real, said = judge.collect_facts, {}

    def collect(**given):
        facts = real(**given)
        kept = [facts.by_name[name] for name in said]
        return facts.with_facts(
            [type(f)(f.name, said[f.name], f.source, f.at, f.evidence) for f in kept]
        )

    monkeypatch.setattr(judge, "collect_facts", collect)
    return said


def test_a_person_looks_first():
    """What records cannot decide is with an arbiter at once; the merchant's silence does not decide
    it, and the event says by which rule."""
    one = delivered()
    limit(of_buyer(one), "serial_claims")
    case = complain(one, USED, words="卡密打开就提示已使用。")
    assert (case.step, case.mover) == (Step.ARBITER, "platform")
    said = case.events.get(kind="limited").data
    assert (said["rule"], said["measure"], said["begins"]) == (
        "abuse/serial_claims@1",
        "person_first",
        False,
    )
    assert not Verdict.objects.exists()


def test_without_the_limit_the_merchant_is_asked():
    """The control: the same complaint of a buyer without a limit waits for the merchant."""
    assert complain(delivered(), USED).step == Step.MERCHANT_ANSWER


def test_what_records_decide_is_decided_at_once_all_the_same():
    """As the published rule says: a limit changes nothing where the records are clear."""
    one = undelivered()
    limit(of_buyer(one), "serial_claims")
    case = complain(one, ReasonCode.NOT_DELIVERED, at=LATE + HOUR)
    assert case.step == Step.EXECUTING and Verdict.objects.get().automatic


def test_silence_after_an_offer_does_not_grant_either():
    """Led away from the arbiter by offers, the merchant's silence leads back to him."""
    one, stores = delivered(), get_stores()
    limit(of_buyer(one), "serial_claims")
    case = complain(one, USED)
    more = {"stores": stores, "case_id": case.id, "at": LATE}
    offer(**more, by=MERCHANT, terms=Terms(Kind.REFUND_PART, 1))
    offer(**more, by=BUYER, terms=Terms(Kind.REFUND_PART, 5000))
    tell(case, LATE)
    fire_due_clocks(stores=stores, at=LATE + 25 * HOUR)
    case.refresh_from_db()
    assert case.step == Step.ARBITER and not Verdict.objects.exists()


@pytest.mark.parametrize("deed", ["complain", "silence"])
def test_a_question_comes_under_the_limit_too(deed):
    """Asked first, then made a complaint by the buyer or by the merchant's silence."""
    one, stores = delivered(), get_stores()
    limit(of_buyer(one), "serial_claims")
    case = complain(one, USED, talk=True, words="怎么用不了？")
    assert case.step == Step.TALK_MERCHANT
    if deed == "complain":
        make_complaint(stores=stores, case_id=case.id, by=BUYER, at=LATE + HOUR)
    else:
        tell(case, LATE)
        fire_due_clocks(stores=stores, at=LATE + 25 * HOUR)
    case.refresh_from_db()
    assert case.step == Step.ARBITER and case.events.filter(kind="limited").count() == 1


def test_a_recording_is_asked_for_and_then_the_merchant():
    """The complaint waits for the buyer's recording with a clock; with it the merchant is asked."""
    one, stores = delivered(), get_stores()
    limit(of_buyer(one), "use_then_complain")
    case = complain(one, USED, words="已被使用。")
    assert (case.step, case.mover, case.clock_count) == (Step.BUYER_EVIDENCE, "buyer", 72)
    assert Notice.objects.get(case=case).side == "buyer"
    more = {"stores": stores, "case_id": case.id, "by": BUYER, "deed": Deed.SHOW}
    say(**more, words="录屏在附件里。", files=FILE, at=LATE + HOUR)
    case.refresh_from_db()
    assert (case.step, case.mover) == (Step.MERCHANT_ANSWER, "merchant")
    assert case.clock_started_at == LATE + HOUR


def test_without_the_recording_a_person_decides_on_what_is_there():
    """Words alone, or silence, leave it to the arbiter; neither ends the case."""
    stores = get_stores()
    shop = make_shop()
    first = delivered(shop)
    limit(of_buyer(first), "use_then_complain")
    case = complain(first, USED)
    more = {"stores": stores, "case_id": case.id, "by": BUYER, "deed": Deed.SHOW}
    say(**more, words="没有录屏，当时没想到。", at=LATE + HOUR)
    case.refresh_from_db()
    assert case.step == Step.ARBITER
    second = complain(delivered(shop), USED)
    assert second.step == Step.BUYER_EVIDENCE
    tell(second, LATE)
    fire_due_clocks(stores=stores, at=second.clock_due_at)
    second.refresh_from_db()
    assert (second.step, second.outcome) == (Step.ARBITER, "")


def test_a_recording_sent_along_needs_no_asking():
    """Handed in with the complaint it goes to the merchant as ever; other reasons never ask."""
    shop = make_shop()
    one = delivered(shop)
    limit(of_buyer(one), "use_then_complain")
    from gongdao.disputes.collect_facts import Asked
    from gongdao.disputes.open_case import open_case

    case = open_case(
        stores=get_stores(),
        order_id=one.id,
        asked=Asked(USED),
        by=BUYER,
        words="录屏在附件里。",
        files=FILE,
        at=LATE,
    )
    assert case.step == Step.MERCHANT_ANSWER
    assert complain(delivered(shop), ReasonCode.NOT_AS_DESCRIBED).step == Step.MERCHANT_ANSWER


def test_an_arbiter_who_asks_gets_the_answer_himself():
    """Evidence that a person asked for goes back to that person, file or not."""
    from gongdao.disputes.hand_over import ask_party, take_case

    one, stores = delivered(), get_stores()
    limit(of_buyer(one), "serial_claims")
    case = complain(one, USED)
    anna = person("anna").id
    take_case(stores=stores, case_id=case.id, user_id=anna, at=LATE)
    ask_party(
        stores=stores, case_id=case.id, by=anna, whom=Mover.BUYER, words="请交录屏。", at=LATE
    )
    more = {"stores": stores, "case_id": case.id, "by": BUYER, "deed": Deed.SHOW}
    say(**more, words="录屏在附件里。", files=FILE, at=LATE + HOUR)
    case.refresh_from_db()
    assert case.step == Step.ARBITER


def test_reached_it_begins_and_is_told(counted):
    """The count is reached: the limit stands with its ground and end, and the buyer is told of it
    once; the next case says that it stands, and tells nobody again."""
    counted[FactName.BUYER_CLAIMS_30D] = 10
    shop = make_shop()
    one = delivered(shop)
    case = complain(one, USED)
    assert case.step == Step.ARBITER
    ground = HoldGround.objects.get()
    assert ground.rule == "abuse/serial_claims@1" and ground.facts == {"buyer_claims_30d": 10}
    assert ground.until == LATE + timedelta(hours=720)
    assert [n.side for n in Notice.objects.filter(event=LIMITED)] == ["buyer"]
    claim = claim_notice(at=LATE)
    title, body = dispute_text(claim=claim, link="https://x.test/orders/1/")
    assert "限制" in title and "10 次" in body and "申诉" in body and "https://x.test" in body
    use_language("en")
    assert "30 days" in dispute_text(claim=claim, link="L")[1]
    use_language("zh")
    assert complain(delivered(shop), USED).step == Step.ARBITER
    assert HoldGround.objects.count() == Notice.objects.filter(event=LIMITED).count() == 1


def test_a_warning_is_told_and_holds_nothing(counted):
    """The merchant reads it with the case that waits for him, in one notice; his payouts go on, and
    being warned is not being told of the next move."""
    counted[FactName.MERCHANT_EMPTY_ANSWERS_30D] = 5
    shop = make_shop()
    case = complain(delivered(shop), USED)
    assert case.step == Step.MERCHANT_ANSWER
    notice = Notice.objects.get(case=case)
    assert (notice.side, notice.event) == ("merchant", Step.MERCHANT_ANSWER)
    body = dispute_text(claim=claim_notice(at=LATE), link="L")[1]
    assert "没有针对投诉的事实" in body and "申诉" in body
    subject = SubjectRef("merchant", shop.merchant.id)
    assert [one.ground for one in find_grounds(subject=subject, at=LATE)] == ["empty_answers"]
    check_may_pay_out(merchant_id=shop.merchant.id, at=LATE)
    limit(subject, "merchant_silence", hours=168)
    with pytest.raises(PayoutRefused):
        check_may_pay_out(merchant_id=shop.merchant.id, at=LATE)
    assert not is_told(case)


def test_lifted_on_appeal_it_does_not_come_back(counted):
    """A person lifts it: the next complaint goes its ordinary way although the count is the same;
    when its time is over, a count that is still reached begins it anew."""
    counted[FactName.BUYER_CLAIMS_30D] = 10
    shop, stores = make_shop(), get_stores()
    one = delivered(shop)
    case = complain(one, USED)
    ground = HoldGround.objects.get()
    appeal_ground(stores=stores, ground_id=ground.id, words="都是同一批坏卡。", at=LATE)
    lift_ground(ground_id=ground.id, why="核实是同一批坏卡。", by=person("anna").id, at=LATE)
    assert not measures_of_buyer(case, LATE)
    assert complain(delivered(shop), USED).step == Step.MERCHANT_ANSWER
    later = ground.until + HOUR
    assert complain(delivered(shop), USED, at=later).step == Step.ARBITER
    assert HoldGround.objects.count() == 2


def test_nobody_lifts_what_is_against_himself(counted):
    """Neither somebody who acts for the merchant nor the buyer himself ends a limit against his
    side, appealed or not, or places one; somebody else ends both."""
    counted[FactName.BUYER_CLAIMS_30D] = 10
    shop, ben = make_shop(), person("ben")
    one = delivered(shop)
    Order.objects.filter(id=one.id).update(buyer_id=ben.id)
    complain(one, USED)
    clerk, subject = member(shop).id, SubjectRef("merchant", shop.merchant.id)
    held = {"merchant_id": shop.merchant.id, "rule_id": "abuse/merchant_silence", "hours": 24}
    with pytest.raises(ConflictOfInterest):
        hold_merchant(**held, reason="对账。", by=clerk, at=LATE)
    pairs = [
        (limit(subject, "merchant_silence", at=LATE), clerk),
        (HoldGround.objects.get(subject_kind="buyer"), ben.id),
    ]
    for ground, who in pairs:
        lift = {"ground_id": ground.id, "why": "核实过了。", "at": LATE}
        with pytest.raises(ConflictOfInterest):
            lift_ground(**lift, by=who)
        assert lift_ground(**lift, by=person("anna").id).lifted_at == LATE


def test_a_limit_ends_by_itself():
    """After its hours it acts no more, whether the sweep has ended it yet or not."""
    one = delivered()
    limit(of_buyer(one), "serial_claims", hours=1, at=AT - 2 * HOUR)
    assert complain(one, USED).step == Step.MERCHANT_ANSWER


@pytest.mark.parametrize("status", [None, "valid"])
def test_a_refusal_for_another_reason_disproves_nothing(status):
    """Complaints of lateness about goods that came in time are refused, whatever the issuer said of
    the secret, and no issuer disproved any of them."""
    shop = make_shop(stock=5)
    for _ in range(4):
        one = delivered(shop, contact="same@example.invalid")
        if status:
            issuer_says(one, status, at=AT + timedelta(minutes=6))
        case = complain(one, ReasonCode.LATE, at=AT + timedelta(minutes=8))
        assert (case.state, case.outcome) == ("closed", "refused")
    assert disproved(one) == 0
    last = complain(delivered(shop, contact="same@example.invalid"), USED)
    assert last.step == Step.MERCHANT_ANSWER and not HoldGround.objects.exists()


def test_refused_on_the_issuers_record_they_count():
    """The control: three complaints that the issuer's answer refused are three, and from the next
    one on a person looks first; another buyer's are not his."""
    shop = make_shop(stock=6)
    for number in range(3):
        one = delivered(shop, contact="same@example.invalid")
        case = complain(one, ReasonCode.INVALID)
        issuer_says(one, "valid", at=LATE + timedelta(minutes=1))
        answered = LATE + timedelta(minutes=2)
        assert judge_again(stores=get_stores(), case_id=case.id, at=answered)
        assert Case.objects.get(id=case.id).outcome == "refused"
        assert disproved(one) == number + 1
    other = delivered(shop, contact="other@example.invalid")
    assert disproved(other) == 0
    last = complain(delivered(shop, contact="same@example.invalid"), USED)
    assert last.step == Step.ARBITER
    assert HoldGround.objects.get().rule == "abuse/disproved_claims@1"


def limited_buyer(count):
    """An order of a buyer with ``count`` claims that an issuer disproved, and a limit against him
    that says three; the case in which it began."""
    shop = make_shop(stock=9)
    for _ in range(count):
        one = delivered(shop, contact="same@example.invalid")
        case = complain(one, ReasonCode.INVALID)
        issuer_says(one, "valid", at=LATE + timedelta(minutes=1))
        answered = LATE + timedelta(minutes=2)
        assert judge_again(stores=get_stores(), case_id=case.id, at=answered)
    begins = LATE + timedelta(minutes=3)
    one = delivered(shop, contact="same@example.invalid")
    last = complain(one, ReasonCode.OTHER, at=begins)
    place_ground(
        subject=buyer_subject(last.buyer_digest),
        ground="disproved_claims",
        rule="abuse/disproved_claims@1",
        until=begins + timedelta(hours=4320),
        facts={"buyer_disproved_180d": 3},
        at=begins,
    )
    return last


def test_a_limit_that_was_counted_wrongly_is_lifted():
    """Two disproved claims do not make three: the limit goes, its case says so, the buyer is told
    why; a second run finds nothing to do."""
    case, stores, at = limited_buyer(2), get_stores(), LATE + timedelta(hours=1)
    assert recount_limits(stores=stores, at=at) == Recount(1, 1)
    row = HoldGround.objects.get()
    assert (row.lifted_why, row.lifted_at) == (RECOUNTED, at)
    assert measures_of_buyer(case, at) == frozenset()
    assert case.events.get(kind="lifted").data["count"] == 2
    notice = Notice.objects.get(case=case, event="limit_lifted")
    claim = claim_notice(at=at)
    while claim is not None and claim.id != notice.id:
        claim = claim_notice(at=at)
    title, text = dispute_text(claim=claim, link="https://example.invalid")
    assert "限制取消" in title and "没有达到公布的次数" in text
    case.refresh_from_db()
    Notice.objects.exclude(id=notice.id).delete()
    Notice.objects.update(state="accepted", ended_at=at, next_try_at=None)
    assert not is_told(case)
    assert recount_limits(stores=stores, at=at) == Recount(0, 0)


def test_a_limit_that_holds_stays():
    """The control: three claims were disproved, and nothing is lifted; nor what a person placed."""
    case = limited_buyer(3)
    at = LATE + timedelta(hours=1)
    assert recount_limits(stores=get_stores(), at=at) == Recount(1, 0)
    assert HoldGround.objects.filter(lifted_at=None).count() == 1
    assert not case.events.filter(kind="lifted").exists()
    HoldGround.objects.update(placed_by=person("anna"))
    assert recount_limits(stores=get_stores(), at=at) == Recount(0, 0)
