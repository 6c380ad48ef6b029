"""What parties state in a form, and what the market recorded, about region, test cards and who
cancelled: each under its own source, and only what was recorded decides alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BY_HAND,
    LATE,
    MERCHANT,
    complain,
    delivered,
    make_shop,
    member,
    offer_with,
    run,
    undelivered,
)
from tests.market.market_kit import publish

from gongdao.disputes.decide_region import region_matches
from gongdao.disputes.events import Docket
from gongdao.disputes.facts import FactName, Source
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.judge import facts_of
from gongdao.disputes.models import RecordedFact, Remedy, Verdict
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode, Step
from gongdao.disputes.told_facts import Told
from gongdao.front.stores import get_stores
from gongdao.market.cancel_order import cancel_order
from gongdao.market.offer import GoodsKind
from gongdao.market.states import CancelReason

database = pytest.mark.django_db(transaction=True)
REGION, TEST = FactName.REGION_MATCHES, FactName.TEST_SECRET
CANCELLED = FactName.CANCELLED_BY


def known(case, name, at=LATE):
    """Value and source of a fact as the case is judged now; None where it is not known."""
    case.refresh_from_db()
    fact = facts_of(Docket(get_stores(), case, case.order, at)).by_name.get(name)
    return fact and (fact.value, fact.source)


@pytest.mark.parametrize(
    ("listed", "found", "matches"),
    [
        ("中国大陆", "国区", True),
        ("中国大陆", "香港", False),
        (" 日服 ", "Japan", True),
        ("不限", "美国", False),
        ("美国", "全球", True),
        ("香港地区", "ＨＫ", True),
        ("火星", "火星", True),
        ("火星", "香港", None),
        ("香港", "我也不知道", None),
        ("香港", "", None),
    ],
)
def test_regions_are_compared_by_name(listed, found, matches):
    """Names of one region are one region; what words do not tell is not known."""
    assert region_matches(listed=listed, found=found) is matches


@database
def test_the_buyer_states_the_region():
    """His word is a fact of his own beside the listing's region: a proposal to a person, and no
    automatic verdict."""
    shop = make_shop(offer=offer_with(region="中国大陆"))
    case = complain(delivered(shop), ReasonCode.WRONG_REGION, told=Told(region="香港"))
    assert case.step == Step.MERCHANT_ANSWER and not Verdict.objects.exists()
    assert known(case, REGION) == (False, Source.BUYER)
    row = RecordedFact.objects.get(name=REGION.value)
    assert (row.source, row.value, row.evidence) == ("buyer", False, ["statement:buyer"])


@database
def test_a_question_keeps_what_was_stated():
    """Asked of the merchant first, the statement is there when it becomes a complaint."""
    shop = make_shop(offer=offer_with(region="中国大陆"))
    told = Told(region="美国")
    case = complain(delivered(shop), ReasonCode.WRONG_REGION, told=told, talk=True, words="用不了")
    assert case.step == Step.TALK_MERCHANT and known(case, REGION) == (False, Source.BUYER)


@database
def test_words_that_do_not_tell_leave_it_open():
    """A region that nobody can compare is no fact."""
    shop = make_shop(offer=offer_with(region="中国大陆"))
    case = complain(delivered(shop), ReasonCode.WRONG_REGION, told=Told(region="不清楚"))
    assert known(case, REGION) is None


@database
def test_the_merchant_states_the_opposite():
    """Two that contradict each other leave the fact open; what both state stands, still for a
    person to weigh."""
    shop = make_shop(offer=offer_with(region="中国大陆"))
    case = complain(delivered(shop), ReasonCode.WRONG_REGION, told=Told(region="香港"))
    more = {"stores": get_stores(), "case_id": case.id, "by": MERCHANT, "at": LATE}
    words = "我们查过，这一批是大陆的，截图在附件里。"
    say(**more, deed=Deed.CONTEST, words=words, told=Told(region="国区"))
    assert known(case, REGION) is None
    say(**more, words="查错了，确实是港区的卡。", told=Told(region="港区"))
    assert known(case, REGION)[0] is False and not Verdict.objects.exists()


@database
def test_both_sides_state_a_test_card():
    """The merchant admits it: shown to the person as stated, decided by nobody alone."""
    case = complain(delivered(), ReasonCode.TEST_CARD, told=Told(test_secret=True))
    assert case.step == Step.MERCHANT_ANSWER and known(case, TEST) == (True, Source.BUYER)
    say(
        stores=get_stores(),
        case_id=case.id,
        by=MERCHANT,
        deed=Deed.CONTEST,
        words="发错了批次，那一批是测试卡。",
        told=Told(test_secret=True),
        at=LATE,
    )
    assert known(case, TEST) == (True, Source.MERCHANT) and not Verdict.objects.exists()


@database
def test_stock_put_up_as_test_cards_and_sold_as_real():
    """The platform recorded that these secrets were imported while the listing sold test cards:
    sold as real ones later, the case is decided at once."""
    shop = make_shop(stock=2, offer=offer_with(kind=GoodsKind.TEST_CARD))
    real = offer_with(kind=GoodsKind.RETAIL_CARD)
    soon = AT + timedelta(seconds=30)
    publish(shop.listing, real, at=soon)
    case = complain(delivered(shop, at=soon), ReasonCode.TEST_CARD)
    verdict = Verdict.objects.get(case=case)
    assert verdict.automatic and verdict.reason_code.endswith("/test_as_real")
    row = RecordedFact.objects.filter(case=case, name=TEST.value).get()
    assert row.source == "platform" and row.evidence[0].startswith("batch:")


@database
def test_stock_of_a_real_listing_tells_nothing():
    """Imported while the listing sold real cards: nothing is known, and the merchant is heard."""
    case = complain(delivered(), ReasonCode.TEST_CARD)
    assert case.step == Step.MERCHANT_ANSWER and known(case, TEST) is None


@database
def test_a_merchant_who_cancels_is_recorded():
    """Nobody cancelled at first; the merchant's deed is a fact of the platform's, also when the
    refund is slow and the order says so; the case that waited ends with the money on its way."""
    shop = make_shop(stock=0, offer=BY_HAND)
    one = undelivered(shop)
    case = complain(one, ReasonCode.NOT_DELIVERED, at=AT + timedelta(minutes=2))
    assert known(case, CANCELLED) == ("none", Source.PLATFORM)
    assert cancel_order(
        stores=get_stores(),
        order_id=one.id,
        merchant_id=shop.merchant.id,
        reason=CancelReason.NO_STOCK,
        words="货源断了，对不起。",
        by=member(shop).id,
        at=AT + timedelta(minutes=3),
    )
    assert known(case, CANCELLED) == ("merchant", Source.PLATFORM)
    run("UPDATE market_order SET why = 'refund_waits_for_service' WHERE id = %s", one.id)
    case = type(case).objects.get(id=case.id)
    assert known(case, CANCELLED) == ("merchant", Source.PLATFORM)
    fire_due_clocks(stores=get_stores(), at=case.clock_due_at)
    case.refresh_from_db()
    assert case.ending == "upheld" and not Remedy.objects.exists()


@database
def test_a_buyer_who_withdraws_is_recorded():
    """Who took his order back himself is not the merchant who cancelled it."""
    one = undelivered()
    case = complain(one, ReasonCode.NOT_DELIVERED, at=AT + timedelta(minutes=2))
    set_it = "UPDATE market_order SET state = 'refunding', why = 'buyer_withdrew' WHERE id = %s"
    run(set_it, one.id)
    case = type(case).objects.get(id=case.id)
    assert known(case, CANCELLED) == ("buyer", Source.PLATFORM)
