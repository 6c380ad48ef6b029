"""What a merchant ends: an order that he cannot fulfil, his shop, a key of his account."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from tests.front.web.market_pages import buy, make_merchant, make_shop, pay, text_of
from tests.front.web.operator_kit import find_deeds
from tests.front.web.operator_kit import sign_in as staff_sign_in
from tests.front.web.test_desk import by_hand, sign_in, use_factor
from tests.market.market_kit import AT

from gongdao.front.clock import now
from gongdao.front.find_claims import find_claims
from gongdao.front.stores import get_stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.api_errors import ApiKeyRefused
from gongdao.market.api_keys import Scope, open_api_key
from gongdao.market.close_merchant import finish_closings
from gongdao.market.desk_models import DeskDeed, Thread
from gongdao.market.models import ApiKey, Listing, Merchant, Order
from gongdao.market.moved_models import MovedDraft
from gongdao.market.states import Role
from gongdao.vault.models import Reveal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(stores):
    """A listing with ten secrets, of a merchant whose admission is in the log."""
    shop = make_shop()
    with transaction.atomic():
        admitted = NewLeaf("merchant.admitted", shop.merchant.log_subject)
        append_leaves(stores=get_stores(), leaves=[admitted], at=AT)
    return shop


@pytest.fixture
def seller(shop, settings):
    """A browser signed in as a member of the shop's merchant."""
    return sign_in(shop.merchant)


def test_an_order_that_cannot_be_fulfilled_is_cancelled(client, shop, seller):
    """The page asks why and for words, says what follows; the buyer reads both; then it is over."""
    order = buy(client, by_hand(shop.merchant), answer_0="玩家 7788")
    pay(order)
    address = f"/desk/orders/{order.number}/"
    assert f"{address}cancel/" in text_of(seller.get(address))
    asked = text_of(seller.get(f"{address}cancel/"))
    assert "不能改回来" in asked and "没有货了" in asked
    wrong = seller.post(f"{address}cancel/", {"reason": "no_stock", "words": " "})
    assert wrong.status_code == 422 and Order.objects.get(id=order.id).state == "paid"
    given = {"reason": "no_stock", "words": "没货了，抱歉"}
    assert seller.post(f"{address}cancel/", given).status_code == 302
    after = text_of(seller.get(address))
    assert "没有货了" in after and f"{address}cancel/" not in after
    assert DeskDeed.objects.get(deed="order.cancelled").about_id == order.id
    told = text_of(client.get(f"/orders/{order.number}/"))
    assert "商家说办不了" in told
    assert "没货了，抱歉" in text_of(client.get(f"/orders/{order.number}/messages/"))
    assert seller.get(f"{address}cancel/").status_code == 302
    assert "其中商家取消" in text_of(client.get(f"/market/merchants/{shop.merchant.id}/"))


def test_a_delivered_order_has_no_button_to_cancel(client, shop, seller):
    """Neither on the page, nor by the address; nothing of it moves."""
    order = buy(client, shop.listing)
    pay(order)
    address = f"/desk/orders/{order.number}/"
    assert f"{address}cancel/" not in text_of(seller.get(address))
    given = {"reason": "other", "words": "不想卖了"}
    assert seller.post(f"{address}cancel/", given).status_code == 302
    assert Order.objects.get(id=order.id).state == "delivered"
    assert not Thread.objects.exists()


def test_a_merchant_leaves_from_his_desk(shop, seller):
    """Only with a second factor; a reason and the tick are asked for; then nothing is on offer."""
    assert seller.get("/desk/close/").status_code == 302
    Authenticator.objects.create(user=seller.user, type="totp", data={"secret": "x"})
    asked = text_of(seller.get("/desk/close/"))
    assert "退出平台" in asked and "不能恢复" in asked
    assert seller.post("/desk/close/", {"reason": "不做了"}).status_code == 422
    assert Listing.objects.get(id=shop.listing.id).state == "published"
    assert seller.post("/desk/close/", {"reason": "不做了", "sure": "on"}).status_code == 302
    after = text_of(seller.get("/desk/close/"))
    assert "正在退出" in after and "没有未了的事" in after
    assert Listing.objects.get(id=shop.listing.id).state == "withdrawn"
    assert DeskDeed.objects.get(deed="merchant.closing").by_id == seller.user.id
    assert seller.get("/desk/money/").status_code == 200


def test_what_was_not_sold_is_taken_home(shop, seller):
    """Nothing while the shop is open; once it has closed the page offers it, and each press is on
    record."""
    Authenticator.objects.create(user=seller.user, type="totp", data={"secret": "x"})
    assert seller.post("/desk/close/unsold/").status_code == 302
    assert not DeskDeed.objects.filter(deed="stock.taken_back").exists()
    seller.post("/desk/close/", {"reason": "不做了", "sure": "on"})
    finish_closings(stores=get_stores(), find_claims=find_claims, at=now())
    assert "还有 10 个没人买过" in text_of(seller.get("/desk/close/"))
    answer = seller.post("/desk/close/unsold/")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 10 and all("\tCARD-" in one for one in lines)
    assert DeskDeed.objects.get(deed="stock.taken_back").by_id == seller.user.id
    assert Reveal.objects.filter(purpose="taken_back").count() == 10


def test_a_reviewer_closes_a_shop(shop):
    """With a reason, once, on record; without one nothing changes, and finance may not."""
    address = f"/operator/merchants/{shop.merchant.id}/close/"
    finance = staff_sign_in("finance@example.invalid", Role.FINANCE)
    assert finance.post(address, {"reason": "x"}).status_code == 403
    staff = staff_sign_in("review@example.invalid", Role.REVIEWER)
    assert "让商家退出" in text_of(staff.get(f"/operator/merchants/{shop.merchant.id}/"))
    staff.post(address, {"reason": " "})
    assert Merchant.objects.get(id=shop.merchant.id).state == "active"
    for _ in range(2):
        assert staff.post(address, {"reason": "证照吊销"}).status_code == 302
    assert Merchant.objects.get(id=shop.merchant.id).state == "closing"
    (deed,) = find_deeds("merchant.close")
    assert deed.reason == "证照吊销" and "正在退出" in text_of(staff.get(address))


def test_a_key_of_the_interface_is_made_shown_once_and_revoked(shop, seller):
    """Only after the factor; in the clear in one answer alone; revoked it opens nothing."""
    given = {"name": "收银台", "scopes": ["merchant:orders"], "days": "30"}
    given["merchant"] = str(shop.merchant.id)
    assert seller.post("/me/keys/", given).status_code == 302
    Authenticator.objects.create(user=seller.user, type="totp", data={"secret": "x"})
    assert "reauthenticate" in seller.post("/me/keys/", given)["Location"]
    assert not ApiKey.objects.exists()
    use_factor(seller)
    wrong = seller.post("/me/keys/", {**given, "scopes": []})
    assert wrong.status_code == 422 and "收银台" in text_of(wrong)
    shown = seller.post("/me/keys/", given)
    assert "no-store" in shown["Cache-Control"]
    key = shown.context["made"]
    assert key.startswith("gd_") and key in text_of(shown)
    assert open_api_key(text=key, scope=Scope.ORDERS, at=now()).name == "收银台"
    again = text_of(seller.get("/me/keys/"))
    assert key not in again and "收银台" in again and "最近用于" in again
    row = ApiKey.objects.get()
    other = sign_in(make_merchant("别家"), "other@example.invalid")
    other.post(f"/me/keys/{row.id}/revoke/")
    assert ApiKey.objects.get().revoked_at is None
    assert seller.post(f"/me/keys/{row.id}/revoke/").status_code == 302
    with pytest.raises(ApiKeyRefused):
        open_api_key(text=key, scope=Scope.ORDERS, at=now())


def test_a_key_for_a_merchant_of_others_is_not_made(shop, seller):
    """Another merchant is no choice, and somebody without one has no merchant's scopes."""
    Authenticator.objects.create(user=seller.user, type="totp", data={"secret": "x"})
    use_factor(seller)
    theirs = make_merchant("别家")
    given = {"name": "x", "scopes": ["merchant:orders"], "days": "30", "merchant": str(theirs.id)}
    assert seller.post("/me/keys/", given).status_code == 422
    assert not ApiKey.objects.exists()


def test_what_the_old_shop_said_stands_beside_the_draft(shop, seller):
    """Only of goods that were moved in, on the merchant's own page, and never as markup."""
    address = f"/desk/listings/{shop.listing.id}/"
    assert "旧店里是怎样写的" not in text_of(seller.get(address))
    said = {"summary": "秒发", "description": "第一步 <b>\n第二步", "struck_price": "0.00"}
    MovedDraft.objects.create(listing=shop.listing, beside={**said, "was_open": True})
    page = text_of(seller.get(address))
    assert "旧店里是怎样写的" in page and "第一步 &lt;b&gt;<br>第二步" in page and "在卖" in page
    assert "0.00" not in page.split("旧店里是怎样写的")[1].split("</details>")[0]
    assert "秒发" not in text_of(seller.get(f"/market/{shop.listing.id}/"))
