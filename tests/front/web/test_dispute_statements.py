"""On the pages of a dispute: what is stated in its form with who states it, and what a published
limit asks for, with its ground and its appeal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.front.web.market_pages import OFFER, buy, make_merchant, make_shop, pay, text_of
from tests.front.web.operator_kit import sign_in as staff_sign_in
from tests.front.web.test_desk import sign_in
from tests.front.web.test_disputes import at, complain, revealed

from gongdao.disputes.hold_ground import place_ground
from gongdao.disputes.models import HoldGround, RecordedFact
from gongdao.disputes.note_limits import buyer_subject
from gongdao.front.clock import now
from gongdao.market.states import Role

pytestmark = pytest.mark.django_db(transaction=True)


def limited(order, code):
    """A published limit on the buyer of an order."""
    until = now() + timedelta(days=30)
    subject, rule = buyer_subject(order.buyer_digest), f"abuse/{code}@1"
    return place_ground(subject=subject, ground=code, rule=rule, until=until, at=now())


def test_the_region_is_stated_and_shown_with_its_source(client, stores):
    """The form names the listing's region and asks for the one found; the arbiter reads it as the
    buyer's word, and beside it the merchant's."""
    shop = make_shop(offer=replace(OFFER, region="中国大陆"))
    seller, arbiter = sign_in(shop.merchant), staff_sign_in("a@example.org", Role.ARBITER)
    order = revealed(client, shop)
    form = text_of(client.get(f"/orders/{order.number}/problem/wrong_region/"))
    assert "实际适用的地区" in form and "商品页写的是：中国大陆" in form
    assert "实际适用的地区" not in text_of(client.get(f"/orders/{order.number}/problem/invalid/"))
    case = complain(client, order, "wrong_region", region="香港")
    assert case.step == "merchant_answer"
    assert RecordedFact.objects.filter(name="region_matches", source="buyer", value=False).exists()
    desk = f"/desk/disputes/{case.id}/"
    assert "实际适用的地区" in text_of(seller.get(desk))
    page = text_of(arbiter.get(f"/operator/disputes/{case.id}/"))
    assert "适用地区与下单快照一致" in page.split("</section>")[0] + page
    seller.post(desk, {"deed": "contest", "words": "我们的卡是国区的，见附图。", "region": "国区"})
    assert RecordedFact.objects.filter(
        name="region_matches", source="merchant", value=True
    ).exists()


def test_a_test_card_is_stated(client, stores):
    """Yes, no, or not known: only what was chosen is a fact."""
    shop = make_shop()
    case = complain(client, revealed(client, shop), "test_card", test_secret="yes")
    row = RecordedFact.objects.get(case=case, name="test_secret")
    assert (row.source, row.value) == ("buyer", True)
    case = complain(client, revealed(client, shop), "test_card", test_secret="")
    assert not RecordedFact.objects.filter(case=case, name="test_secret").exists()


def test_the_recording_is_asked_for_on_the_page(client, stores):
    """The form says beforehand what the limit asks; the case waits for the buyer, shows the ground,
    takes an appeal once, and a person lifts it."""
    shop = make_shop()
    order = revealed(client, shop)
    ground = limited(order, "use_then_complain")
    assert "请附上提卡前就开始的录屏" in text_of(
        client.get(f"/orders/{order.number}/problem/already_used/")
    )
    case = complain(client, order, "already_used")
    assert case.step == "buyer_evidence"
    page = text_of(at(case, client))
    assert "多次称卡密已被使用" in page and "自动结束" in page and "等买家补充证据" in page
    url = f"/orders/{order.number}/disputes/{case.id}/limits/{ground.id}/"
    assert client.post(url, {"words": "那三次都是同一批坏卡。"}).status_code == 302
    assert "同一批坏卡" in text_of(at(case, client))
    staff = staff_sign_in("a@example.org", Role.ARBITER)
    grounds = text_of(staff.get("/operator/disputes/grounds/"))
    assert "同一批坏卡" in grounds and "买家" in grounds
    staff.post(f"/operator/disputes/grounds/{ground.id}/", {"why": "核实是同一批坏卡。"})
    assert HoldGround.objects.get().lifted_at
    assert client.post(url, {"words": "再申诉一次。"}).status_code == 404


def test_a_person_first_is_said_beforehand(client, stores):
    """The form says that a person looks first; another's limit cannot be appealed from here."""
    shop = make_shop()
    order = revealed(client, shop)
    limited(order, "serial_claims")
    form = text_of(client.get(f"/orders/{order.number}/problem/invalid/"))
    assert "先由人来看" in form and "商家最晚要在" not in form
    case = complain(client, order)
    assert case.step == "arbiter" and "投诉过密" in text_of(at(case, client))
    other = make_merchant(name="别家")
    mine = pay(buy(client, shop.listing))
    foreign = place_ground(
        subject=buyer_subject(other.id.bytes * 2),
        ground="serial_claims",
        rule="abuse/serial_claims@1",
        until=now() + timedelta(days=1),
        at=now(),
    )
    url = f"/orders/{order.number}/disputes/{case.id}/limits/{foreign.id}/"
    assert client.post(url, {"words": "x"}).status_code == 404
    assert client.post(url.replace(order.number, mine.number), {"words": "x"}).status_code == 404
