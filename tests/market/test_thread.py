"""The thread between buyer and merchant: sealed, only added, each post a leaf, once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError
from tests.front.web.public_kit import make_user
from tests.market.market_kit import AT, make_shop, order

from gongdao.core.errors import InputError
from gongdao.front.stores import get_stores
from gongdao.log.append import append_leaves
from gongdao.log.life_cycles import IllegalStep
from gongdao.log.models import LogOpening
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.desk_models import Thread, ThreadPost
from gongdao.market.desk_states import Side
from gongdao.market.models import Order
from gongdao.market.thread import (
    LONGEST_POST,
    count_unread,
    post_about_listing,
    post_about_order,
    read_thread,
    see_thread,
)

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "卡充不进去，页面写着已被使用。"


@pytest.fixture
def shop(db):
    """A listing with ten secrets."""
    return make_shop()


@pytest.fixture
def placed(shop):
    """An order that waits for money."""
    return Order.objects.get(number=order(shop).number)


def _write(placed, text, side=Side.BUYER, by=None):
    return post_about_order(stores=get_stores(), order=placed, side=side, text=text, by=by, at=AT)


def _leaves(subject):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT convert_from(entry, 'UTF8') FROM log_entry WHERE subject = %s ORDER BY idx",
            [subject],
        )
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT last_type FROM log_subject WHERE name = %s", [subject])
        return found, cursor.fetchone()[0]


def test_both_sides_write_and_read(placed, shop):
    """Posts come in their order with side and time; unread counts follow what was seen."""
    _write(placed, WORDS)
    _write(placed, "第二句")
    assert count_unread(merchant_id=shop.merchant.id) == (1, 2)
    thread = _write(placed, "马上换一张。", Side.MERCHANT, shop.merchant.reviewer_id)
    posts = read_thread(stores=get_stores(), thread=thread, at=AT)
    assert [(p.number, p.side, p.text) for p in posts] == [
        (1, Side.BUYER, WORDS),
        (2, Side.BUYER, "第二句"),
        (3, Side.MERCHANT, "马上换一张。"),
    ]
    assert count_unread(merchant_id=shop.merchant.id) == (0, 0)
    see_thread(thread=thread, side=Side.BUYER, upto=3)
    see_thread(thread=thread, side=Side.BUYER, upto=1)
    see_thread(thread=thread, side=Side.BUYER, upto=99)
    thread.refresh_from_db()
    assert (thread.buyer_seen, thread.merchant_seen, thread.posts) == (3, 3, 3)


def test_words_lie_sealed_and_the_log_commits_to_them(placed):
    """No table and no leaf holds the words; what opens the commitment is kept sealed."""
    before = LogOpening.objects.count()
    thread = _write(placed, WORDS)
    raw = bytes(ThreadPost.objects.get().sealed)
    assert WORDS.encode() not in raw and "卡".encode() not in raw
    _entries, last = _leaves(thread.log_subject)
    assert last == "thread.posted"
    assert LogOpening.objects.count() == before + 1


def test_the_same_words_twice_are_one_post(placed):
    """A form sent twice writes once; the same words after an answer are another post."""
    thread = _write(placed, WORDS)
    assert _write(placed, f"  {WORDS}\r\n").posts == 1
    _write(placed, "看到了", Side.MERCHANT)
    assert _write(placed, WORDS).posts == 3
    assert ThreadPost.objects.filter(thread=thread).count() == 3


@pytest.mark.parametrize("text", ["", "  \n ", "字" * (LONGEST_POST + 1), "a\0b"])
def test_a_text_that_cannot_be_writes_nothing(placed, text):
    """Empty, too long or with a null: refused with its field, and no thread begins."""
    with pytest.raises(InputError) as refused:
        _write(placed, text)
    assert refused.value.place.field == "text"
    assert not Thread.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE market_threadpost SET side = 'merchant'",
        "DELETE FROM market_threadpost",
    ],
)
def test_the_database_lets_no_post_be_changed(placed, statement):
    """Posts are only added, whoever asks."""
    _write(placed, WORDS)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert ThreadPost.objects.get().side == Side.BUYER


def test_the_log_takes_no_second_beginning(placed):
    """A thread's chain begins once, and ends never."""
    thread = _write(placed, WORDS)
    with pytest.raises(IllegalStep), transaction.atomic():
        leaf = NewLeaf("thread.opened", thread.log_subject, {"about": "x"})
        append_leaves(stores=get_stores(), leaves=[leaf], at=AT)


def test_an_account_asks_about_a_listing(shop):
    """One thread for an account and a listing; the merchant answers, but does not begin."""
    asker, other = make_user("asks@example.invalid"), make_user("other@example.invalid")
    common = {"stores": get_stores(), "listing": shop.listing, "at": AT}
    with pytest.raises(InputError):
        post_about_listing(
            **common, buyer_id=asker.pk, side=Side.MERCHANT, text="您好", by=other.pk
        )
    for user in (asker, other, asker):
        post_about_listing(
            **common, buyer_id=user.pk, side=Side.BUYER, text=f"{user.pk}?", by=user.pk
        )
    answered = post_about_listing(
        **common, buyer_id=asker.pk, side=Side.MERCHANT, text="有货", by=other.pk
    )
    assert answered.posts == 2 and Thread.objects.count() == 2
    assert count_unread(merchant_id=shop.merchant.id) == (1, 1)


def _write_at_once(placed):
    """Eight writers at once; how many of them were refused by the database."""
    start, failed = threading.Barrier(8), []

    def write(n):
        start.wait()
        try:
            _write(placed, f"第 {n} 个")
        except (DatabaseError, IllegalStep) as error:
            failed.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    return len(failed)


def test_writers_at_once_lose_nothing(placed):
    """Eight at once: eight posts, numbered without gaps, one thread, one chain."""
    assert _write_at_once(placed) == 0
    thread = Thread.objects.get()
    numbers = list(thread.written.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 9)) and thread.posts == 8


def test_without_the_locks_posts_would_be_lost(placed, monkeypatch):
    """The control: with the rows not locked, the database has to refuse some of the eight."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **given: rows)
    assert _write_at_once(placed) > 0
    assert Thread.objects.get().written.count() < 8
