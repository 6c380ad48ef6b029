"""Coupons at the desk: made there, used in the market, switched off; those of others are none."""

from __future__ import annotations

import pytest
from tests.front.web.market_pages import fill_in, make_merchant, make_shop, text_of
from tests.front.web.test_desk import sign_in

from gongdao.market.desk_models import DeskDeed
from gongdao.market.models import Coupon, ListingReview, Order

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN = {"name": "春天", "code": "SPRING-26", "fixed": "5.00", "uses_left": "2"}


def test_made_used_and_switched_off(client, stores):
    """Its code is shown once; a buyer pays less with it; switched off it holds no more."""
    shop = make_shop()
    seller = sign_in(shop.merchant)
    assert "还没有优惠券" in text_of(seller.get("/desk/coupons/"))
    made = text_of(seller.post("/desk/coupons/", GIVEN))
    assert "SPRING-26" in made and "共 2 次，还剩 2 次" in made
    assert "SPRING-26" not in text_of(seller.get("/desk/coupons/"))
    assert fill_in(client, shop.listing, coupon="spring-26").status_code == 302
    assert Order.objects.get().total_minor == 9300
    coupon = Coupon.objects.get()
    assert "还剩 1 次" in text_of(seller.get("/desk/coupons/"))
    assert seller.post(f"/desk/coupons/{coupon.id}/", {"on": "no"}).status_code == 302
    assert fill_in(client, shop.listing, coupon="spring-26").status_code == 422
    assert list(DeskDeed.objects.order_by("id").values_list("deed", flat=True)) == [
        "coupon.made",
        "coupon.off",
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"fixed": ""}, "percent"),
        ({"percent": "10"}, "fixed"),
        ({"fixed": "", "percent": "100"}, "percent"),
        ({"last_day": "tomorrow"}, "last_day"),
        ({"code": "ab"}, "code"),
        ({"listings": ["00000000-0000-0000-0000-000000000000"]}, "listings"),
    ],
)
def test_what_makes_no_sense_is_said(stores, given, field):
    """The form comes back with what is wrong, and nothing was made."""
    seller = sign_in(make_shop().merchant)
    page = seller.post("/desk/coupons/", {**GIVEN, **given})
    assert page.status_code == 422 and field in page.context["form"].errors
    assert not Coupon.objects.exists()


def test_a_coupon_far_under_the_market_is_asked_about(stores):
    """The form comes back with why at the amount, the entries are kept, the question stands with
    the staff, and the record of the desk says so."""
    for name in "甲乙丙丁戊":
        make_shop(merchant=make_merchant(name))
    seller = sign_in(make_shop().merchant)
    page = seller.post("/desk/coupons/", {**GIVEN, "fixed": "60.00"})
    assert page.status_code == 422 and "先由平台看过" in text_of(page)
    assert 'value="SPRING-26"' in page.content.decode() and not Coupon.objects.exists()
    assert ListingReview.objects.get().price_minor == 3800
    assert DeskDeed.objects.get().deed == "listing.asked"


def test_another_merchants_coupon_is_none(stores):
    """Neither seen nor switched from another desk."""
    shop = make_shop()
    sign_in(shop.merchant).post("/desk/coupons/", GIVEN)
    other = sign_in(make_merchant("另一家"), "other@example.invalid")
    assert "春天" not in text_of(other.get("/desk/coupons/"))
    coupon = Coupon.objects.get()
    assert other.post(f"/desk/coupons/{coupon.id}/", {"on": "no"}).status_code == 404
    assert Coupon.objects.get().on
