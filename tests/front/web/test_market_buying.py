"""The way of a buyer through the pages: order, pay, look, test, confirm; and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.front.web.market_pages import buy, fill_in, grey_png, make_shop, pay, text_of
from tests.market.market_kit import publish
from tests.market.offer_kit import OFFER

from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.log.models import LogOpening
from gongdao.market.deliver_by_hand import deliver_by_hand
from gongdao.market.expire_orders import expire_orders
from gongdao.market.models import Listing, Merchant, Order, OrderTest
from gongdao.market.offer import Delivery, GoodsKind
from gongdao.payments.port import GatewayError, PayStep, Report, Told
from gongdao.payments.sandbox_book import keep_payment

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "CARD-"


@pytest.fixture
def shop(stores):
    """A listing with ten secrets."""
    return make_shop()


def _code(client, order):
    return client.get(f"/orders/{order.number}/").context["code"]


def test_a_buyer_orders_pays_looks_tests_and_confirms(client, shop):
    """The whole way, without scripts."""
    page = text_of(client.get(f"/market/{shop.listing.id}/"))
    assert "现在下单并付款" in page and "¥98.00" in page
    order = buy(client, shop.listing, quantity=2)
    waiting = text_of(client.get(f"/orders/{order.number}/"))
    assert "等待付款" in waiting and "¥196.00" in waiting and order.number in waiting
    paying = text_of(client.get(f"/orders/{order.number}/pay/"))
    assert "/sandbox/" in paying
    pay(order)
    assert "查看卡密" in text_of(client.get(f"/orders/{order.number}/"))
    before = text_of(client.get(f"/orders/{order.number}/secrets/"))
    assert "先录屏" in before and SECRET not in before
    order.refresh_from_db()
    assert order.revealed_at is None
    shown = text_of(client.post(f"/orders/{order.number}/secrets/", {"recording": "yes"}))
    assert shown.count(f">{SECRET}") == 2
    assert "第一次查看，选了录屏" in text_of(client.get(f"/orders/{order.number}/"))
    told = {"works": "yes", "recorded": "on", "note": "余额 100 元"}
    assert client.post(f"/orders/{order.number}/test/", told).status_code == 302
    assert "您试过，能用" in text_of(client.get(f"/orders/{order.number}/"))
    assert "不能撤回" in text_of(client.get(f"/orders/{order.number}/confirm/"))
    assert client.post(f"/orders/{order.number}/confirm/").status_code == 302
    order.refresh_from_db()
    assert order.state == "completed"
    assert "钱付给了商家" in text_of(client.get(f"/orders/{order.number}/"))


def test_a_file_beside_the_test_is_kept_and_one_that_is_none_comes_back_with_its_reason(
    client, shop
):
    """The page takes a picture, says so on the order, and refuses what is no picture in words."""
    order = pay(buy(client, shop.listing))
    client.post(f"/orders/{order.number}/secrets/", {"recording": "no"})
    assert "第一次查看，选了不录屏" in text_of(client.get(f"/orders/{order.number}/"))
    place = f"/orders/{order.number}/test/"
    wrong = SimpleUploadedFile("a.png", b"words", "image/png")
    answer = client.post(place, {"works": "no", "note": "见截图", "files": wrong})
    assert answer.status_code == 422 and "a.png" in text_of(answer) and "见截图" in text_of(answer)
    right = SimpleUploadedFile("屏幕.png", grey_png(), "image/png")
    assert client.post(place, {"works": "no", "files": right}).status_code == 302
    assert "您试过：不能用，交了 1 个文件" in text_of(client.get(f"/orders/{order.number}/"))
    assert "屏幕.png" in text_of(client.get(place))


def test_the_same_form_sent_twice_is_one_order(client, shop):
    """A second press does not order again."""
    first = fill_in(client, shop.listing, ask="0" * 26)
    again = fill_in(client, shop.listing, ask="0" * 26)
    assert first["Location"] == again["Location"] and Order.objects.count() == 1
    other = fill_in(client, shop.listing, ask="0" * 26, quantity=2)
    assert other["Location"] != first["Location"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quantity": 11}, "每人每次买 1 到 10 件。"),
        ({"quantity": "many"}, "请写一个整数。"),
        ({"contact": ""}, "请填写这一项。"),
        ({"contact": "nobody"}, "请写邮箱或手机号"),
        ({"terms": None}, "请先看交易条款"),
        ({"pay_with": "shells"}, "没有这种支付方式。"),
        ({"version": "99"}, "商品内容刚改过"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_and_nothing_is_ordered(client, shop, wrong, said):
    """Every mistake comes back with its sentence, and what was typed is kept."""
    answer = fill_in(client, shop.listing, **{"contact": "me@example.invalid", **wrong})
    assert answer.status_code == 422
    page = text_of(answer)
    assert said in page and Order.objects.count() == 0
    if "contact" not in wrong:
        assert "me@example.invalid" in page


def test_a_listing_that_changed_meanwhile_is_shown_anew(client, shop):
    """What a buyer saw is what he orders, or he is told."""
    stale = Listing.objects.get(id=shop.listing.id)
    dearer = replace(OFFER, price=replace(OFFER.price, minor=12000))
    publish(shop.listing, dearer, at=now())
    answer = fill_in(client, stale)
    assert answer.status_code == 422
    assert "商品内容刚改过" in text_of(answer) and "¥120.00" in text_of(answer)
    assert Order.objects.count() == 0


def test_a_test_card_cannot_be_taken_for_a_real_one(client, stores):
    """It says what it is on every page, and has to be acknowledged."""
    offer = replace(OFFER, title="测试卡（无面额）", denomination="测试", kind=GoodsKind.TEST_CARD)
    shop = make_shop(offer=offer)
    for path in ("/market/", f"/market/{shop.listing.id}/", f"/market/{shop.listing.id}/order/"):
        assert "不是正式卡" in text_of(client.get(path)), path
    assert fill_in(client, shop.listing).status_code == 422
    order = buy(client, shop.listing, knows_test="on")
    assert "不是正式卡" in text_of(client.get(f"/orders/{order.number}/"))


def test_answers_that_a_listing_asks_for_are_needed(client, stores):
    """A top-up without the account to top up is not ordered."""
    offer = replace(
        OFFER, kind=GoodsKind.TOP_UP, delivery=Delivery.MANUAL, asks=("充值账号",), title="直充"
    )
    shop = make_shop(stock=0, offer=offer)
    assert "充值账号" in text_of(client.get(f"/market/{shop.listing.id}/"))
    assert fill_in(client, shop.listing).status_code == 422
    order = pay(buy(client, shop.listing, answer_0="user-1"))
    assert order.state == "paid"
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "已付款，等待发货" in page and "现在轮到：商家" in page
    assert client.get(f"/orders/{order.number}/secrets/").status_code == 302


def test_what_was_not_delivered_in_time_is_said(client, stores, monkeypatch):
    """An order past its promise does not go on saying that it is being worked on."""
    offer = replace(OFFER, kind=GoodsKind.SERVICE, delivery=Delivery.MANUAL, title="代办")
    order = pay(buy(client, make_shop(stock=0, offer=offer).listing))
    later = now() + timedelta(days=2)
    monkeypatch.setattr("gongdao.front.web.pages.market_orders.now", lambda: later)
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "超过了承诺的时间" in page and "现在轮到：商家" not in page


def test_sold_out_is_said_before_and_while_ordering(client, shop):
    """Nothing is ordered of what is not there."""
    assert "有货，10 件" in text_of(client.get(f"/market/{shop.listing.id}/"))
    buy(client, shop.listing, quantity=9)
    short = fill_in(client, shop.listing, quantity=3)
    assert short.status_code == 409 and "没有那么多了" in text_of(short)
    buy(client, shop.listing, quantity=1)
    gone = fill_in(client, shop.listing)
    assert gone.status_code == 409 and "刚刚卖完了" in text_of(gone)
    page = text_of(client.get(f"/market/{shop.listing.id}/"))
    assert "卖完了" in page and "购买" not in page
    assert Order.objects.count() == 2


def test_a_fourth_unpaid_order_is_refused_in_words(client, shop):
    """Three may wait for money; the fourth is told so, with the form as it was."""
    for _n in range(3):
        buy(client, shop.listing)
    answer = fill_in(client, shop.listing)
    assert answer.status_code == 429 and "没付款的订单" in text_of(answer)


def test_late_money_is_honoured_and_said(client, shop):
    """An expired order that is paid after all delivers, and says what happened."""
    order = buy(client, shop.listing)
    late = order.reserved_until + timedelta(minutes=5)
    assert expire_orders(stores=get_stores(), at=late) == 1
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "没有按时付款" in page and "钱不会丢" in page
    assert "现在付款仍然有效" in text_of(client.get(f"/orders/{order.number}/pay/"))
    pay(order, at=late)
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "系统另外给您分了货" in page and "查看卡密" in page


def test_late_money_for_goods_that_are_gone_goes_back_and_is_said(client, stores):
    """The refund is on the page with its amount and number."""
    shop = make_shop(stock=1)
    order = buy(client, shop.listing)
    late = order.reserved_until + timedelta(minutes=5)
    expire_orders(stores=get_stores(), at=late)
    pay(buy(Client(HTTP_HOST="127.0.0.1"), shop.listing, contact="other@example.invalid"))
    pay(order, at=late)
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "正在退款" in page and "已经没有货" in page and "退款 ¥98.00" in page


def test_money_paid_twice_is_shown_as_going_back(client, shop):
    """The order goes its own way; the second payment is on its page."""
    order = pay(buy(client, shop.listing))
    pay(order, trade_no="T-second")
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "已发货" in page and "多付的或不该收的 ¥98.00" in page


def test_an_order_past_its_time_is_said_to_be_so_before_the_worker_gets_to_it(
    client, shop, monkeypatch
):
    """The page judges by the clock, not by when the worker ran."""
    order = buy(client, shop.listing)
    monkeypatch.setattr(
        "gongdao.front.web.pages.market_orders.now", lambda: now() + timedelta(hours=1)
    )
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "没有按时付款" in page and "去付款" not in page


def test_an_order_is_not_shown_to_who_knows_its_number_alone(client, shop):
    """Another browser meets the same form for this order and for one that does not exist."""
    order = pay(buy(client, shop.listing))
    stranger = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN")
    for page in ("", "pay/", "secrets/", "test/", "confirm/"):
        known = text_of(stranger.get(f"/orders/{order.number}/{page}"))
        unknown = text_of(stranger.get(f"/orders/AAAABBBBCCCC/{page}"))
        assert _plain(known, order.number) == _plain(unknown, "AAAABBBBCCCC")
    for page in ("secrets/", "test/", "confirm/", "ask/", "leave/"):
        stranger.post(f"/orders/{order.number}/{page}", {"works": "yes", "recording": "yes"})
    order.refresh_from_db()
    assert order.revealed_at is None and order.state == "delivered"


def _plain(page, number):
    import re

    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(number, "N")


def test_number_and_code_open_an_order_on_another_device(client, shop):
    """A wrong code and an unknown number get the same answer; the right pair opens."""
    order = buy(client, shop.listing)
    code = _code(client, order)
    other = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN")
    wrong = other.post("/orders/", {"number": order.number, "code": "AAAAA-AAAAA"})
    unknown = other.post("/orders/", {"number": "AAAABBBBCCCC", "code": code})
    assert wrong.status_code == unknown.status_code == 404
    assert _plain(text_of(wrong), order.number) == _plain(text_of(unknown), "AAAABBBBCCCC")
    right = other.post("/orders/", {"number": order.number.lower(), "code": code.lower()})
    assert right["Location"] == f"/orders/{order.number}/"
    assert "等待付款" in text_of(other.get(right["Location"]))
    assert order.number in text_of(other.get("/orders/"))
    other.post(f"/orders/{order.number}/leave/")
    assert "等待付款" not in text_of(other.get(f"/orders/{order.number}/"))


def test_guesses_at_a_code_are_limited_and_do_not_lock_the_buyer_out(client, shop):
    """After ten wrong codes even the right one waits; who holds the order goes on."""
    order = buy(client, shop.listing)
    code = _code(client, order)
    other = Client(HTTP_HOST="127.0.0.1")
    for _n in range(10):
        other.post("/orders/", {"number": order.number, "code": "AAAAA-AAAAA"})
    assert other.post("/orders/", {"number": order.number, "code": code}).status_code == 429
    assert "等待付款" in text_of(client.get(f"/orders/{order.number}/"))


def test_another_code_shuts_out_who_held_the_old_one(client, shop):
    """A browser holds an order only as long as the code it was opened with is in force."""
    order = buy(client, shop.listing)
    Order.objects.filter(id=order.id).update(code_round=1)
    assert "等待付款" not in text_of(client.get(f"/orders/{order.number}/"))


def test_an_account_finds_its_orders_without_a_code(client, shop, django_user_model):
    """What was ordered while signed in is there on any device of the account."""
    user = django_user_model.objects.get(email="reviewer@example.invalid")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    order = buy(client, shop.listing)
    device = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN")
    device.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert order.number in text_of(device.get("/orders/"))
    assert "等待付款" in text_of(device.get(f"/orders/{order.number}/"))


def test_what_a_buyer_tells_of_his_test_is_sealed_logged_and_never_doubled(client, shop):
    """The same telling again adds nothing; the words are not in the table in the clear."""
    order = pay(buy(client, shop.listing))
    told = {"works": "no", "note": "it says USED already"}
    client.post(f"/orders/{order.number}/test/", told)
    assert OrderTest.objects.count() == 0, "nothing can be tested before it was seen"
    client.post(f"/orders/{order.number}/secrets/", {"recording": "no"})
    before = LogOpening.objects.count()
    for _n in range(2):
        client.post(f"/orders/{order.number}/test/", told)
    row = OrderTest.objects.get()
    assert not row.works and b"USED" not in bytes(row.sealed)
    assert LogOpening.objects.count() == before + 1
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "您试过，不能用" in page and "确认收货</a>" not in page
    assert "USED already" in text_of(client.get(f"/orders/{order.number}/test/"))
    for n in range(6):
        client.post(f"/orders/{order.number}/test/", {**told, "note": f"{n}"})
    assert OrderTest.objects.count() == 5


def test_nothing_is_confirmed_unseen(client, shop):
    """Whoever has not looked at the secrets is asked to, and no money moves."""
    order = pay(buy(client, shop.listing))
    assert client.post(f"/orders/{order.number}/confirm/").status_code == 302
    order.refresh_from_db()
    assert order.state == "delivered"


def test_a_merchant_who_may_not_sell_sells_nothing(client, shop):
    """His listings leave the shop front, and their pages say why nothing can be bought."""
    Merchant.objects.update(state="paused")
    assert OFFER.title not in text_of(client.get("/market/"))
    assert "已经下架" in text_of(client.get(f"/market/{shop.listing.id}/"))
    assert fill_in(client, shop.listing).status_code in (302, 422)
    assert Order.objects.count() == 0


def _big_order(client):
    offer = replace(OFFER, title="大额礼品卡", price=replace(OFFER.price, minor=60000))
    return pay(buy(client, make_shop(offer=offer).listing))


def test_a_first_high_value_order_asks_before_it_delivers(client, stores):
    """The question is on the page; "nobody told me to" goes on, and it can still be taken back."""
    order = _big_order(client)
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "发货前，先回答一个问题" in page and "96110" in page
    client.post(f"/orders/{order.number}/answer/", {"told": "perhaps"})
    assert "发货前，先回答一个问题" in text_of(client.get(f"/orders/{order.number}/"))
    client.post(f"/orders/{order.number}/answer/", {"told": "no"})
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "发货前，先回答一个问题" not in page and "不买了，退款" in page
    client.post(f"/orders/{order.number}/withdraw/")
    order.refresh_from_db()
    assert order.state == "refunding"


def test_whoever_was_told_to_buy_gets_his_money_back(client, stores):
    """The answer "somebody told me to" ends the order at once."""
    order = _big_order(client)
    client.post(f"/orders/{order.number}/answer/", {"told": "yes"})
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "正在退款" in page and "96110" in page


def test_what_a_merchant_delivers_by_hand_is_seen_tested_and_confirmed(client, stores):
    """A text instead of a secret takes the same way: record, look, test, confirm."""
    offer = replace(OFFER, kind=GoodsKind.SERVICE, delivery=Delivery.MANUAL, title="代办")
    shop = make_shop(stock=0, offer=offer)
    order = pay(buy(client, shop.listing))
    assert deliver_by_hand(
        stores=get_stores(),
        order_id=order.id,
        merchant_id=shop.merchant.id,
        texts=["办好了，回执 A1"],
        by=shop.merchant.reviewer_id,
        at=now(),
    )
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "查看发货内容" in page and "回执 A1" not in page
    shown = text_of(client.post(f"/orders/{order.number}/secrets/", {"recording": "yes"}))
    assert "办好了，回执 A1" in shown and "商家发来的内容" in shown
    client.post(f"/orders/{order.number}/test/", {"works": "yes"})
    client.post(f"/orders/{order.number}/confirm/")
    order.refresh_from_db()
    assert order.state == "completed"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (PayStep("https://pay.example/go", {"sign": "abc"}), 'action="https://pay.example/go"'),
        (PayStep(qr="weixin://pay?pr=1"), 'src="data:image/svg+xml'),
        (PayStep("https://pay.example/go?x=1"), 'href="https://pay.example/go?x=1"'),
    ],
)
def test_every_kind_of_next_step_leads_to_the_payment_service(
    client, shop, monkeypatch, step, said
):
    """A form that posts there (and the policy lets it, there alone), a code to scan, a link."""
    order = buy(client, shop.listing)
    monkeypatch.setattr("gongdao.front.web.pages.market_orders.pay_step", lambda *_: step)
    answer = client.get(f"/orders/{order.number}/pay/")
    assert said in text_of(answer)
    policy = answer["Content-Security-Policy"]
    assert ("form-action 'self' https://pay.example" in policy) == bool(step.fields)


def test_a_payment_service_that_does_not_answer_is_said(client, shop, monkeypatch):
    """The buyer learns that he has not paid, and that he may try again."""
    order = buy(client, shop.listing)

    def silent(*_given):
        raise GatewayError("timeout")

    monkeypatch.setattr("gongdao.front.web.pages.market_orders.pay_step", silent)
    answer = client.get(f"/orders/{order.number}/pay/")
    assert answer.status_code == 502 and "您还没有付款" in text_of(answer)


def test_asking_whether_the_money_came_is_limited_and_finds_what_a_callback_lost(client, shop):
    """The sandbox's bank knows of a payment that nobody told us: the button finds it."""
    order = buy(client, shop.listing)
    client.post(f"/orders/{order.number}/ask/")
    assert "还没有收到这笔钱" in text_of(client.get(f"/orders/{order.number}/"))
    total = Money(order.total_minor, order.currency)
    keep_payment(Report(order.number, "T1", Told.PAID, total, "sandbox"), now())
    client.post(f"/orders/{order.number}/ask/")
    order.refresh_from_db()
    assert order.state == "delivered"
    answers = [client.post(f"/orders/{order.number}/ask/").status_code for _n in range(20)]
    assert answers[-1] == 429
