"""An offer says everything or is not published, and never passes for what it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.market.offer_kit import OFFER

from gongdao.core.clock import parse_iso
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.market.decide_price import Deal, Support, is_far_below, judge_compared_price
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


_REFUSED = (Support.NONE, Support.TOO_HIGH, Support.FACE_VALUE)


@pytest.mark.parametrize(
    ("deals", "compared", "why", "support"),
    [
        ([_deal(100, 1), _deal(90, 6.9)], 90, "", Support.LOWEST_OF_SEVEN_DAYS),
        ([_deal(100, 1), _deal(90, 6.9)], 91, "", Support.TOO_HIGH),
        ([_deal(100, 1), _deal(90, 7.1)], 100, "", Support.LOWEST_OF_SEVEN_DAYS),
        ([_deal(100, 9), _deal(90, 30)], 100, "", Support.LAST_DEAL),
        ([_deal(100, 9), _deal(120, 30)], 101, "", Support.TOO_HIGH),
        ([], 100, "", Support.NONE),
        ([_deal(90, 1)], 200, "发行方官网同种点卡标价 200 元", Support.EXPLAINED),
        ([_deal(90, 1)], 200, "。", Support.TOO_HIGH),
        ([], 200, "贵！！！！！！！！！！！！！！", Support.NONE),
        ([], 99900, "卡面面值 999 元，官网可查到", Support.FACE_VALUE),
        ([_deal(90, 1)], 90, "面值 90", Support.LOWEST_OF_SEVEN_DAYS),
        ([_deal(90, -1)], 80, "", Support.NONE),
    ],
)
def test_compared_prices_rest_on_deals(deals, compared, why, support):
    """The lowest deal of seven days, else the last one, else an explanation that names something
    and is no face value; never a later one."""
    found = judge_compared_price(compared=Money(compared), why=why, deals=deals, at=AT)
    assert found.support is support
    assert found.allowed is (support not in _REFUSED)


def test_a_price_far_below_the_others_asks_for_a_review():
    """Under half of the median of at least five; with fewer there is nothing to compare with."""
    others = [Money(n) for n in (100, 100, 102, 98, 300)]
    assert is_far_below(Money(49), others) and not is_far_below(Money(50), others)
    assert not is_far_below(Money(1), others[:4])
