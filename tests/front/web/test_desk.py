"""The merchant's desk: who may sit there, listings, stock, orders, messages, money."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.front.web.market_pages import BUYER, buy, make_merchant, make_shop, pay, text_of
from tests.front.web.public_kit import make_user
from tests.market.market_kit import AT, publish
from tests.market.offer_kit import OFFER

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_payout import PayeeProof
from gongdao.ledger.models import Payee, Payout
from gongdao.ledger.payees import PayeeDetails, add_payee, verify_payee
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.desk_models import DeskDeed, Thread
from gongdao.market.draft_fields import write_fields
from gongdao.market.models import Listing, MerchantMember, Order
from gongdao.market.offer import Delivery
from gongdao.market.publish_listing import draft_listing

pytestmark = pytest.mark.django_db(transaction=True)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
MOST_QUERIES = 15
SECTIONS = ("", "orders/", "messages/", "listings/", "stock/", "money/")


@pytest.fixture
def shop(stores):
    """A listing with ten secrets."""
    return make_shop()


@pytest.fixture
def seller(shop, settings):
    """A browser signed in as a member of the shop's merchant."""
    return sign_in(shop.merchant)


def sign_in(merchant, mail="seller@example.invalid", language="zh-CN"):
    """A browser signed in as a member of ``merchant``."""
    user = make_user(mail)
    MerchantMember.objects.create(merchant=merchant, user=user, added_at=AT)
    browser = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
    browser.force_login(user)
    browser.user = user
    return browser


def by_hand(merchant, **more):
    """A published listing that a person delivers."""
    listing = draft_listing(merchant_id=merchant.id, sku_id=None, at=AT)
    offer = replace(OFFER, delivery=Delivery.MANUAL, asks=("要充的账号",), **more)
    publish(listing, offer, at=AT)
    return listing


def test_the_desk_is_for_members_alone(client, shop):
    """Signed out: sign in first; signed in without a merchant: told so, with 404."""
    for section in SECTIONS:
        answer = client.get(f"/desk/{section}")
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]
    client.force_login(make_user("nobody@example.invalid"))
    for section in SECTIONS:
        answer = client.get(f"/desk/{section}")
        assert answer.status_code == 404 and "不属于任何商家" in text_of(answer)


def test_every_section_opens_in_both_languages(shop, seller):
    """Six sections, Chinese and English, never kept by search engines."""
    english = sign_in(shop.merchant, "english@example.invalid", "en")
    for section in SECTIONS:
        answer = seller.get(f"/desk/{section}")
        assert answer.status_code == 200 and "概览" in text_of(answer)
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert english.get(f"/desk/{section}").status_code == 200


def test_another_merchants_things_are_not_there(client, seller, shop):
    """Listings, shelves, batches, orders, threads: 404, also for every deed; as if unknown."""
    theirs = make_shop(merchant=make_merchant("别人"))
    order = buy(client, theirs.listing)
    client.post(f"/orders/{order.number}/messages/", {"text": "在吗"})
    thread, batch = Thread.objects.get().id, uuid4()
    theirs_id, number = theirs.listing.id, order.number
    for path in (
        f"listings/{theirs_id}/",
        f"listings/{theirs_id}/preview/",
        f"listings/{theirs_id}/off/",
        f"stock/{theirs_id}/",
        f"stock/{theirs_id}/lists/{uuid4()}/",
        f"stock/{shop.listing.id}/lists/{uuid4()}/",
        f"stock/{shop.listing.id}/batches/{batch}/",
        f"orders/{number}/",
        f"messages/{thread}/",
        f"messages/orders/{number}/",
    ):
        assert seller.get(f"/desk/{path}").status_code == 404, path
    for path in (
        f"listings/{theirs_id}/",
        f"listings/{theirs_id}/publish/",
        f"listings/{theirs_id}/off/",
        f"stock/{theirs_id}/",
        f"orders/{number}/entered/",
        f"orders/{number}/deliver/",
        f"orders/{number}/cancel/",
        f"messages/{thread}/",
        f"messages/orders/{number}/",
    ):
        assert seller.post(f"/desk/{path}", {"text": "x"}).status_code == 404, path
    assert Thread.objects.get().posts == 1
    assert Listing.objects.get(id=theirs_id).state == "published"
    assert not DeskDeed.objects.exists()


def test_a_member_of_two_merchants_changes_desks(shop, seller):
    """The choice is kept in the session; a merchant of others cannot be chosen."""
    second, third = make_merchant("第二家"), make_merchant("第三家")
    MerchantMember.objects.create(merchant=second, user=seller.user, added_at=now())
    assert "示例商家" in text_of(seller.get("/desk/"))
    assert seller.post("/desk/switch/", {"merchant": str(second.id)}).status_code == 302
    assert "<h1>第二家</h1>" in text_of(seller.get("/desk/"))
    assert seller.get(f"/desk/listings/{shop.listing.id}/").status_code == 404
    assert seller.post("/desk/switch/", {"merchant": str(third.id)}).status_code == 404


def _draft(seller):
    answer = seller.post("/desk/listings/new/")
    return answer["Location"]


def test_a_listing_is_written_judged_previewed_and_published(shop, seller):
    """From an empty draft, that names everything missing, to an offer that a buyer can see."""
    address = _draft(seller)
    listing_id = address.split("/")[3]
    empty = seller.post(address, {"title": ""})
    missing = {one["label"] for one in empty.context["missing"]}
    assert empty.status_code == 422
    assert {"标题", "面额或规格", "适用地区", "来源凭证", "怎样兑换", "单价（元）"} <= missing
    fields = {**write_fields(OFFER), "delivery": "manual", "title": "手工卡 100 元"}
    fields.pop("source_proof")
    sent = seller.post(address, {**fields, "proof": SimpleUploadedFile("p.png", PNG)})
    assert sent.status_code == 302 and sent["Location"].endswith("/preview/")
    preview = text_of(seller.get(sent["Location"]))
    assert "手工卡 100 元" in preview and "买家会看到下面的样子" in preview
    assert Listing.objects.get(id=listing_id).version == 0
    assert seller.post(f"{address}publish/").status_code == 302
    listing = Listing.objects.get(id=listing_id)
    assert (listing.state, listing.version) == ("published", 1)
    assert "手工卡 100 元" in text_of(Client(HTTP_HOST="127.0.0.1").get(f"/market/{listing_id}/"))
    assert DeskDeed.objects.filter(deed="listing.published").count() == 1


def test_typed_fields_survive_whatever_is_missing(seller):
    """An incomplete form keeps every word, with each reason at its field."""
    address = _draft(seller)
    typed = {"title": "半张", "price": "十块", "mon": "9点", "tiers": "一档", "most_per_buyer": "x"}
    page = seller.post(address, typed)
    assert page.status_code == 422
    wrong = page.context["form"].errors
    assert {"price", "mon", "tiers", "most_per_buyer"} <= set(wrong)
    again = text_of(seller.get(address))
    assert "半张" in again and "十块" in again and "9点" in again


def test_prohibited_goods_and_prices_without_support_are_refused(seller):
    """F1 and A7, each said at its field; nothing is published."""
    address = _draft(seller)
    fields = {**write_fields(OFFER), "title": "出售银行卡四件套", "compared_price": "500"}
    page = seller.post(address, {**fields, "proof": SimpleUploadedFile("p.png", PNG)})
    said = page.context["form"].errors
    assert "禁止上架" in str(said["title"]) and "还没有成交" in str(said["compared_price"])
    assert "库位" in str(said["delivery"])
    assert seller.post(f"{address}publish/").status_code == 422
    assert Listing.objects.filter(state="draft", version=0).exists()


def test_a_proof_is_sealed_and_has_to_be_one(seller):
    """A text file is no proof; a picture is kept, and its bytes lie in the clear nowhere."""
    address = _draft(seller)
    bad = seller.post(address, {"proof": SimpleUploadedFile("p.png", b"hello")})
    assert "PDF、PNG 或 JPEG" in str(bad.context["form"].errors["proof"])
    seller.post(address, {"proof": SimpleUploadedFile("p.png", PNG)})
    from gongdao.market.desk_models import SourceProof

    kept = SourceProof.objects.latest("at")
    assert PNG not in bytes(kept.sealed)
    assert f"接口里写 proof:{kept.id}" in text_of(seller.get(address))


def test_a_new_version_and_taking_off(client, shop, seller):
    """A second version replaces the first on offer; taken off, nobody can order any more."""
    address = f"/desk/listings/{shop.listing.id}/"
    fields = {**write_fields(OFFER), "price": "90.00"}
    assert seller.post(address, fields).status_code == 302
    assert "有没上架的修改" in text_of(seller.get(address))
    seller.post(f"{address}publish/")
    assert "¥90.00" in text_of(client.get(f"/market/{shop.listing.id}/"))
    assert "下架" in text_of(seller.get(f"{address}off/"))
    seller.post(f"{address}off/")
    assert "已经下架" in text_of(client.get(f"/market/{shop.listing.id}/"))
    seller.post(f"{address}publish/")
    assert Listing.objects.get(id=shop.listing.id).version == 3


def test_orders_are_listed_searched_and_written_out(client, shop, seller):
    """By state, by number; the CSV has numbers and times, and nothing of the buyer."""
    first, second = buy(client, shop.listing), buy(client, shop.listing)
    pay(first)
    page = text_of(seller.get("/desk/orders/"))
    assert first.number in page and second.number in page
    only = text_of(seller.get("/desk/orders/?state=delivered"))
    assert first.number in only and second.number not in only
    found = text_of(seller.get(f"/desk/orders/?number={second.number.lower()}"))
    assert second.number in found and first.number not in found
    assert "没有符合的订单" in text_of(seller.get("/desk/orders/?number=NONE"))
    answer = seller.get("/desk/orders/export.csv")
    whole = b"".join(answer.streaming_content).decode()
    assert first.number in whole and BUYER not in whole and "98.00" in whole
    assert len(whole.strip().splitlines()) == 3


def test_an_order_is_delivered_by_hand_and_the_look_is_recorded(client, shop, seller):
    """What the buyer entered is shown on asking alone, on the record; once delivered never."""
    order = buy(client, by_hand(shop.merchant), answer_0="玩家 7788")
    pay(order)
    address = f"/desk/orders/{order.number}/"
    assert "玩家 7788" not in text_of(seller.get(address))
    assert not DeskDeed.objects.filter(deed="order.entered_read").exists()
    shown = text_of(seller.post(f"{address}entered/"))
    assert "玩家 7788" in shown and BUYER not in shown
    assert DeskDeed.objects.get(deed="order.entered_read").about_id == order.id
    wrong = seller.post(f"{address}deliver/", {"text_1": "  "})
    assert wrong.status_code == 422 and 'aria-describedby="text_1_error"' in text_of(wrong)
    assert "还没有填" in text_of(wrong) and "玩家 7788" in text_of(wrong)
    assert DeskDeed.objects.filter(deed="order.entered_read").count() == 2
    assert seller.post(f"{address}deliver/", {"text_1": "充好了 NO-1"}).status_code == 302
    after = text_of(seller.get(address))
    assert "已发货" in after and "NO-1" not in after
    assert seller.post(f"{address}entered/").status_code == 302
    told = text_of(client.post(f"/orders/{order.number}/secrets/"))
    assert "NO-1" in told


def test_an_order_of_the_vault_shows_no_secret(client, shop, seller):
    """The merchant sees that it was delivered, not what."""
    order = buy(client, shop.listing)
    pay(order)
    page = text_of(seller.get(f"/desk/orders/{order.number}/"))
    assert "已发货" in page and "CARD-" not in page
    assert seller.post(f"/desk/orders/{order.number}/entered/").status_code == 302
    assert not DeskDeed.objects.filter(deed="order.entered_read").exists()


def test_buyer_and_merchant_write_to_each_other(client, shop, seller):
    """From the order's page to the desk and back, with the unread counts of both."""
    order = buy(client, shop.listing)
    buyers = f"/orders/{order.number}/messages/"
    assert buyers in text_of(client.get(f"/orders/{order.number}/"))
    assert client.post(buyers, {"text": " "}).status_code == 422
    assert client.post(buyers, {"text": "<b>怎么用？</b>"}).status_code == 302
    overview = text_of(seller.get("/desk/"))
    assert "1 个对话等您回答，其中 1 条没看过" in overview
    listed = seller.get("/desk/messages/?show=waiting")
    thread = listed.context["lines"][0]["id"]
    page = text_of(seller.get(f"/desk/messages/{thread}/"))
    assert "&lt;b&gt;怎么用？" in page
    assert "其中 0 条没看过" in text_of(seller.get("/desk/"))
    assert seller.post(f"/desk/messages/{thread}/", {"text": "在官网充。"}).status_code == 302
    assert "都回答了" in text_of(seller.get("/desk/"))
    assert "在官网充。" in text_of(client.get(buyers))
    assert order.notices.filter(event="message:2").count() == order.notices.count()


def test_a_stranger_reads_no_thread(client, shop, seller):
    """Whoever does not hold the order meets the look-up form, for reading and for writing."""
    order = buy(client, shop.listing)
    client.post(f"/orders/{order.number}/messages/", {"text": "秘密的话"})
    stranger = Client(HTTP_HOST="127.0.0.1")
    assert "秘密的话" not in text_of(stranger.get(f"/orders/{order.number}/messages/"))
    stranger.post(f"/orders/{order.number}/messages/", {"text": "插话"})
    assert Thread.objects.get().posts == 1


def test_a_question_about_a_listing_needs_an_account(client, shop, seller):
    """Signed out: sign in first; the answer stands on the asker's page alone."""
    address = f"/orders/questions/{shop.listing.id}/"
    assert "/accounts/login/" in client.get(address)["Location"]
    client.force_login(make_user("asks@example.invalid"))
    assert client.post(address, {"text": "能开发票吗？"}).status_code == 302
    thread = Thread.objects.get()
    seller.post(f"/desk/messages/{thread.id}/", {"text": "能。"})
    assert "能。" in text_of(client.get(address))
    other = Client(HTTP_HOST="127.0.0.1")
    other.force_login(make_user("other@example.invalid"))
    assert "能。" not in text_of(other.get(address))


@pytest.fixture
def rich(shop, seller):
    """The merchant has 500 yuan, a verified account, and a member with a second factor."""
    post_transfer(
        source=platform_account(AccountKind.OUTSIDE),
        target=merchant_account(AccountKind.MERCHANT_DEPOSIT, shop.merchant.id),
        amount=Money(50000),
        kind=TransferKind.DEPOSIT,
        about=SubjectRef("merchant", shop.merchant.id),
        reference="test",
        at=AT,
    )
    post_transfer(
        source=merchant_account(AccountKind.MERCHANT_DEPOSIT, shop.merchant.id),
        target=merchant_account(AccountKind.MERCHANT_FREE, shop.merchant.id),
        amount=Money(50000),
        kind=TransferKind.DEPOSIT_RETURN,
        about=SubjectRef("merchant", shop.merchant.id),
        reference="test",
        at=AT,
    )
    Authenticator.objects.create(
        user=seller.user, type=Authenticator.Type.TOTP, data={"secret": "x"}
    )
    use_factor(seller)
    payee = add_payee(
        stores=get_stores(),
        merchant=SubjectRef("merchant", shop.merchant.id),
        details=PayeeDetails(shop.merchant.legal_name, "示例银行", "6222000011112222"),
        at=AT,
    )
    verify_payee(
        stores=get_stores(),
        payee_id=payee,
        merchant_name=shop.merchant.legal_name,
        proof=PayeeProof.BANK_CHECK,
        by=shop.merchant.reviewer_id,
        at=AT,
    )
    return payee


def use_factor(browser, age_s=0):
    """As if this browser had used its second factor ``age_s`` seconds ago."""
    session = browser.session
    used = {"method": "mfa", "type": "totp", "at": now().timestamp() - age_s}
    session["account_authentication_methods"] = [used]
    session["account_authentication_methods_user"] = str(browser.user.pk)
    session.save()


def _propose(seller, amount, payee, reference=None):
    page = seller.get("/desk/money/")
    fields = {
        "amount": amount,
        "payee": payee,
        "service": "sandbox",
        "reference": reference or page.context["reference"],
    }
    return seller.post("/desk/money/payouts/", fields)


def test_a_payout_is_proposed_once_followed_and_taken_back(seller, rich):
    """The amount is set aside; the same form again is the same payout; taken back it is free."""
    reference = seller.get("/desk/money/").context["reference"]
    for _again in range(2):
        assert _propose(seller, "300", rich, reference).status_code == 302
    payout = Payout.objects.get()
    page = text_of(seller.get("/desk/money/"))
    assert "已申请，等平台批准" in page and "¥200.00" in page and "6222000011112222" not in page
    too_much = _propose(seller, "200.01", rich)
    assert too_much.status_code == 422 and Payout.objects.count() == 1
    assert seller.post(f"/desk/money/payouts/{payout.id}/cancel/").status_code == 302
    assert "¥500.00" in text_of(seller.get("/desk/money/"))
    deeds = list(DeskDeed.objects.values_list("deed", flat=True))
    assert "money.payout_proposed" in deeds and "money.payout_cancelled" in deeds


def test_money_asks_for_a_second_factor(seller, rich):
    """Without one the page says how to get it, and no deed about money is done."""
    Authenticator.objects.all().delete()
    assert "动钱要先开两步验证" in text_of(seller.get("/desk/money/"))
    assert _propose(seller, "1", rich).status_code == 302
    seller.post("/desk/money/payees/new/", {"name": "x", "bank": "y", "number": "12345678"})
    seller.post(f"/desk/money/payees/{rich}/retire/")
    assert not Payout.objects.exists()
    assert Payee.objects.get().retired_at is None


def test_a_payee_is_in_the_merchants_own_name(shop, seller, rich):
    """Another name is refused; the right one is kept, not verified, its number hidden."""
    address = "/desk/money/payees/new/"
    fields = {"name": "别人", "bank": "示例银行", "number": "6222000099998888", "branch": ""}
    assert "一致" in text_of(seller.post(address, fields))
    assert seller.post(address, {**fields, "name": shop.merchant.legal_name}).status_code == 302
    page = text_of(seller.get("/desk/money/"))
    assert "…8888" in page and "等平台核实" in page and "6222000099998888" not in page


def test_another_merchants_payouts_and_payees_are_not_there(seller, rich):
    """A member of another merchant finds neither, with a second factor or without."""
    other = sign_in(make_merchant("别人"), "other-seller@example.invalid")
    Authenticator.objects.create(
        user=other.user, type=Authenticator.Type.TOTP, data={"secret": "y"}
    )
    use_factor(other)
    _propose(seller, "10", rich)
    payout = Payout.objects.get()
    assert other.post(f"/desk/money/payouts/{payout.id}/cancel/").status_code == 404
    assert other.post(f"/desk/money/payees/{rich}/retire/").status_code == 404
    assert _propose(other, "10", rich).status_code == 422
    assert Payout.objects.get().state == "proposed"


def test_a_statement_is_a_file(seller, rich):
    """One account, two days; a request that is none leads back with a word."""
    answer = seller.get("/desk/money/statement.csv?account=free&begin=2026-11-01&until=2026-11-30")
    whole = b"".join(answer.streaming_content).decode()
    assert "500.00" in whole and answer["Content-Type"].startswith("text/csv")
    for bad in ("", "?account=all", "?account=free&begin=2026-11-30&until=2026-11-01"):
        assert seller.get(f"/desk/money/statement.csv{bad}").status_code == 302


def test_a_paused_merchant_still_sees_his_orders(client, shop, seller):
    """He is told, can deliver what was paid, and publishes nothing new."""
    order = buy(client, by_hand(shop.merchant), answer_0="玩家")
    pay(order)
    shop.merchant.state = "paused"
    shop.merchant.save(update_fields=["state"])
    assert "被暂停或已退出" in text_of(seller.get("/desk/"))
    refused = seller.post(f"/desk/listings/{shop.listing.id}/publish/")
    assert refused.status_code == 422
    assert seller.post(f"/desk/orders/{order.number}/deliver/", {"text_1": "好"}).status_code == 302
    assert Order.objects.get(id=order.id).state == "delivered"


def test_no_section_asks_more_of_the_database_than_it_may(client, shop, seller):
    """However many listings, orders and threads there are: at most fifteen queries a page."""
    client.get(f"/market/{shop.listing.id}/")
    for number in range(6):
        listing = by_hand(shop.merchant, title=f"商品 {number}")
        order = buy(client, listing, answer_0="玩家")
        pay(order)
        client.post(f"/orders/{order.number}/messages/", {"text": "在吗"})
        draft_listing(merchant_id=shop.merchant.id, sku_id=None, at=AT)
    thread = Thread.objects.first()
    sections = (*SECTIONS, f"orders/{order.number}/", f"messages/{thread.id}/")
    listings = (f"listings/{shop.listing.id}/", f"listings/{shop.listing.id}/preview/")
    for section in (*sections, *listings, f"stock/{shop.listing.id}/"):
        seller.get(f"/desk/{section}")
        with CaptureQueriesContext(connection) as asked:
            assert seller.get(f"/desk/{section}").status_code == 200
        assert len(asked) <= MOST_QUERIES, (section, len(asked))


def test_what_keeps_a_merchant_from_publishing_is_said(shop, seller, monkeypatch):
    """Terms that were not accepted stand on the overview and the listing, with the way there."""
    monkeypatch.setattr("gongdao.market.check_seller.terms_number", lambda at: 99)
    listing = f"listings/{shop.listing.id}/"
    for path in ("", listing, f"{listing}preview/"):
        page = text_of(seller.get(f"/desk/{path}"))
        assert "还没有接受交易条款" in page and "/market/terms/" in page
        assert "/publish/" not in page, path
    refused = seller.post(f"/desk/listings/{shop.listing.id}/publish/")
    assert refused.status_code == 422 and "还没有接受交易条款" in text_of(refused)
    shop.listing.refresh_from_db()
    assert shop.listing.version == 1


def test_a_payout_asks_for_the_factor_once_more(seller, rich):
    """Used longer than five minutes ago it leads to the question, and nothing is set aside."""
    use_factor(seller, age_s=301)
    assert "去验证" in text_of(seller.get("/desk/money/"))
    answer = _propose(seller, "10", rich)
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
    assert not Payout.objects.exists()
    use_factor(seller, age_s=290)
    assert _propose(seller, "10", rich).status_code == 302 and Payout.objects.count() == 1
