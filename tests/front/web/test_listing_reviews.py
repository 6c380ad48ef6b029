"""A price far under the market from the merchant's desk to the operator's and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from tests.front.web.market_pages import OFFER, make_merchant, make_shop, text_of
from tests.front.web.operator_kit import ALL, find_deeds, sign_in
from tests.front.web.public_kit import make_user
from tests.market.market_kit import AT, own_proof, publish

from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.worker import merchant_tasks
from gongdao.market.compared import Compared, ComparedKind
from gongdao.market.draft_fields import write_fields
from gongdao.market.draft_listing import save_draft
from gongdao.market.look_again import pause_fallen
from gongdao.market.models import ListingReview, MerchantMember, Notice
from gongdao.market.offer import Delivery
from gongdao.market.publish_listing import draft_listing
from gongdao.market.states import Role
from gongdao.market.terms import accept_terms, terms_number

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> Client:
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL)


@pytest.fixture
def shop(db, monkeypatch):
    """A shop with a draft at half the price of five others, whose merchant can be told."""
    monkeypatch.setattr(merchant_tasks, "reachable", lambda: ("mail",))
    other = make_merchant("别家")
    for _n in range(5):
        make_shop(0, OFFER, other)
    shop = make_shop(0)
    cheap = replace(OFFER, price=Money(4800), source_proof=own_proof(shop.merchant.id))
    by = make_user("drafter@example.com").pk
    save_draft(listing=shop.listing, fields=write_fields(cheap), by=by, at=now())
    return shop


def _seller(shop, language="zh-CN") -> Client:
    user = make_user(f"seller-{language}@example.com")
    MerchantMember.objects.create(merchant=shop.merchant, user=user, added_at=AT)
    browser = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
    browser.force_login(user)
    return browser


def test_a_low_price_goes_to_the_operator_and_back(shop, staff):
    """The merchant reads why it waits, with both prices; the operator approves it with words; the
    merchant is told, and publishes."""
    seller, desk = _seller(shop), f"/desk/listings/{shop.listing.id}/"
    assert "1% 服务费" in text_of(seller.get(desk))
    said = text_of(seller.post(f"{desk}publish/", follow=True))
    assert "先由平台看过再上架" in said and "¥48.00" in said and "¥98.00" in said
    review = ListingReview.objects.get()
    assert "等着看的低价商品" in text_of(staff.get("/operator/"))
    page = text_of(staff.get("/operator/listings/"))
    assert OFFER.title in page and "¥48.00" in page and "¥98.00" in page
    address = f"/operator/listings/{review.id}/"
    bare = staff.post(address, {"word": "accepted", "reason": " "}, follow=True)
    assert "理由" in text_of(bare) and not find_deeds("listing.accept")
    given = {"word": "accepted", "reason": "有进货合同"}
    assert "已记下" in text_of(staff.post(address, given, follow=True))
    assert "已经有人看过" in text_of(staff.post(address, given, follow=True))
    (deed,) = find_deeds("listing.accept")
    assert deed.who_mail == "staff@example.org"
    assert Notice.objects.get().event == f"price:{review.id}"
    assert "没有等着看的价格" in text_of(staff.get("/operator/listings/"))
    assert "第 2 版" in text_of(seller.post(f"{desk}publish/", follow=True))


def test_an_issuers_price_goes_to_the_operator_and_back(shop, staff):
    """The merchant reads why it waits; the operator sees price and address, approves, and it is
    published with the struck-through price."""
    link = "https://example.invalid/price"
    dear = replace(
        OFFER,
        compared_price=Money(30_000),
        compared_with=Compared(ComparedKind.OFFICIAL, link=link),
        source_proof=own_proof(shop.merchant.id),
    )
    by = make_user("drafter2@example.com").pk
    save_draft(listing=shop.listing, fields=write_fields(dear), by=by, at=now())
    seller, desk = _seller(shop), f"/desk/listings/{shop.listing.id}/"
    said = text_of(seller.post(f"{desk}publish/", follow=True))
    assert "官方标价的网址" in said and "平台在看划线价" in said and "¥300.00" in said
    review = ListingReview.objects.get()
    answer = staff.get("/operator/listings/")
    assert "¥300.00" in text_of(answer) and f'href="{link}"' in answer.content.decode()
    given = {"word": "accepted", "reason": "网址上是这个价"}
    staff.post(f"/operator/listings/{review.id}/", given)
    assert Notice.objects.get().event == f"price:{review.id}"
    assert "第 2 版" in text_of(seller.post(f"{desk}publish/", follow=True))


def test_a_refusal_is_read_at_the_price(shop, staff):
    """In the words of whoever refused, whatever language the page is read in."""
    seller, desk = _seller(shop, "en"), f"/desk/listings/{shop.listing.id}/"
    seller.post(f"{desk}publish/")
    review = ListingReview.objects.get()
    said = {"word": "refused", "reason": "来源说不清"}
    staff.post(f"/operator/listings/{review.id}/", said)
    assert "来源说不清" in text_of(seller.get(desk))
    refused = seller.post(f"{desk}publish/")
    assert refused.status_code == 422 and "来源说不清" in text_of(refused)


def test_only_a_reviewer_decides(shop):
    """Other staff see the page without the form; a deed of theirs is refused, a made-up one too."""
    _seller(shop).post(f"/desk/listings/{shop.listing.id}/publish/")
    review = ListingReview.objects.get()
    finance = sign_in("finance@example.org", Role.FINANCE)
    assert "同意这个价格" not in text_of(finance.get("/operator/listings/"))
    address, said = f"/operator/listings/{review.id}/", {"word": "accepted", "reason": "好"}
    assert finance.post(address, said).status_code == 403
    reviewer = sign_in("staff@example.org", Role.REVIEWER)
    assert reviewer.post(address, {**said, "word": "closed"}).status_code == 404
    assert reviewer.get(address).status_code == 405
    review.refresh_from_db()
    assert review.state == "open"


def test_a_paused_listing_says_what_to_change(stores, staff):
    """The merchant reads the catalogue's reason at the field, buyers cannot order, and the operator
    sees which entry it was."""
    merchant = make_merchant()
    row = draft_listing(merchant_id=merchant.id, sku_id=None, at=AT)
    old = replace(OFFER, delivery=Delivery.MANUAL, after_sale="另售微信老号")
    then = AT.replace(year=2025)
    accept_terms(merchant_id=merchant.id, number=terms_number(then), by=merchant.id, at=then)
    publish(row, old, at=then)
    shop = type("Shop", (), {"merchant": merchant, "listing": row})
    assert pause_fallen(stores=stores, listing_id=row.id, at=AT) is not None
    page = text_of(_seller(shop).get(f"/desk/listings/{row.id}/"))
    assert "商品暂停了" in page and "互联网账号" in page and "售后条件" in page
    assert Client(HTTP_HOST="127.0.0.1").get(f"/market/{row.id}/").context["closed"] == "off"
    assert "prohibited/internet_accounts" in text_of(staff.get("/operator/listings/"))
