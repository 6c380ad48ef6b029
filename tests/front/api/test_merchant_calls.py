"""What a merchant's program does over the interface, and that another merchant's things do not
exist for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection
from tests.front.api.call_kit import call, merchant_key, pay_for, wished, wished_offer
from tests.market.market_kit import AT, make_merchant, make_shop, own_proof
from tests.market.offer_kit import OFFER
from tests.market.supply_kit import BY_HAND

from gongdao.core.ids import new_id
from gongdao.market.models import Listing, ListingReview, ListingVersion
from gongdao.market.review_listing import decide_price_review
from gongdao.market.staff import Actor, note_deed
from gongdao.market.states import ReviewState
from gongdao.vault.models import Batch

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = Actor(new_id(AT), "staff@example.invalid")
_LINK = {"kind": "official", "link": "https://cards.example.com/50"}
_PARTS = {
    "kind": "combined",
    "singles": [{"name": "20 元卡", "price": "20.00"}, {"name": "另一张", "price": "40.00"}],
}
_FACES = {
    "kind": "combined",
    "singles": [{"name": "50 元面值卡", "price": "20.00"}, {"name": "卡", "price": "40.00"}],
}
_EARLIER, _SINCE = {"kind": "own_earlier"}, "compared_since"
LISTINGS, ORDERS = "/api/v1/merchant/listings", "/api/v1/merchant/orders"


def test_from_a_listing_to_its_sale():
    """Published, stocked, found, bought, seen in the merchant's orders and on his account."""
    shop = make_shop(0)
    key = merchant_key(shop)
    made = call("POST", LISTINGS, wished_offer(), key=key)
    assert made.status == 201 and made.told["version"] == 1
    place = f"{LISTINGS}/{made.told['id']}/stock"
    body = {"secrets": "AAAA-1111\nBBBB-2222\nAAAA-1111\n", "source": "resale"}
    tried = call("POST", place, {**body, "dry_run": True}, key=key).told
    assert (tried["accepted"], tried["root"], Batch.objects.count()) == (2, None, 0)
    done = call("POST", place, body, key=key).told
    assert done["accepted"] == 2 and len(done["root"]) == 64
    assert done["refused_lines"][0] | {"words": ""} == {
        "line": 3,
        "code": "in_file",
        "same_as": 1,
        "words": "",
    }
    again = call("POST", place, body, key=key).told
    assert (again["batch"], again["accepted"], again["already"]) == (done["batch"], 0, 2)
    assert call("GET", place, key=key).told["available"] == 2
    (seen,) = call("GET", "/api/v1/listings?text=50").told["items"]
    assert (seen["stock"], seen["price"], seen["version"]) == (2, "49.00", 1)
    order = call("POST", "/api/v1/orders", wished(shop, listing=made.told["id"])).told
    pay_for(order)
    sold = call("GET", f"{ORDERS}/{order['number']}", key=key).told
    assert (sold["state"], sold["total"]) == ("delivered", "49.00")
    assert call("GET", "/api/v1/merchant/balance", key=key).told["held"] == "49.00"


def test_no_answer_of_a_merchant_holds_a_secret():
    """Neither stock nor orders nor listings say what is on the shelf."""
    shop = make_shop(3)
    key = merchant_key(shop)
    order = call("POST", "/api/v1/orders", wished(shop)).told
    pay_for(order)
    for path in (f"{LISTINGS}/{shop.listing.id}/stock", LISTINGS, ORDERS):
        found = call("GET", path, key=key)
        assert found.status == 200 and "CARD-" not in str(found.told)
        assert order["query_code"] not in str(found.told)


def test_another_merchants_things_are_not_there():
    """Each address of one's own with another's id is a 404, and changes nothing."""
    shop = make_shop(1)
    other = merchant_key(make_shop(0, merchant=make_merchant("另一家")), email="b@example.invalid")
    order = call("POST", "/api/v1/orders", wished(shop)).told
    place = f"{LISTINGS}/{shop.listing.id}"
    stock = {"secrets": "X-1", "source": "own"}
    asked = [
        ("GET", f"{place}/stock", None),
        ("POST", f"{place}/stock", stock),
        ("POST", f"{place}/versions", wished_offer()),
        ("GET", f"{ORDERS}/{order['number']}", None),
        ("POST", f"{ORDERS}/{order['number']}/deliver", {"texts": ["x"]}),
        ("POST", f"{ORDERS}/{order['number']}/cancel", {"reason": "other", "words": "x"}),
    ]
    for method, path, body in asked:
        assert call(method, path, body, key=other).code == "not_there", path
    assert ListingVersion.objects.filter(listing=shop.listing).count() == 1
    assert call("GET", ORDERS, key=other).told["total"] == 0


def test_goods_made_by_hand_are_delivered_once():
    """Too few texts are refused, then delivered, then refused; the buyer reads the text."""
    shop = make_shop(0, offer=BY_HAND)
    key = merchant_key(shop)
    order = call("POST", "/api/v1/orders", wished(shop)).told
    place = f"{ORDERS}/{order['number']}/deliver"
    assert call("POST", place, {"texts": ["给您"]}, key=key).code == "order_refused"
    pay_for(order)
    assert call("POST", place, {"texts": []}, key=key).status == 400
    assert call("POST", place, {"texts": ["给您"]}, key=key).told["delivered"] is True
    assert call("POST", place, {"texts": ["别的"]}, key=key).code == "order_refused"
    code = {"HTTP_X_QUERY_CODE": order["query_code"]}
    (one,) = call("POST", f"/api/v1/orders/{order['number']}/secrets", **code).told["secrets"]
    assert (one["fields"], one["batch"], one["place"]) == ({"text": "给您"}, None, 1)


def test_a_sale_is_cancelled_once():
    """Not before it is paid, then once, the same again with and without a key; never delivered."""
    shop = make_shop(0, offer=BY_HAND)
    key, body = merchant_key(shop), {"reason": "no_stock", "words": "没货了，抱歉"}
    order = call("POST", "/api/v1/orders", wished(shop)).told
    place, named = f"{ORDERS}/{order['number']}/cancel", {"HTTP_IDEMPOTENCY_KEY": "c1"}
    assert call("POST", place, body, key=key, **named).code == "order_refused"
    pay_for(order)
    assert (
        call("POST", place, {**body, "reason": "tired"}, key=key).told["error"]["field"] == "reason"
    )
    first = call("POST", place, body, key=key, **named)
    assert first.status == 200 and first.told["cancelled"] is True
    for more in (named, {}):
        assert call("POST", place, body, key=key, **more).told == first.told
    changed = call("POST", place, {**body, "words": "别的"}, key=key, **named)
    assert (changed.status, changed.code) == (422, "request_changed")
    assert call("GET", f"{ORDERS}/{order['number']}", key=key).told["state"] == "refunding"
    texts = {"texts": ["给您"]}
    deliver = f"{ORDERS}/{order['number']}/deliver"
    assert call("POST", deliver, texts, key=key).code == "order_refused"


def test_an_idempotency_key_makes_one_listing():
    """The same request again gets the first answer, another one under that name is refused, and a
    refused one may be asked again."""
    key = merchant_key(make_shop(0))
    named = {"HTTP_IDEMPOTENCY_KEY": "one"}
    bad = call("POST", LISTINGS, wished_offer(title=" "), key=key, **named)
    assert bad.status == 400 and bad.told["error"]["field"] == "title"
    first = call("POST", LISTINGS, wished_offer(), key=key, **named)
    assert call("POST", LISTINGS, wished_offer(), key=key, **named).told == first.told
    changed = call("POST", LISTINGS, wished_offer(price="1.00", tiers=[]), key=key, **named)
    assert (changed.status, changed.code) == (422, "request_changed")
    assert Listing.objects.count() == 2
    other = call("POST", LISTINGS, wished_offer(), key=key)
    assert other.status == 201 and other.told["id"] != first.told["id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "测试卡 50 元"}, "kind"),
        ({"price": "free"}, "price"),
        ({"price": "0"}, "price"),
        ({"promise": {"minutes": 0}}, "promise"),
        ({"hours": {"week": []}}, "hours"),
        ({"hours": {"week": [[["25:00", "26:00"]]] * 7}}, "hours"),
        ({"tiers": [{"quantity": 2}]}, "tiers"),
        ({"compared_price": "60.00"}, "compared_price"),
        ({"kind": "gift"}, "kind"),
        ({"region": ""}, "region"),
        ({"asks": [""]}, "asks"),
        ({"after_sale": "质保一年，也收接码，实名卡都有"}, "after_sale"),
        ({"how_to_test": "微 信·老 号 也卖"}, "how_to_test"),
        ({"title": "代接\u200b码 50 元"}, "title"),
        ({"title": "测 试 点卡 50 元"}, "kind"),
        ({"category": "测试卡"}, "kind"),
        ({"compared_price": "60.00", "compared_why": "卡面面值是 60.00 元人民币"}, "compared_why"),
        ({"compared_price": "60.00", "compared_why": "发行方官网标价 60.00 元"}, "compared_price"),
        ({"compared_price": "60.00", "compared_with": _LINK | {"link": "x"}}, "compared_link"),
        ({"compared_price": "60.00", "compared_with": {"kind": ["official"]}}, "compared_with"),
        ({"compared_price": "60.00", "compared_with": _PARTS | {"link": ""}}, "compared_with"),
        ({"compared_price": "61.00", "compared_with": _PARTS}, "compared_singles"),
        ({"compared_price": "60.00", "compared_with": _FACES}, "compared_singles"),
        ({"compared_with": _LINK}, "compared_price"),
        ({"compared_price": "60.00", "compared_with": _EARLIER | {"since": "9999-12-31"}}, _SINCE),
        ({"compared_price": "60.00", "compared_with": _EARLIER | {"since": "0001-01-01"}}, _SINCE),
        ({"source_proof": "我有授权书"}, "source_proof"),
        ({"source_proof": "proof:01a2068f-8a00-7000-a450-cc6b3496ac27"}, "source_proof"),
        ({"delivery": "supplier", "kind": "top_up", "asks": ["手机号"]}, "delivery"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_published_is_named(change, field):
    """A 400 with the field's name, and no listing is left behind."""
    key = merchant_key(make_shop(0))
    found = call("POST", LISTINGS, wished_offer(**change), key=key)
    assert (found.status, found.told["error"]["field"]) == (400, field)
    assert ListingVersion.objects.count() == 1


@pytest.mark.parametrize("with_", [_LINK, _PARTS])
def test_a_compared_price_comes_back_as_it_was_said(with_):
    """With what it is compared with, for anybody."""
    key = merchant_key(make_shop(0))
    wish = wished_offer(compared_price="60.00", compared_with=with_)
    made = call("POST", LISTINGS, wish, key=key)
    assert made.status == 201
    told = call("GET", f"/api/v1/listings/{made.told['id']}").told["offer"]
    assert (told["compared_price"], told["compared_with"]) == ("60.00", with_)


def test_a_price_far_below_is_answered_as_waiting():
    """202 with the reason and the listing's id, a question for the staff and no version; asked
    again there is one question, and once it was approved the version is published."""
    shop, others = make_shop(0), make_merchant("别家")
    for _n in range(5):
        make_shop(0, replace(OFFER, denomination="50 元"), others)
    key, paper = merchant_key(shop), own_proof(shop.merchant.id)
    cheap = wished_offer(price="9.00", tiers=[], source_proof=paper)
    found = call("POST", LISTINGS, cheap, key=key, HTTP_IDEMPOTENCY_KEY="low")
    assert (found.status, found.told["state"]) == (202, "under_review") and found.told["reason"]
    place = f"{LISTINGS}/{found.told['id']}/versions"
    assert call("POST", place, cheap, key=key).status == 202
    review = ListingReview.objects.get(state="open")
    assert (str(review.listing_id), ListingVersion.objects.count()) == (found.told["id"], 6)
    decide_price_review(
        review_id=review.id, word=ReviewState.ACCEPTED, reason="看过", by=STAFF, at=AT
    )
    assert call("POST", place, cheap, key=key).status == 201


def test_another_merchants_paper_is_none_of_mine():
    """A proof counts for the merchant who handed it in, and no longer once the staff refused it."""
    shop, other = make_shop(0), make_merchant("另一家")
    key, theirs, mine = merchant_key(shop), own_proof(other.id), own_proof(shop.merchant.id)
    found = call("POST", LISTINGS, wished_offer(source_proof=theirs), key=key)
    assert (found.status, found.told["error"]["field"]) == (400, "source_proof")
    assert call("POST", LISTINGS, wished_offer(source_proof=mine), key=key).status == 201
    about = ("proof", mine.removeprefix("proof:"))
    note_deed(by=STAFF, deed="proof.refuse", about=about, reason="过期了", at=AT)
    found = call("POST", LISTINGS, wished_offer(source_proof=mine), key=key)
    assert found.told["error"]["field"] == "source_proof" and "过期了" in str(found.told)


def test_a_next_version_keeps_its_way_of_delivery():
    """What is in the vault cannot become goods made by hand; a new price can."""
    shop = make_shop(1)
    key, place = merchant_key(shop), f"{LISTINGS}/{shop.listing.id}/versions"
    made = call("POST", place, wished_offer(price="97.00", tiers=[]), key=key)
    assert made.told["version"] == 2
    found = call("POST", place, wished_offer(delivery="manual"), key=key)
    assert found.told["error"]["field"] == "delivery"


def test_pages_of_a_list():
    """Pages follow each other; a page that is none is named."""
    key = merchant_key(make_shop(0))
    for number in range(2):
        call("POST", LISTINGS, wished_offer(title=f"点卡 {number}"), key=key)
    first = call("GET", f"{LISTINGS}?per_page=2", key=key).told
    second = call("GET", f"{LISTINGS}?per_page=2&page=2", key=key).told
    assert (len(first["items"]), len(second["items"]), first["total"]) == (2, 1, 3)
    for wrong in ("page=0", "page=x", "per_page=101", "page=99999999999", "colour=red"):
        found = call("GET", f"{LISTINGS}?{wrong}", key=key)
        assert (found.status, found.told["error"]["field"]) == (400, wrong.partition("=")[0])


@pytest.mark.parametrize(("named", "made"), [({"HTTP_IDEMPOTENCY_KEY": "one"}, 1), ({}, 6)])
def test_the_same_request_six_times_at_once(named, made):
    """With an idempotency key all of them get the one answer; without it, which is the control,
    there are six listings."""
    key = merchant_key(make_shop(0))
    together = threading.Barrier(6)

    def ask(_n: int) -> str:
        together.wait(20)
        try:
            return str(call("POST", LISTINGS, wished_offer(), key=key, **named).told["id"])
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(6)))
    assert len(set(found)) == made and Listing.objects.count() == 1 + made
