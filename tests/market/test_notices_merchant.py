"""Notices to merchants: before re-verification each once, of posts until they read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.front.web.public_kit import make_user
from tests.market.market_kit import AT, make_shop, order
from tests.market.test_notices import _Box

from gongdao.core.ids import new_id
from gongdao.front.stores import get_stores
from gongdao.front.worker import market_tasks, merchant_tasks
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.desk_states import Side
from gongdao.market.models import Merchant, MerchantMember, Notice, Order
from gongdao.market.notices_merchant import (
    plan_payee_notices,
    plan_post_notice,
    plan_review_notices,
)
from gongdao.market.pause_merchant import expire_merchant, find_expired, review_due
from gongdao.market.thread import post_about_listing, post_about_order, see_thread
from gongdao.market.vetting_models import StaffDeed

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
SELLER = "seller@example.com"


@pytest.fixture
def shop(db):
    """A shop whose one member can be reached by mail."""
    shop = make_shop()
    MerchantMember.objects.create(merchant=shop.merchant, user=make_user(SELLER), added_at=AT)
    with transaction.atomic():
        admitted = NewLeaf("merchant.admitted", shop.merchant.log_subject)
        append_leaves(stores=get_stores(), leaves=[admitted], at=AT)
    return shop


def _plan(at, channels=("mail",)):
    return plan_review_notices(
        stores=get_stores(), read=market_tasks.read_contact, channels=channels, at=at
    )


def _due_at(shop, days):
    """So many days before his re-verification is due."""
    left = (review_due(shop.merchant) - AT.date()).days
    return AT + timedelta(days=left - days)


def test_each_reminder_comes_once(shop):
    """Nothing 31 days before; then at 30, 7 and 1 one each, however often the job runs."""
    assert _plan(_due_at(shop, 31)) == 0
    told = {days: _plan(_due_at(shop, days)) for days in (30, 29, 8, 7, 6, 2, 1, 0)}
    assert told == {30: 1, 29: 0, 8: 0, 7: 1, 6: 0, 2: 0, 1: 1, 0: 0}
    due = review_due(shop.merchant).isoformat()
    events = Notice.objects.order_by("made_at").values_list("event", flat=True)
    assert list(events) == [f"review:{due}:{days}" for days in (30, 7, 1)]
    assert _plan(_due_at(shop, -1)) == 0


def test_everybody_is_told_of_a_new_account(shop):
    """The merchant's contact and each of his members, once; who has left meanwhile is not."""
    for mail in ("second@example.com", "gone@example.com"):
        user = make_user(mail)
        MerchantMember.objects.create(merchant=shop.merchant, user=user, added_at=AT + DAY)
    given = {"merchant": shop.merchant, "payee_id": new_id(AT), "channels": ("mail",), "at": AT}
    for told in (3, 0):
        assert told == plan_payee_notices(
            stores=get_stores(), read=market_tasks.read_contact, **given
        )
    MerchantMember.objects.get(user__email="gone@example.com").delete()
    Notice.objects.update(next_try_at=AT - 300 * DAY)
    box = _Box()
    assert market_tasks.send_notices(messengers={"mail": box}) == {"accepted": 2, "failed": 1}
    assert {one.address["to"] for one in box.sent} == {SELLER, "second@example.com"}
    assert all("收款账户" in one.title and "停用" in one.body for one in box.sent)


def test_a_reminder_says_the_day_and_where(shop):
    """One mail to the member, with the day and his desk; accepted, and never sent again."""
    _plan(_due_at(shop, 3))
    box = _Box()
    assert market_tasks.send_notices(messengers={"mail": box}) == {}
    Notice.objects.update(next_try_at=AT - 300 * DAY)
    assert market_tasks.send_notices(messengers={"mail": box}) == {"accepted": 1}
    (message,) = box.sent
    assert message.address == {"to": SELLER} and "/desk/" in message.body
    assert review_due(shop.merchant).isoformat() in message.title
    assert market_tasks.send_notices(messengers={"mail": box}) == {}


def test_who_lets_the_day_pass_is_paused(shop):
    """On the day itself he still sells, on the next he does not, by the rule and on record."""
    stores, merchant = get_stores(), shop.merchant
    on_the_day, after = _due_at(shop, 0), _due_at(shop, -1)
    assert not find_expired(at=on_the_day)
    assert not expire_merchant(stores=stores, merchant_id=merchant.id, at=on_the_day)
    assert find_expired(at=after) == [merchant.id]
    assert expire_merchant(stores=stores, merchant_id=merchant.id, at=after)
    assert not expire_merchant(stores=stores, merchant_id=merchant.id, at=after)
    assert Merchant.objects.get(id=merchant.id).state == "paused" and not find_expired(at=after)
    deed = StaffDeed.objects.get(deed="merchant.expire")
    assert (deed.who, deed.who_mail) == (None, "policy/merchant_review")


def test_the_hourly_job_tells_and_pauses(shop, monkeypatch):
    """The worker's task does both, and a merchant in order is left alone."""
    monkeypatch.setattr(merchant_tasks, "now", lambda: _due_at(shop, -1))
    merchant_tasks.look_at_reviews(0)
    assert Merchant.objects.get(id=shop.merchant.id).state == "paused"
    monkeypatch.setattr(merchant_tasks, "now", lambda: AT)
    Merchant.objects.filter(id=shop.merchant.id).update(state="active")
    merchant_tasks.look_at_reviews(0)
    assert Merchant.objects.get(id=shop.merchant.id).state == "active"


def _post(placed, side, text, at=AT):
    return post_about_order(stores=get_stores(), order=placed, side=side, text=text, by=None, at=at)


def _tell(thread, at=AT):
    return plan_post_notice(
        stores=get_stores(),
        thread_id=thread.id,
        read=market_tasks.read_contact,
        channels=("mail",),
        at=at,
    )


@pytest.mark.parametrize("side", list(Side))
def test_a_side_is_told_once_until_it_reads(shop, side):
    """Three posts, one notice; ten minutes later one more; at once again after reading."""
    found = order(shop, contact="buyer@example.com")
    placed = Order.objects.get(number=found.number)
    other = Side.MERCHANT if side is Side.BUYER else Side.BUYER
    thread = _post(placed, side, "一")
    assert _tell(thread)
    for text in ("二", "三"):
        thread = _post(placed, side, text)
        assert not _tell(thread)
    assert Notice.objects.count() == 1
    late = AT + timedelta(minutes=11)
    thread = _post(placed, side, "四", late)
    assert _tell(thread, late) and not _tell(thread, late)
    see_thread(thread=thread, side=other, upto=4)
    thread = _post(placed, side, "五", late)
    assert _tell(thread, late)
    to_buyer = side is Side.MERCHANT
    assert Notice.objects.filter(order__isnull=not to_buyer).count() == 3


def test_a_question_about_a_listing_reaches_the_merchant(shop):
    """The merchant is told of it; the notice holds none of its words."""
    buyer = make_user("asks@example.com")
    thread = post_about_listing(
        stores=get_stores(),
        listing=shop.listing,
        buyer_id=buyer.id,
        side=Side.BUYER,
        text="港服能用吗",
        by=buyer.id,
        at=AT,
    )
    assert _tell(thread)
    box = _Box()
    Notice.objects.update(next_try_at=AT - 300 * DAY)
    market_tasks.send_notices(messengers={"mail": box})
    (message,) = box.sent
    assert "港服" not in f"{message.title}{message.body}"
    assert shop.merchant.display_name in message.title


def test_a_notice_is_for_one(shop):
    """The database refuses one for nobody, and one for two."""
    found = Order.objects.get(number=order(shop).number)
    given = {"event": "x", "made_at": AT, "next_try_at": AT}
    for more in ({}, {"order": found, "merchant": shop.merchant}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.create(id=shop.listing.id, **given, **more)
