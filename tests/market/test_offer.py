"""An offer says everything or is not published, and never passes for what it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.market.offer_kit import OFFER

from gongdao.core.clock import parse_iso
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.market.compared import Compared, ComparedKind, PriceStep, Single, was_shown
from gongdao.market.decide_price import (
    Deal,
    FarBelow,
    Support,
    find_far_median,
    judge_compared_price,
)
from gongdao.market.limits import far_below_limits
from gongdao.market.offer import (
    Delivery,
    GoodsKind,
    Tier,
    check_offer,
    find_missing,
    read_offer,
)
from gongdao.market.promise import ServiceHours

AT = parse_iso("2026-11-23T12:00:00+08:00")


def test_a_whole_offer_is_published_and_reads_back():
    """Nothing is missing in it, and its JSON gives it back."""
    assert find_missing(OFFER) == ()
    check_offer(OFFER)
    whole = replace(
        OFFER, compared_price=Money(10000), tiers=(Tier(5, Money(9500)),), asks=("手机号",)
    )
    assert read_offer(json.loads(json.dumps(whole.plain()))) == whole


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("title", {"title": " "}),
        ("region", {"region": ""}),
        ("source_proof", {"source_proof": ""}),
        ("how_to_test", {"how_to_test": ""}),
        ("after_sale", {"after_sale": "长" * 2001}),
        ("title", {"title": "长" * 81}),
        ("kind", {"title": "测试卡 100 元"}),
        ("kind", {"denomination": "体验卡"}),
        ("price", {"price": Money(0)}),
        ("compared_price", {"compared_price": Money(9800)}),
        ("hours", {"hours": ServiceHours(((),) * 7)}),
        ("asks", {"delivery": Delivery.SUPPLIER}),
        ("most_per_buyer", {"most_per_buyer": 0}),
        ("protect_hours", {"protect_hours": 1}),
        ("tiers", {"tiers": (Tier(1, Money(9500)),)}),
        ("tiers", {"tiers": (Tier(5, Money(9900)),)}),
    ],
)
def test_what_is_missing_is_named(field, change):
    """Each gap is one entry for the form, and keeps the offer from being published."""
    offer = replace(OFFER, **change)
    assert field in [missing.field for missing in find_missing(offer)]
    with pytest.raises(InputError):
        check_offer(offer)


def test_a_test_card_may_say_so_as_its_own_kind():
    """The word is refused on a retail card alone."""
    assert find_missing(replace(OFFER, kind=GoodsKind.TEST_CARD, title="测试卡")) == ()


def test_wholesale_prices_apply_from_their_quantity():
    """The best price that the quantity reaches."""
    offer = replace(OFFER, tiers=(Tier(5, Money(9500)), Tier(10, Money(9000))))
    assert [offer.unit_for(n).minor for n in (1, 4, 5, 9, 10, 99)] == [
        9800, 9800, 9500, 9500, 9000, 9000,
    ]  # fmt: skip


def _deal(minor: int, days: float) -> Deal:
    return Deal(Money(minor), AT - timedelta(days=days))


_REFUSED = (Support.NONE, Support.TOO_HIGH, Support.FACE_VALUE, Support.ONLY_WORDS)
_LINK = Compared(ComparedKind.OFFICIAL, link="https://cards.example.com/100")
_FACES = Compared(
    ComparedKind.COMBINED,
    singles=(Single("60 元卡", Money(60)), Single("100 元面值卡 之二", Money(40))),
)


@pytest.mark.parametrize(
    ("deals", "compared", "why", "support", "with_"),
    [
        ([_deal(100, 1), _deal(90, 6.9)], 90, "", Support.LOWEST_OF_SEVEN_DAYS, None),
        ([_deal(100, 1), _deal(90, 6.9)], 91, "", Support.TOO_HIGH, None),
        ([_deal(100, 1), _deal(90, 7.1)], 100, "", Support.LOWEST_OF_SEVEN_DAYS, None),
        ([_deal(100, 9), _deal(90, 30)], 100, "", Support.LAST_DEAL, None),
        ([_deal(100, 9), _deal(120, 30)], 101, "", Support.TOO_HIGH, None),
        ([], 100, "", Support.NONE, None),
        ([_deal(90, 1)], 200, "", Support.EXPLAINED, _LINK),
        ([_deal(90, 1)], 90, "", Support.LOWEST_OF_SEVEN_DAYS, _LINK),
        ([_deal(90, 1)], 200, "发行方官网同种点卡标价 200 元", Support.ONLY_WORDS, None),
        ([_deal(90, 1)], 200, "。", Support.TOO_HIGH, None),
        ([], 200, "！！！！！！！！！！！！！！", Support.NONE, None),
        ([], 99900, "卡面面值 999 元，官网可查到", Support.FACE_VALUE, None),
        ([], 99900, "官网写明 面·值 999 元", Support.FACE_VALUE, _LINK),
        ([], 100, "", Support.FACE_VALUE, _FACES),
        ([], 100, "", Support.EXPLAINED, replace(_FACES, singles=_FACES.singles[:1])),
        ([_deal(90, 1)], 90, "面值 90", Support.LOWEST_OF_SEVEN_DAYS, None),
        ([_deal(90, -1)], 80, "", Support.NONE, None),
    ],
)
def test_compared_prices_rest_on_deals(deals, compared, why, support, with_):
    """The lowest deal of seven days, else the last one, else something structured to compare with
    that is no face value; never words alone, never a later deal."""
    found = judge_compared_price(compared=Money(compared), why=why, with_=with_, deals=deals, at=AT)
    assert found.support is support
    assert found.allowed is (support not in _REFUSED)


def _singles(*minors: int) -> tuple[Single, ...]:
    return tuple(Single(f"{minor // 100} 元卡", Money(minor)) for minor in minors)


@pytest.mark.parametrize(
    ("with_", "fields"),
    [
        (Compared(ComparedKind.OWN_EARLIER), ["compared_since"]),
        (Compared(ComparedKind.OWN_EARLIER, since=AT.date()), []),
        (Compared(ComparedKind.OFFICIAL), ["compared_link"]),
        (Compared(ComparedKind.OFFICIAL, link="http://cards.example.com"), ["compared_link"]),
        (Compared(ComparedKind.OFFICIAL, link="https://localhost"), ["compared_link"]),
        (Compared(ComparedKind.OFFICIAL, link="https://a@cards.example.com"), ["compared_link"]),
        (Compared(ComparedKind.OFFICIAL, link="https://[cards.example.com"), ["compared_link"]),
        (_LINK, []),
        (Compared(ComparedKind.COMBINED, singles=_singles(12000)), ["compared_singles"]),
        (Compared(ComparedKind.COMBINED, singles=_singles(7000, 4999)), ["compared_singles"]),
        (Compared(ComparedKind.COMBINED, singles=_singles(12000, 0)), ["compared_singles"]),
        (Compared(ComparedKind.COMBINED, singles=_singles(7000, 5000)), []),
    ],
)
def test_each_kind_of_comparison_names_what_it_needs(with_, fields):
    """A day, an address, or parts whose prices make the price; it reads back from its JSON."""
    offer = replace(OFFER, compared_price=Money(12000), compared_with=with_)
    assert [missing.field for missing in find_missing(offer)] == fields
    assert read_offer(json.loads(json.dumps(offer.plain()))) == offer
    bare = replace(offer, compared_price=None)
    assert "compared_price" in [missing.field for missing in find_missing(bare)]


def test_offers_without_a_structured_comparison_keep_their_form():
    """What was hashed before there was one has the same JSON now."""
    assert "compared_with" not in OFFER.plain()


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ([(12000, -30)], True),
        ([(11999, -30)], False),
        ([(9000, -30), (12000, -20.2)], True),
        ([(9000, -30), (12000, -18)], False),
        ([(12000, -30), (9000, -18)], False),
        ([(12000, -30), (13000, -18), (9000, -10)], True),
        ([(12000, -30), (9000, -18), (12000, -17)], False),
        ([], False),
    ],
)
def test_an_earlier_price_was_shown_for_a_week(steps, shown):
    """From some hour of the day that is named, for seven days without a lower one."""
    told = [PriceStep(Money(minor), AT + timedelta(days=days)) for minor, days in steps]
    since = (AT - timedelta(days=20)).date()
    assert was_shown(Money(12000), since=since, steps=told, at=AT) is shown


def test_a_week_that_is_not_over_is_none():
    """A price put up the other day is no earlier price."""
    told = [PriceStep(Money(12000), AT - timedelta(days=30))]
    for days, shown in ((8, True), (6, False), (-1, False)):
        since = (AT - timedelta(days=days)).date()
        assert was_shown(Money(12000), since=since, steps=told, at=AT) is shown


@pytest.mark.parametrize("since", [date.min, date(2019, 12, 31), date.max])
def test_a_day_that_cannot_be_one_bears_nothing(since):
    """The ends of the calendar are neither an earlier price nor an accident."""
    told = [PriceStep(Money(12000), AT - timedelta(days=4000))]
    assert not was_shown(Money(12000), since=since, steps=told, at=AT)


def test_a_price_far_below_the_others_asks_for_a_review():
    """Under half of the median of at least five; with fewer there is nothing to compare with."""
    others = [Money(n) for n in (100, 100, 102, 98, 300)]
    limits = FarBelow(percent=50, least=5)
    assert find_far_median(Money(49), others, limits) == Money(100)
    assert find_far_median(Money(50), others, limits) is None
    assert find_far_median(Money(1), others[:4], limits) is None
    assert find_far_median(Money(49, "USD"), others, limits) is None


def test_the_published_limits_of_a_price_far_below():
    """Half of the median, with five to compare with, as the rules of the day say."""
    assert far_below_limits(AT.date()) == FarBelow(percent=50, least=5)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "测 试 100 元"},
        {"category": "测试卡"},
        {"denomination": "De\u200bmo Pass"},
        {"title": "体\u3164验装"},
        {"after_sale": "这是测\u200b试卡，售后不管。"},
        {"how_to_redeem": "Demo pass, enter it on the site."},
        {"asks": ("体验卡用在哪个账号",)},
    ],
)
def test_a_test_card_is_found_in_whatever_an_offer_says(change):
    """However its words are written, and in whichever text."""
    assert "kind" in [missing.field for missing in find_missing(replace(OFFER, **change))]


@pytest.mark.parametrize(
    "change",
    [
        {"how_to_test": "收到后马上测试，在官网查余额。"},
        {"after_sale": "不是测试卡，本店不卖体验卡。"},
        {"account_limits": "不支持试用卡账号"},
    ],
)
def test_honest_words_about_tests_pass(change):
    """A real card has to be tested, and may say that it is no test card."""
    assert find_missing(replace(OFFER, **change)) == ()
