"""A price far under the market waits for a person; a listing that the catalogue caught up with is
paused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.front.web.public_kit import make_user
from tests.market.market_kit import AT, make_merchant, make_shop, own_proof, publish
from tests.market.offer_kit import OFFER

from gongdao.core.clock import parse_iso
from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.worker import merchant_tasks
from gongdao.market.compared import Compared, ComparedKind
from gongdao.market.coupon_prices import Cut, lowest_piece
from gongdao.market.coupons import NewCoupon, make_coupon, switch_coupon
from gongdao.market.decide_coupon import CouponKind, CouponTerms
from gongdao.market.draft_fields import write_fields
from gongdao.market.draft_listing import judge_draft
from gongdao.market.look_again import find_fallen, pause_fallen
from gongdao.market.models import Coupon, Listing, ListingReview, MerchantMember, Notice
from gongdao.market.notices_words import merchant_text
from gongdao.market.offer import Delivery, Tier
from gongdao.market.publish_listing import draft_listing
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.review_coupon import ask_coupon_review
from gongdao.market.review_listing import (
    ask_price_review,
    decide_price_review,
    open_reviews,
)
from gongdao.market.review_official import ask_official_review
from gongdao.market.staff import Actor
from gongdao.market.states import ReviewCode, ReviewState
from gongdao.market.terms import accept_terms, terms_number
from gongdao.market.vetting_models import StaffDeed

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = parse_iso("2025-12-31T12:00:00+08:00")
"""The catalogue of what may not be listed begins on the day after."""
DAY = timedelta(days=1)
STAFF = Actor(new_id(AT), "staff@example.invalid")
CHEAP = replace(OFFER, price=Money(4800))
_TEN_PERCENT = CouponTerms(
    kind=CouponKind.PERCENT,
    percent=10,
    fixed=None,
    minimum=Money(0),
    on=True,
    uses_left=None,
    per_buyer=None,
    starts_at=None,
    ends_at=None,
    listings=None,
)


@pytest.fixture
def shop(db):
    """A shop, and another merchant with five listings of the same goods at 98 yuan."""
    other = make_merchant("别家")
    for _n in range(5):
        make_shop(0, OFFER, other)
    return make_shop(0)


def _ask(shop, offer):
    offer = replace(offer, source_proof=own_proof(shop.merchant.id))
    return ask_price_review(listing_id=shop.listing.id, offer=offer, at=AT)


def _decide(review, word, reason="有进货合同"):
    return decide_price_review(review_id=review.id, word=word, reason=reason, by=STAFF, at=AT)


def test_a_price_far_below_waits_for_a_person(shop):
    """Nothing is published and the version in force stays; once a person approved it is published,
    with his words and name on record, and so is a higher price, but none that is lower."""
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, CHEAP, at=AT)
    shop.listing.refresh_from_db()
    assert shop.listing.version == 1
    review = _ask(shop, CHEAP)
    assert (review.price_minor, review.market_minor, review.others) == (4800, 9800, 5)
    assert _ask(shop, CHEAP).id == review.id
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, CHEAP, at=AT)
    with pytest.raises(InputError):
        _decide(review, ReviewState.ACCEPTED, reason=" ")
    assert _decide(review, ReviewState.ACCEPTED) and not _decide(review, ReviewState.REFUSED)
    (deed,) = StaffDeed.objects.filter(deed="listing.accept")
    assert (deed.about_id, deed.reason) == (str(shop.listing.id), "有进货合同")
    assert publish(shop.listing, CHEAP, at=AT).number == 2
    assert publish(shop.listing, replace(CHEAP, price=Money(4850)), at=AT).number == 3
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, replace(CHEAP, price=Money(4799)), at=AT)


def test_a_refused_price_says_why_and_a_higher_one_is_asked_about(shop):
    """The operator's words stand at the price; that one and lower ones stay refused."""
    assert _decide(_ask(shop, CHEAP), ReviewState.REFUSED, reason="来源说不清")
    for minor in (4800, 4000):
        with pytest.raises(InputError, match="来源说不清"):
            publish(shop.listing, replace(CHEAP, price=Money(minor)), at=AT)
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, replace(CHEAP, price=Money(4850)), at=AT)
    assert publish(shop.listing, replace(CHEAP, price=Money(4900)), at=AT).number == 2


def test_an_approval_is_for_its_goods(shop):
    """Approved for a hundred yuan, the price is asked about again for other goods that compare."""
    assert _decide(_ask(shop, CHEAP), ReviewState.ACCEPTED)
    other = Listing.objects.exclude(merchant=shop.merchant).order_by("id")
    big = replace(OFFER, denomination="200 元", price=Money(19800))
    for row in other:
        publish(row, big, at=AT)
    publish(shop.listing, CHEAP, at=AT)
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, replace(CHEAP, denomination="２００元"), at=AT)


def test_a_wholesale_price_counts_and_ones_own_listings_do_not(shop):
    """The lowest price of a piece is compared, with those of other merchants only."""
    cheap = replace(OFFER, tiers=(Tier(2, Money(4800)),))
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, cheap, at=AT)
    lone = Listing.objects.exclude(merchant=shop.merchant).order_by("id").first()
    assert publish(lone, CHEAP, at=AT).number == 2


def test_a_changed_price_is_asked_about_anew(shop):
    """The question that waited is closed, so that nobody approves what he did not see; publishing
    at a price that needs no look closes it too."""
    old = _ask(shop, CHEAP)
    new = _ask(shop, replace(CHEAP, price=Money(100)))
    assert not _decide(old, ReviewState.ACCEPTED)
    assert list(open_reviews(ReviewCode.FAR_BELOW)) == [new]
    publish(shop.listing, OFFER, at=AT)
    assert not open_reviews(ReviewCode.FAR_BELOW).exists()


def _accept(merchant, at):
    """He accepts the terms of that day."""
    accept_terms(merchant_id=merchant.id, number=terms_number(at), by=new_id(AT), at=at)


@pytest.fixture
def fallen(db, monkeypatch):
    """A listing from before the catalogue began, with words that it names; its merchant can be
    told."""
    merchant = make_merchant()
    MerchantMember.objects.create(
        merchant=merchant, user=make_user("seller@example.com"), added_at=AT
    )
    _accept(merchant, BEFORE)
    listing = draft_listing(merchant_id=merchant.id, sku_id=None, at=BEFORE)
    by_hand = replace(OFFER, delivery=Delivery.MANUAL, after_sale="另售微\u200b信老号")
    publish(listing, by_hand, at=BEFORE)
    monkeypatch.setattr(merchant_tasks, "reachable", lambda: ("mail",))
    monkeypatch.setattr(merchant_tasks, "now", lambda: AT)
    return listing


def test_the_grown_catalogue_pauses_what_is_on_offer(fallen):
    """Found on the day it holds and not before; paused once, with a leaf, the entry's id and one
    notice; published again with other words it is on offer, and nothing is left open."""
    make_shop(0, merchant=fallen.merchant)
    assert find_fallen(at=BEFORE) == []
    assert find_fallen(at=AT) == [fallen.id]
    for _turn in range(2):
        merchant_tasks.look_at_listings(0)
    fallen.refresh_from_db()
    (review,) = ListingReview.objects.all()
    assert (fallen.state, review.state) == ("paused", ReviewState.OPEN)
    assert review.rules == "prohibited/internet_accounts"
    assert Notice.objects.get().event == f"paused:{review.id}"
    assert pause_fallen(stores=get_stores(), listing_id=fallen.id, at=AT) is None
    publish(fallen, replace(OFFER, delivery=Delivery.MANUAL), at=AT)
    review.refresh_from_db()
    assert (fallen.state, review.state) == ("published", ReviewState.CLOSED)


def test_the_words_of_a_notice_name_what_to_do(fallen):
    """Neither of the two notices names the goods; both say where to look."""
    for event in ("paused:1", "price:1"):
        text = merchant_text(event=event, name="示例商家", link="https://example.invalid/desk/")
        assert "示例商家" in text.title and "商品管理" in text.body and OFFER.title not in text.body


def test_a_coupon_is_not_named_after_forbidden_goods(db):
    """Its name is looked through like an offer, and no coupon is made."""
    merchant = make_merchant()
    wanted = NewCoupon("接 码 平台", _TEN_PERCENT)
    with pytest.raises(InputError, match="验证码"):
        make_coupon(stores=get_stores(), merchant_id=merchant.id, wanted=wanted, at=AT)
    assert not Coupon.objects.exists()


def _coupon(shop, **changed):
    """A coupon of the shop's that takes sixty per cent off, or as changed."""
    terms = replace(_TEN_PERCENT, **{"percent": 60, **changed})
    row, _code = make_coupon(
        stores=get_stores(),
        merchant_id=shop.merchant.id,
        wanted=NewCoupon("春天", terms),
        at=AT,
    )
    return row


def test_a_coupon_that_makes_a_price_far_below_waits_as_the_price_does(shop):
    """Sixty per cent off 98 yuan: nothing is made before a person approved 39.20; then it is, and
    counts with the price that is published beside it."""
    with pytest.raises(PriceUnderReview, match="用这张券"):
        _coupon(shop)
    assert not Coupon.objects.exists()
    terms = replace(_TEN_PERCENT, percent=60)
    asked = ask_coupon_review(merchant_id=shop.merchant.id, terms=terms, at=AT)
    (review,) = open_reviews(ReviewCode.FAR_BELOW)
    assert (asked, review.price_minor, review.market_minor) == ([shop.listing.id], 3920, 9800)
    with pytest.raises(PriceUnderReview):
        _coupon(shop)
    assert _decide(review, ReviewState.ACCEPTED)
    made = _coupon(shop)
    assert publish(shop.listing, OFFER, at=AT).number == 2
    lower = replace(OFFER, price=Money(9700))
    with pytest.raises(PriceUnderReview):
        publish(shop.listing, lower, at=AT)
    switch = {"merchant_id": shop.merchant.id, "coupon_id": made.id, "at": AT}
    assert switch_coupon(**switch, on=False)
    assert publish(shop.listing, lower, at=AT).number == 3
    with pytest.raises(PriceUnderReview):
        switch_coupon(**switch, on=True)
    assert ask_coupon_review(merchant_id=shop.merchant.id, terms=terms, at=AT)
    (review,) = open_reviews(ReviewCode.FAR_BELOW)
    assert _decide(review, ReviewState.REFUSED, reason="来源说不清")
    with pytest.raises(InputError, match="来源说不清"):
        switch_coupon(**switch, on=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"uses_left": 1},
        {"on": False},
        {"percent": 50},
        {"listings": frozenset()},
        {"kind": CouponKind.FIXED, "percent": None, "fixed": Money(4900)},
    ],
)
def test_coupons_that_need_no_look(shop, changed):
    """One that can be used once, is off, holds for nothing on offer, or leaves half of the price is
    made at once."""
    assert _coupon(shop, **changed).id


@pytest.mark.parametrize(
    ("cut", "lowest"),
    [
        (Cut(60, 0, 0), 3600),
        (Cut(0, 5000, 0), 4800),
        (Cut(0, 5000, 9801), 7300),
        (Cut(0, 20_000, 0), 1),
        (Cut(10, 0, 100_000), 8100),
    ],
)
def test_the_lowest_price_of_a_piece_with_a_coupon(cut, lowest):
    """Of the smallest order that the coupon holds for, at each step of the prices."""
    offer = replace(OFFER, tiers=(Tier(10, Money(9000)),))
    assert lowest_piece(offer, [cut]) == Money(lowest)


OFFICIAL = replace(
    OFFER,
    compared_price=Money(19_601),
    compared_with=Compared(ComparedKind.OFFICIAL, link="https://example.invalid/price"),
)
"""A fen over twice the price."""


def _ask_official(listing, offer):
    return ask_official_review(listing_id=listing.id, offer=offer, at=AT)


def test_an_issuers_price_far_above_waits_for_a_person(db):
    """Twice the price is shown at once, more only after somebody opened the address: then up to
    that price at that address, and at no other."""
    row = make_shop(0).listing
    twice = replace(OFFICIAL, compared_price=Money(19_600))
    assert publish(row, twice, at=AT).number == 2
    assert _ask_official(row, twice) is None
    with pytest.raises(PriceUnderReview, match="官方标价"):
        publish(row, OFFICIAL, at=AT)
    review = _ask_official(row, OFFICIAL)
    assert (review.link, review.market_minor) == ("https://example.invalid/price", 19_601)
    assert _ask_official(row, OFFICIAL).id == review.id
    assert _decide(review, ReviewState.ACCEPTED)
    assert publish(row, OFFICIAL, at=AT).number == 3
    elsewhere = Compared(ComparedKind.OFFICIAL, link="https://example.test/")
    for other in (
        replace(OFFICIAL, compared_price=Money(19_602)),
        replace(OFFICIAL, compared_with=elsewhere),
    ):
        with pytest.raises(PriceUnderReview):
            publish(row, other, at=AT)
    assert _decide(_ask_official(row, other), ReviewState.REFUSED, reason="打不开")
    with pytest.raises(InputError, match="打不开"):
        publish(row, other, at=AT)


def test_the_grown_catalogue_switches_coupons_off(fallen, monkeypatch):
    """A coupon named before the entry was in force is off in the morning, its merchant told once,
    and once more on another day;
    it cannot be switched on again, and one with another name stays."""
    merchant = fallen.merchant
    for name in ("微信老号专用", "春天"):
        made = NewCoupon(name, _TEN_PERCENT)
        make_coupon(stores=get_stores(), merchant_id=merchant.id, wanted=made, at=BEFORE)
    today = now()
    monkeypatch.setattr(merchant_tasks, "now", lambda: today)
    for _turn in range(2):
        merchant_tasks.look_at_listings(0)
    bad, good = (Coupon.objects.get(name=name) for name in ("微信老号专用", "春天"))
    assert (bad.on, good.on) == (False, True)
    assert Notice.objects.filter(event__startswith=f"coupon:{bad.id}:").count() == 1
    with pytest.raises(InputError, match="禁止上架"):
        switch_coupon(merchant_id=merchant.id, coupon_id=bad.id, on=True, at=AT)
    assert switch_coupon(merchant_id=merchant.id, coupon_id=good.id, on=True, at=AT)
    event = Notice.objects.get(event__startswith=f"coupon:{bad.id}:").event
    assert "优惠券" in merchant_text(event=event, name="甲", link="x").body
    Coupon.objects.filter(id=bad.id).update(on=True)
    monkeypatch.setattr(merchant_tasks, "now", lambda: today + DAY)
    merchant_tasks.look_at_listings(0)
    assert Notice.objects.filter(event__startswith=f"coupon:{bad.id}:").count() == 2


def test_an_earlier_price_stands_in_the_listings_record(db):
    """Compared with its own price of three weeks ago, which it asked for a week; of the other day,
    or of a listing that never asked it, it is refused at the day."""
    with_ = Compared(ComparedKind.OWN_EARLIER, since=(AT - 21 * DAY).date())
    earlier = replace(OFFER, compared_price=Money(12000), compared_with=with_)
    shop = make_shop(0)
    with pytest.raises(InputError, match="价格记录"):
        publish(shop.listing, earlier, at=AT)
    merchant = shop.merchant
    _accept(merchant, AT - 30 * DAY)
    row = draft_listing(merchant_id=merchant.id, sku_id=None, at=AT - 30 * DAY)
    dear = replace(OFFER, delivery=Delivery.MANUAL, price=Money(12000))
    publish(row, dear, at=AT - 30 * DAY)
    publish(row, replace(dear, price=Money(9800)), at=AT - 5 * DAY)
    by_hand = replace(earlier, delivery=Delivery.MANUAL)
    late = replace(with_, since=(AT - 9 * DAY).date())
    with pytest.raises(InputError, match="价格记录"):
        publish(row, replace(by_hand, compared_with=late), at=AT)
    assert publish(row, by_hand, at=AT).number == 3


@pytest.mark.parametrize("since", [date.min, date.max])
def test_a_draft_with_an_impossible_day_can_be_mended(db, since):
    """The desk judges it at every look and names the field, at both ends of the calendar."""
    with_ = Compared(ComparedKind.OWN_EARLIER, since=since)
    typed = write_fields(replace(OFFER, compared_price=Money(12000), compared_with=with_))
    _offer, missing = judge_draft(listing=make_shop(0).listing, fields=typed, at=AT)
    assert "compared_since" in [one.field for one in missing]
