"""Notices: each event of an order once, to whoever left an address, without anything secret, and
what became of it on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND, get_order

from gongdao.casework.follow.messenger_port import MessageDelayed, MessageRefused, Receipt
from gongdao.core.language import Phrase
from gongdao.front.stores import get_stores
from gongdao.front.worker import market_tasks
from gongdao.market.cancel_order import cancel_order
from gongdao.market.find_order import find_order
from gongdao.market.give_back import give_back, refund_bounced, refund_confirmed
from gongdao.market.models import Notice
from gongdao.market.notices import plan_notices
from gongdao.market.notices_words import notice_text
from gongdao.market.reveal_order import reveal_order
from gongdao.market.states import CancelReason
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)


class _Box:
    """A messenger that keeps what it is given, or answers as told."""

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def send(self, message):
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.sent.append(message)
        return Receipt(message.channel, message.message_id)


def _sequence():
    """What the sequencer does with waiting leaves, as far as notices see it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(idx) + 1, 0) FROM log_entry")
        (begin,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO log_entry (idx, leaf_hash, entry, subject) SELECT %s - 1 +"
            " row_number() OVER (ORDER BY seq), leaf_hash, entry, subject FROM log_pending",
            (begin,),
        )
        cursor.execute("DELETE FROM log_pending")


def _plan(channels=("mail",)):
    _sequence()
    return plan_notices(
        stores=get_stores(), read=market_tasks.read_contact, channels=channels, at=AT
    ).notices


@pytest.fixture
def bought():
    """A delivered order whose secret was read."""
    placed = order(make_shop(), contact="buyer@example.com")
    pay(placed)
    found = find_order(stores=get_stores(), number=placed.number, code=placed.code, at=AT)
    (secret,) = reveal_order(stores=get_stores(), order=found, who="b", at=AT)
    return placed, secret.fields["secret"]


def test_each_event_is_told_once_and_holds_no_secret(bought):
    """Planned twice it is one message: number and way, no secret, no query code."""
    placed, secret = bought
    assert _plan() == 1
    assert _plan() == 0
    box = _Box()
    assert market_tasks.send_notices(messengers={"mail": box}) == {"accepted": 1}
    (message,) = box.sent
    said = f"{message.title}\n{message.body}"
    assert placed.number in said and message.address == {"to": "buyer@example.com"}
    assert secret not in said and placed.code not in said and str(placed.total) not in said
    row = Notice.objects.get()
    assert (row.state, row.event, row.ended_at is not None) == ("accepted", "delivered", True)


def test_who_cannot_be_reached_gets_no_row(bought):
    """Without a messenger for his channel nothing is planned, and the cursor goes on."""
    assert _plan(channels=("bark",)) == 0
    assert _plan() == 0
    assert not Notice.objects.exists()


def test_refused_is_failed_and_delayed_is_tried_again(bought):
    """A mailbox that does not exist ends it with the reason; a slow server is asked again."""
    _plan()
    slow = MessageDelayed(Phrase("邮件服务器太慢，没有答复"))
    assert market_tasks.send_notices(messengers={"mail": _Box(slow)}) == {"planned": 1}
    Notice.objects.update(next_try_at=AT)
    gone = MessageRefused(Phrase("收件人的邮箱不存在或拒收（{code}）", code=550))
    assert market_tasks.send_notices(messengers={"mail": _Box(gone)}) == {"failed": 1}
    row = Notice.objects.get()
    assert row.tries == 2 and row.problem.startswith("收件人的邮箱不存在")


def test_a_notice_broken_off_twice_is_given_up(bought):
    """A worker that dies while sending leaves it to be sent once more; then it is given up."""
    _plan()
    for _ in range(2):
        assert market_tasks._claim_notices()
        Notice.objects.update(next_try_at=AT)
    assert not market_tasks._claim_notices()
    row = Notice.objects.get()
    assert (row.state, row.problem) == ("failed", "interrupted")


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("a@b.com", "mail"),
        ("bark:abcdefghij1234567890", "bark"),
        ("telegram:12345678:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1000", "telegram"),
        ("13800000000", None),
        ("http://evil.test/", None),
        ("mail:a@b.com\nBcc: c@d.com", None),
        ("", None),
    ],
)
def test_contacts_are_read_or_not(text, channel):
    """Only addresses of a known kind are used; nothing smuggles a host or a header."""
    found = market_tasks.read_contact(text)
    assert (found and found.channel) == channel


def test_keep_orders_does_all_its_parts():
    """The job expires, gives stock back and releases in one turn, and twice is as good as once."""
    shop = make_shop(stock=2)
    order(shop, contact="late@example.com", at=AT - timedelta(days=400))
    paid = order(shop, at=AT - timedelta(days=400))
    pay(paid, after=-timedelta(days=399))
    for _ in range(2):
        market_tasks.keep_orders(timestamp=0)
    assert get_order(paid).state == "completed"
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM vault_unit GROUP BY state ORDER BY state")
        assert cursor.fetchall() == [("available", 1), ("claimed", 1)]


def test_a_cancelled_order_is_told_once_as_such():
    """The buyer hears that the merchant cancelled; not beside it that a refund was asked for."""
    placed = order(make_shop(stock=0, offer=BY_HAND), contact="buyer@example.com")
    pay(placed)
    paid = get_order(placed)
    cancel_order(
        stores=get_stores(),
        order_id=paid.id,
        merchant_id=paid.merchant_id,
        reason=CancelReason.NO_STOCK,
        words="没货了",
        by=paid.id,
        at=AT,
    )
    _plan()
    events = Notice.objects.values_list("event", flat=True)
    assert "cancelled" in events and "refunding" not in events


def _move_refund(state, done):
    """What the service or a person said of the one refund, written as its verbs do."""
    with transaction.atomic():
        Refund.objects.update(state=state, confirmed_at=AT if state == "confirmed" else None)
        done(
            stores=get_stores(), refund=Refund.objects.select_related("credit__intent").get(), at=AT
        )


@pytest.mark.parametrize("at_once", [False, True])
def test_a_refund_that_comes_back_is_told_each_time(bought, at_once):
    """After "refunded" the buyer hears that it is under way again, and then that it is done; looked
    at after each event or once after all of them, each is told once."""
    placed, _secret = bought
    give_back(stores=get_stores(), order_id=get_order(placed).id, why="by_verdict", at=AT)
    counts = []
    for state, done in (
        ("confirmed", refund_confirmed),
        ("stuck", refund_bounced),
        ("confirmed", refund_confirmed),
    ):
        _move_refund(state, done)
        counts.append(0 if at_once else _plan())
    counts.append(_plan())
    assert counts == ([0, 0, 0, 5] if at_once else [3, 1, 1, 0])
    events = [one.partition(":")[0] for one in Notice.objects.values_list("event", flat=True)]
    assert sorted(events) == ["delivered", "refund_again", "refunded", "refunded", "refunding"]
    text = notice_text(event="refund_again:7", number=placed.number, link="https://example.invalid")
    assert placed.number in text.title and "重新办" in text.title
