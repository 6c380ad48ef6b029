"""Old addresses of a shop that moved in, and the coupon field of the order form."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.front.web.market_pages import fill_in, make_shop, pay, text_of
from tests.market.market_kit import AT, make_merchant
from tests.market.moved_shop import small_shop
from tests.market.test_coupons import give

from gongdao.front.stores import get_stores
from gongdao.market.models import Coupon, Listing, Order
from gongdao.market.moved_models import MovedLook, MovedThing
from gongdao.market.moving_in.keep_orders import OldShop
from gongdao.market.moving_in.move_dujiaoka import MoveIn, move_dujiaoka

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "AAAABBBBCCCC0001"


@pytest.fixture
def moved(stores, tmp_path):
    """A merchant whose old shop moved in."""
    merchant = make_merchant()
    with small_shop(tmp_path / "shop.sql").open("rb") as file:
        wanted = MoveIn(OldShop(merchant.id, "dujiaoka"), file)
        move_dujiaoka(stores=get_stores(), wanted=wanted, at=AT)
    return merchant


def test_an_old_link_asks_and_then_opens(client, moved):
    """The number alone shows nothing; with the password it shows what was delivered."""
    for address in (f"/detail-order-sn/{NUMBER}", f"/bill/{NUMBER}"):
        page = client.get(address)
        assert NUMBER in text_of(page) and "SOLD-0004" not in text_of(page)
        assert page["X-Robots-Tag"] == "noindex, nofollow"
    opened = client.post("/order-search", {"number": NUMBER, "proof": "pw 1"})
    text = text_of(opened)
    assert opened.status_code == 200 and "SOLD-0004" in text and "¥9.90" in text
    assert MovedLook.objects.count() == 1
    assert "no-store" in opened["Cache-Control"]


def test_the_wrong_word_and_the_wrong_number_sound_the_same(client, moved):
    """Nobody learns whether an order exists; the address does not open one with a password."""
    said = []
    for number, proof in ((NUMBER, "a@b.invalid"), ("AAAABBBBCCCC9999", "pw 1"), (NUMBER, "")):
        page = client.post("/order-search", {"number": number, "proof": proof})
        assert page.status_code == 404
        said.append(re.sub(r'value="\w{64}"', "", text_of(page).replace(number, "N")))
    assert said[0] == said[1] == said[2]
    assert not MovedLook.objects.exists()


def test_posts_are_protected(moved):
    """Without the token of our own form nothing is opened."""
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/order-search", {"number": NUMBER, "proof": "pw 1"})
    assert page.status_code == 403 and not MovedLook.objects.exists()


def test_old_goods_lead_to_their_listing(client, moved):
    """Once it is on offer; before that, and for goods that are none, to the market."""
    assert client.get("/buy/1")["Location"] == "/market/"
    assert client.get("/buy/77")["Location"] == "/market/"
    shop = make_shop(merchant=moved)
    row = MovedThing(merchant=moved, shop="b", kind="goods", old_id=50, moved_at=AT)
    row.new_id = shop.listing.id
    row.save(force_insert=True)
    assert Listing.objects.get(id=shop.listing.id).state == "published"
    assert client.get("/buy/50")["Location"] == f"/market/{shop.listing.id}/"


def test_a_coupon_on_the_order_form(client, stores):
    """The price falls, the page of paying says by how much, and a wrong code says where."""
    shop = make_shop()
    coupon = give(shop)
    wrong = fill_in(client, shop.listing, coupon="NO-SUCH")
    assert wrong.status_code == 422 and "没有这张优惠券" in text_of(wrong)
    assert "coupon" in wrong.context["form"].errors and not Order.objects.exists()
    done = fill_in(client, shop.listing, coupon="spring")
    assert done.status_code == 302
    order = Order.objects.get()
    assert order.total_minor == 9300
    assert Coupon.objects.get(id=coupon.id).uses_left == 2
    paying = text_of(client.get(f"/orders/{order.number}/pay/"))
    assert "¥93.00" in paying and "¥5.00" in paying
    pay(order)
    order.refresh_from_db()
    assert order.state == "delivered"
