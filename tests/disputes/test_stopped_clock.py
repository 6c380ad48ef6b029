"""A clock stands still only by its owner's will, for a reason that he says, and never for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.disputes.authority_kit import end, hold
from tests.disputes.disputes_kit import (
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    complain,
    delivered,
    drain_deposit,
    fund,
    make_shop,
    member,
    person,
    run,
    tell,
)

from gongdao.core.errors import (
    ConflictOfInterest,
    DisputeRefused,
    InputError,
    NotYourMove,
)
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.hand_over import hand_over, take_case
from gongdao.disputes.models import AuthorityRequest, Notice, Remedy
from gongdao.disputes.notices import ClaimedNotice, dispute_text, is_told
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.open_case import judge_again
from gongdao.disputes.queries import cases_that_stand_still
from gongdao.disputes.say import say, withdraw
from gongdao.disputes.states import Deed, Mover, ReasonCode
from gongdao.disputes.stop_clock import Stop, resume_clock, stop_clock
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.market.release_orders import confirm_receipt

pytestmark = pytest.mark.django_db(transaction=True)
OUTAGE = Stop(StopReason.OUTAGE, "昨晚平台断网，商家打不开工作台。")


def owned(shop=None):
    """A case that waits for its merchant, and its owner."""
    case, anna = complain(delivered(shop), ReasonCode.ALREADY_USED), person("anna").id
    take_case(stores=get_stores(), case_id=case.id, user_id=anna, at=LATE)
    case.refresh_from_db()
    return case, anna


def stop(case, by, what=OUTAGE, at=LATE):
    """Stop its clock; the case as it is then."""
    stop_clock(stores=get_stores(), case_id=case.id, by=by, stop=what, at=at)
    case.refresh_from_db()
    return case


def test_a_clock_is_stopped_by_the_cases_owner_alone():
    """Before anybody has it, or where another has it, nobody stops it or lets it run on, and the
    merchant's own people never do; its owner does."""
    shop = make_shop()
    case = complain(delivered(shop), ReasonCode.ALREADY_USED)
    anna, bela, clerk = person("anna").id, person("bela").id, member(shop).id
    with pytest.raises(NotYourMove):
        stop(case, anna)
    take_case(stores=get_stores(), case_id=case.id, user_id=anna, at=LATE)
    with pytest.raises(NotYourMove):
        stop(case, bela)
    with pytest.raises(ConflictOfInterest):
        stop(case, clerk)
    case.refresh_from_db()
    assert case.clock_stopped_at is None
    assert stop(case, anna).clock_stopped_at == LATE
    for other, error in ((bela, NotYourMove), (clerk, ConflictOfInterest)):
        with pytest.raises(error):
            resume_clock(stores=get_stores(), case_id=case.id, by=other, at=LATE + HOUR)
    case.refresh_from_db()
    assert case.clock_stopped_at == LATE


def test_while_an_authority_holds_it_nothing_moves():
    """No side ends the case, no new record decides it, words are heard, and its owner does not lift
    what the register has; under another stop, once the hold is over, the same tap is taken."""
    case, anna = owned(make_shop(stock=2))
    claim = {"stores": get_stores(), "case_id": case.id}
    ends = [(accept_claim, MERCHANT), (withdraw, BUYER)]
    hold(case)
    for deed, by in ends:
        with pytest.raises(DisputeRefused, match="不动"):
            deed(**claim, by=by, at=LATE + HOUR)
    run(
        "INSERT INTO vault_statuscheck (sealed_id, batch_id, port, status, at)"
        " SELECT sealed_id, batch_id, 'sandbox', 'invalid', now() FROM vault_unit"
    )
    assert not judge_again(**claim, at=LATE + HOUR)
    say(**claim, by=BUYER, words="还有一句", at=LATE + HOUR)
    case.refresh_from_db()
    assert (case.step, case.clock_stop_reason) == ("merchant_answer", "legal_hold")
    with pytest.raises(DisputeRefused, match="登记册"):
        resume_clock(**claim, by=anna, at=LATE + 2 * HOUR)
    assert end(AuthorityRequest.objects.get(), at=LATE + 2 * HOUR) == 1
    stop(case, anna, at=LATE + 2 * HOUR)
    accept_claim(**claim, by=MERCHANT, at=LATE + 3 * HOUR)
    case.refresh_from_db()
    assert case.ending == "settled"


def test_a_step_that_waits_is_not_carried_out_under_a_hold():
    """Money that was decided and not covered yet stays where it is while the hold stands, although
    it is there now; when the hold is over it goes back."""
    shop, anna = make_shop(), person("anna").id
    drain_deposit(shop)
    order = delivered(shop)
    confirm_receipt(stores=get_stores(), order_id=order.id, at=LATE)
    case = complain(order, ReasonCode.ALREADY_USED)
    claim = {"stores": get_stores(), "case_id": case.id}
    take_case(**claim, user_id=anna, at=LATE)
    accept_claim(**claim, by=MERCHANT, at=LATE)
    step = Remedy.objects.get()
    assert step.state == "planned"
    hold(case)
    fund(AccountKind.PLATFORM_GUARANTEE, 9800)
    execute_remedies(stores=get_stores(), at=LATE + 719 * HOUR)
    step.refresh_from_db()
    assert (step.state, step.tries) == ("planned", 1)
    execute_remedies(stores=get_stores(), at=LATE + 721 * HOUR)
    step.refresh_from_db()
    assert step.state == "asked"


def test_a_stop_runs_out_by_itself():
    """At its end the sweep lets the clock run on with all that was left, however late it comes; it
    is an event, a leaf, and a notice to both."""
    case, anna = owned()
    due = case.clock_due_at
    case = stop(case, anna, at=LATE + HOUR)
    until = LATE + 73 * HOUR
    assert case.clock_stop_until == until and list(cases_that_stand_still()) == [case]
    assert fire_due_clocks(stores=get_stores(), at=until - timedelta(seconds=1)).count == 0
    assert fire_due_clocks(stores=get_stores(), at=until + HOUR).deeds == {"resumed": 1}
    case.refresh_from_db()
    assert case.clock_stopped_at is None and case.clock_due_at == due + 72 * HOUR
    last = case.events.order_by("-number").first()
    assert (last.kind, last.by, len(last.leaf_hash)) == ("resumed", "nobody", 32)
    told = Notice.objects.filter(case=case, event="clock_resumed").values_list("side", flat=True)
    assert sorted(told) == ["buyer", "merchant"]
    assert not cases_that_stand_still().exists()
    assert fire_due_clocks(stores=get_stores(), at=until + HOUR).count == 0


def test_words_and_the_paper_are_asked_for():
    """Without words, without a request of the register where the rule asks for one, for more hours
    than the rule gives or for a reason that the clock does not know, nothing stops."""
    case, anna = owned()
    bad = [
        (Stop(StopReason.OUTAGE, " "), InputError),
        (Stop(StopReason.LEGAL_HOLD, "有关机关要求暂不处理。"), InputError),
        (Stop(StopReason.LEGAL_HOLD, "有关机关要求暂不处理。", reference="A-17"), InputError),
        (Stop(StopReason.OUTAGE, "断网。", hours=73), InputError),
        (Stop(StopReason.OUTAGE, "断网。", hours=0), InputError),
        (Stop(StopReason.GATEWAY_ASKED, "等渠道。"), DisputeRefused),
    ]
    for what, error in bad:
        with pytest.raises(error):
            stop(case, anna, what)
    case.refresh_from_db()
    assert case.clock_stopped_at is None and not case.posts.exists()


def test_the_hours_of_a_reason_count_together():
    """What stood still is used up, also where the case moved on before the end; another request has
    hours of its own, and the same one has not."""
    case, anna = owned()
    case = stop(case, anna, Stop(StopReason.OUTAGE, "断网。", hours=10))
    resume_clock(stores=get_stores(), case_id=case.id, by=anna, at=LATE + 4 * HOUR)
    case = stop(case, anna, Stop(StopReason.OUTAGE, "又断网。", hours=60), at=LATE + 5 * HOUR)
    more = {"stores": get_stores(), "case_id": case.id, "by": MERCHANT, "deed": Deed.CONTEST}
    say(**more, words="我们核对过，卡密出库时有效。", at=LATE + 15 * HOUR)
    case.refresh_from_db()
    assert case.stood == {"outage:": 14 * 3600} and case.clock_stopped_at is None
    number = hold(case, at=LATE + 16 * HOUR)
    fire_due_clocks(stores=get_stores(), at=LATE + 736 * HOUR)
    with pytest.raises(InputError):
        stop(case, anna, Stop(StopReason.LEGAL_HOLD, "再停。", reference=number), LATE + 737 * HOUR)
    hold(case, at=LATE + 737 * HOUR, paper_no="公调〔2026〕18 号")
    case.refresh_from_db()
    assert case.clock_stopped_at == LATE + 737 * HOUR


def test_who_gives_the_case_away_stops_nothing_any_more():
    """A stopped clock goes with the case to its new owner, and ends without anybody too."""
    case, anna = owned()
    words = "我们核对过，卡密出库时有效。"
    more = {"stores": get_stores(), "case_id": case.id, "by": MERCHANT, "deed": Deed.CONTEST}
    say(**more, words=words, at=LATE)
    stop(case, anna, Stop(StopReason.ISSUER_ASKED, "等发行方。"))
    more = {"stores": get_stores(), "case_id": case.id, "by": anna}
    hand_over(**more, to=None, reason="returned", words="我不在。", at=LATE)
    with pytest.raises(NotYourMove):
        resume_clock(**more, at=LATE + HOUR)
    fire_due_clocks(stores=get_stores(), at=LATE + 72 * HOUR)
    case.refresh_from_db()
    assert case.clock_stopped_at is None and case.state == "open"


def test_a_notice_of_a_stop_is_no_notice_of_his_move():
    """That the clock stands still tells nobody that it is his move; that it runs on does."""
    case, anna = owned()
    Notice.objects.filter(case=case).update(
        state="failed", ended_at=LATE, next_try_at=None, problem="refused"
    )
    stop(case, anna)
    tell(case, LATE)
    case.refresh_from_db()
    assert not is_told(case)
    fire_due_clocks(stores=get_stores(), at=LATE + 72 * HOUR)
    tell(case, LATE + 72 * HOUR)
    case.refresh_from_db()
    assert is_told(case)


@pytest.mark.parametrize(("late", "step"), [(500, "arbiter"), (0, "executing")])
def test_silence_after_a_stop_needs_word_that_the_clock_runs(late, step):
    """A sweep that comes after all of the merchant's time grants nothing by the notice from before
    the stop, since nobody told him that the clock runs; one in time tells him, and his silence
    then counts."""
    case, anna = owned()
    tell(case, LATE)
    until = stop(case, anna).clock_stop_until
    fire_due_clocks(stores=get_stores(), at=until + late * HOUR)
    tell(case, until + late * HOUR)
    case.refresh_from_db()
    if not late:
        assert case.step == "merchant_answer"
        fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
        case.refresh_from_db()
    assert case.step == step


@pytest.mark.parametrize(("event", "says"), [("clock_stopped", "停下"), ("clock_resumed", "继续")])
def test_both_read_until_when(event, says):
    """The notice says what the clock does and until when."""
    case, anna = owned()
    stop(case, anna)
    if event == "clock_resumed":
        fire_due_clocks(stores=get_stores(), at=LATE + 72 * HOUR)
    row = Notice.objects.select_related("case__order").get(case=case, event=event, side="buyer")
    claim = ClaimedNotice(row.id, row.case, row.case.order, Mover.BUYER, event, 1, row.move)
    title, body = dispute_text(claim=claim, link="https://g.example/")
    assert case.order.number in title and says in body and "2026-" in body


def test_the_database_knows_no_stop_without_an_end():
    """A row that stands still without an end, or ends before it began, is refused."""
    case, _anna = owned()
    stopped = "UPDATE dispute_case SET clock_stopped_at = %s, clock_stop_reason = 'outage'"
    for more, values in (("", ()), (", clock_stop_until = %s", (LATE,))):
        with pytest.raises(IntegrityError), transaction.atomic():
            run(f"{stopped}{more} WHERE id = %s", LATE, *values, case.id)
