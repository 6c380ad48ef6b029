"""The shop front, listings and merchants: what is found, what is disclosed, what is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.front.web.market_pages import buy, make_merchant, make_shop, pay, text_of
from tests.market.market_kit import publish
from tests.market.offer_kit import OFFER

from gongdao.core.clock import parse_iso
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_words import say_hours, say_moment, say_promise
from gongdao.market.compared import Compared, ComparedKind
from gongdao.market.give_back import give_back
from gongdao.market.merchant_facts import get_merchant_facts
from gongdao.market.models import Listing
from gongdao.market.offer import Delivery, GoodsKind, Tier
from gongdao.market.promise import ALWAYS, Promise, ServiceHours, Span

pytestmark = pytest.mark.django_db(transaction=True)
MOST_QUERIES = 15
HEAVIEST = 40_000
"""Bytes of a page's own HTML; styles and scripts come on top."""


def _titles(client, query=""):
    return [card.title for card in client.get(f"/market/{query}").context["cards"]]


@pytest.fixture
def merchant(stores):
    """A merchant for several listings."""
    return make_merchant()


def test_an_empty_market_says_so(client, stores):
    """No listing is no error."""
    assert "现在没有在卖的商品" in text_of(client.get("/market/"))


def test_listings_are_found_by_words_kind_category_and_price(client, merchant):
    """Every filter narrows, all of them together; what nobody sells is said."""
    for title, kind, category, minor in (
        ("甲游戏点卡", GoodsKind.RETAIL_CARD, "game_card", 3000),
        ("乙游戏点卡", GoodsKind.RETAIL_CARD, "game_card", 1000),
        ("丙会员", GoodsKind.RETAIL_CARD, "video", 2000),
        ("丁代办", GoodsKind.SERVICE, "service", 5000),
    ):
        by = Delivery.MANUAL if kind is GoodsKind.SERVICE else Delivery.SECRET
        offer = replace(
            OFFER, title=title, kind=kind, category=category, price=Money(minor), delivery=by
        )
        make_shop(stock=0, offer=offer, merchant=merchant)
    assert len(_titles(client)) == 4
    assert _titles(client, "?q=游戏&sort=cheapest") == ["乙游戏点卡", "甲游戏点卡"]
    assert _titles(client, "?q=游戏+甲") == ["甲游戏点卡"]
    assert _titles(client, "?category=video") == ["丙会员"]
    assert _titles(client, "?kind=service") == ["丁代办"]
    assert _titles(client, "?sort=dearest")[0] == "丁代办"
    assert len(_titles(client, f"?q={merchant.display_name}")) == 4
    assert "没有找到" in text_of(client.get("/market/?q=100%25_"))
    assert len(_titles(client, "?kind=nonsense&sort=nonsense&page=nonsense")) == 4
    assert client.get("/market/?q=a%00b").status_code == 200


def test_many_listings_come_in_pages_within_the_budget(client, merchant):
    """Thirty listings are two pages, and cost no more queries than three."""
    for number in range(30):
        make_shop(stock=1, offer=replace(OFFER, title=f"第 {number} 种"), merchant=merchant)
    client.get("/market/")
    for address in ("/market/", f"/market/merchants/{merchant.id}/"):
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(address)
        assert len(answer.context["cards"]) == 24
        assert len(seen) <= MOST_QUERIES and len(answer.content) < HEAVIEST, address
        assert len(client.get(f"{address}?page=2").context["cards"]) == 6


def test_every_page_of_an_order_stays_within_the_budget(client, merchant):
    """With ten orders held, twenty versions and a told test."""
    shop = make_shop(stock=40, merchant=merchant)
    for number in range(9):
        other = make_shop(stock=1, offer=replace(OFFER, title=f"{number}"), merchant=merchant)
        buy(client, other.listing)
    order = pay(buy(client, shop.listing, quantity=3))
    client.post(f"/orders/{order.number}/secrets/", {"recording": "yes"})
    client.post(f"/orders/{order.number}/test/", {"works": "yes", "note": "x"})
    pages = ["", "secrets/", "test/", "confirm/"]
    own = [f"/orders/{order.number}/{page}" for page in pages]
    listing = f"/market/{shop.listing.id}/"
    for address in ("/orders/", *own, listing, f"{listing}order/", "/market/terms/"):
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(address)
        assert answer.status_code == 200, address
        assert len(seen) <= MOST_QUERIES and len(answer.content) < HEAVIEST, (address, len(seen))
    with CaptureQueriesContext(connection) as seen:
        client.post(f"/orders/{order.number}/secrets/", {"recording": "yes"})
    assert len(seen) <= MOST_QUERIES


def test_a_listing_shows_every_field_of_its_disclosure(client, stores):
    """What A5 demands is on the page, in blocks, in both languages."""
    offer = replace(OFFER, tiers=(Tier(5, Money(9500)),))
    shop = make_shop(offer=offer)
    page = text_of(client.get(f"/market/{shop.listing.id}/"))
    for said in (
        *(offer.denomination, offer.region, offer.how_to_redeem, offer.how_to_test),
        *(offer.after_sale, "授权经销", "即时发货", "每天 全天", "5 件起，每件 ¥95.00"),
    ):
        assert said in page, said
    english = text_of(client.get(f"/market/{shop.listing.id}/?lang=en"))
    assert '<html lang="en"' in english and offer.how_to_test in english


def test_what_a_merchant_writes_is_text_and_nothing_else(client, stores):
    """Markup in a listing is shown, not obeyed."""
    offer = replace(OFFER, title="<script>alert(1)</script>", after_sale="<b>保</b>\n第二行")
    page = text_of(client.get(f"/market/{make_shop(offer=offer).listing.id}/"))
    assert "<script>alert" not in page and "<b>保</b>" not in page
    assert "&lt;b&gt;保&lt;/b&gt;<br>第二行" in page


def test_unknown_listings_and_merchants_are_not_found(client, merchant):
    """A draft is no listing for anybody but its merchant."""
    draft = Listing.objects.create(
        id=uuid4(), merchant=merchant, created_at=now(), log_subject=f"listing:{uuid4().hex}"
    )
    for address in (f"{uuid4()}/", f"{draft.id}/", f"{draft.id}/order/", f"merchants/{uuid4()}/"):
        assert client.get(f"/market/{address}").status_code == 404


def test_the_struck_through_price_goes_when_deals_no_longer_support_it(client, stores):
    """Published rightly, it is judged again for whoever looks (A7); explained, it stays."""
    official = Compared(ComparedKind.OFFICIAL, link="https://cards.example.com/100")
    offer = replace(OFFER, compared_price=Money(12000), compared_with=official)
    shop = make_shop(offer=offer)
    page = text_of(client.get(f"/market/{shop.listing.id}/"))
    assert "建议零售价" in page and official.link in page and f'href="{official.link}' not in page
    dear = replace(OFFER, title="另一种", price=Money(9950))
    other = make_shop(offer=dear, merchant=shop.merchant)
    pay(buy(client, other.listing))
    plain = replace(dear, price=Money(9800), compared_price=Money(9900))
    publish(other.listing, plain, at=now())
    page = client.get(f"/market/{other.listing.id}/")
    assert "¥99.00" in text_of(page) and "近 7 天的最低成交价" in text_of(page)
    other.listing.refresh_from_db()
    pay(buy(client, other.listing))
    page = client.get(f"/market/{other.listing.id}/")
    assert page.context["compared"] is None and "¥99.00" not in text_of(page)


def test_prices_and_deals_are_public_by_day(client, stores):
    """Changes of the price shown, and what was paid; what went back is no deal."""
    shop = make_shop()
    pay(buy(client, shop.listing, quantity=2))
    returned = pay(buy(client, shop.listing, quantity=3))
    give_back(stores=get_stores(), order_id=returned.id, why="not_owed", at=now())
    cheaper = replace(OFFER, price=Money(9000))
    for offer in (cheaper, replace(cheaper, after_sale="改一个字")):
        publish(shop.listing, offer, at=now())
    page = client.get(f"/market/{shop.listing.id}/")
    assert [price for _at, price in page.context["prices"]] == ["¥90.00", "¥98.00"]
    assert [row[1:] for row in page.context["days"]] == [["2", "¥98.00"]]


def test_shares_of_a_merchant_are_told_from_twenty_orders_on(client, stores):
    """Few orders give counts and no share; enough of them give both, with the numbers."""
    shop = make_shop(stock=30)
    order = pay(buy(client, shop.listing))
    page = text_of(client.get(f"/market/{shop.listing.id}/"))
    assert "1 单" in page and "不足 20 单，不算比例" in page and "%" not in page.split("商家")[-1]
    for number in range(19):
        again = buy(client, shop.listing, contact=f"{number}@example.invalid")
        order = pay(again)
    give_back(stores=get_stores(), order_id=order.id, why="not_owed", at=now())
    page = text_of(client.get(f"/market/merchants/{shop.merchant.id}/"))
    assert "1 / 20 单（5.0%）" in page and "20 / 20 单（100.0%）" in page
    facts = get_merchant_facts(merchant_id=shop.merchant.id, at=now() + timedelta(days=91))
    assert facts.paid == 0 and facts.in_time_permille == 0


NIGHT = parse_iso("2026-11-21T22:00:00+08:00")  # a Saturday


def test_the_promise_is_computed_for_the_moment_of_looking(client, stores, monkeypatch):
    """Ordered on Saturday night from a shop that opens on Monday at nine: Monday (A6)."""
    day = (Span(time(9, 0), time(18, 0)),)
    hours = ServiceHours((day,) * 5 + ((), ()))
    offer = replace(OFFER, promise=Promise(10), hours=hours)
    shop = make_shop(offer=offer)
    monkeypatch.setattr("gongdao.front.web.pages.market.now", lambda: NIGHT)
    page = text_of(client.get(f"/market/{shop.listing.id}/"))
    assert "现在下单并付款，周一 09:10 前到" in page
    assert "现在下单，周一 09:10 前到" in text_of(client.get("/market/"))
    assert say_hours(hours) == ["周一至周五 09:00–18:00", "周六至周日 休息"]


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-21T23:10:00+08:00", "今天 23:10"),
        ("2026-11-22T00:10:00+08:00", "明天 00:10"),
        ("2026-11-27T09:10:00+08:00", "周五 09:10"),
        ("2026-11-28T09:10:00+08:00", "11 月 28 日 09:10"),
    ],
)
def test_moments_are_said_as_people_say_them(moment, said):
    """Today, tomorrow, a weekday within the week, then the date."""
    assert say_moment(parse_iso(moment), NIGHT) == said


def test_hours_and_promises_are_said_shortly():
    """Days with the same hours stand together; two spans of a day both show."""
    split = (Span(time(9, 0), time(12, 0)), Span(time(14, 0), time(0, 0)))
    week = ServiceHours(((), split, split, (), (), (), ()))
    assert say_hours(week) == [
        "周一 休息",
        "周二至周三 09:00–12:00、14:00–24:00",
        "周四至周日 休息",
    ]
    assert say_hours(ALWAYS) == ["每天 全天"]
    assert say_promise(Promise(2880)) == "服务时间内 2 天"
    assert say_promise(Promise(30, instant=True)) == "即时发货，最多 30 分钟"


def test_order_pages_ask_search_engines_to_stay_out(client, stores):
    """The shop front may be found, an order may not."""
    order = buy(client, make_shop().listing)
    assert "noindex" in client.get(f"/orders/{order.number}/")["X-Robots-Tag"]
    assert "X-Robots-Tag" not in client.get("/market/").headers
