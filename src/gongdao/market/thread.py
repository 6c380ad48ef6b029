"""The thread between buyer and merchant (A21): about one order, or about a listing before it.

What is written lies sealed under the market's key and is only added. Each post is a leaf of the
thread's own chain in the public log, which commits to the words and tells nothing of them: whoever
is given the opening can check that this was written, by which side, and when.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.market.desk_models import Thread, ThreadPost
from gongdao.market.desk_states import Side
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Listing, Order

LONGEST_POST = 2000
"""Signs."""
MOST_POSTS = 500
"""In one thread; a talk that long needs somebody else to look at it."""


@dataclass(frozen=True)
class Post:
    """One post in the clear."""

    number: int
    side: Side
    text: str = field(repr=False)
    at: datetime


def post_about_order(
    *, stores: Stores, order: Order, side: Side, text: str, by: UUID | None, at: datetime
) -> Thread:
    """Write into the thread of ``order``, which is made with its first post. Whoever calls has
    proved to be that side. Raise InputError for a text that cannot be.

    The same side's same words again, right behind each other, are one post: a form sent twice.
    """
    text = _check(text)
    with transaction.atomic():
        Order.objects.select_for_update().get(id=order.id)
        thread = Thread.objects.filter(order_id=order.id).first()
        if thread is None:
            listing = Listing.objects.get(id=order.listing_id)
            thread = _make(listing, order, None, side, at)
            about = order.log_subject
        else:
            about = ""
        return _add(stores, thread, about, side, text, by, at)


def post_about_listing(
    *,
    stores: Stores,
    listing: Listing,
    buyer_id: UUID,
    side: Side,
    text: str,
    by: UUID,
    at: datetime,
) -> Thread:
    """Write into the thread of the account ``buyer_id`` about ``listing``; see `post_about_order`.
    A merchant only answers: InputError where nobody asked."""
    text = _check(text)
    with transaction.atomic():
        found = Thread.objects.filter(listing=listing, buyer_id=buyer_id, order=None).first()
        if found is not None:
            return _add(stores, found, "", side, text, by, at)
        if side is Side.MERCHANT:
            raise InputError(Phrase("还没有人问过，不能先发消息。"), field="text")
    try:
        with transaction.atomic():
            made = _make(listing, None, buyer_id, side, at)
            return _add(stores, made, listing.log_subject, side, text, by, at)
    except IntegrityError:  # the same account asked at the same moment
        found = Thread.objects.get(listing=listing, buyer_id=buyer_id, order=None)
        with transaction.atomic():
            return _add(stores, found, "", side, text, by, at)


def _check(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise InputError(Phrase("请写点什么再发。"), field="text")
    if len(text) > LONGEST_POST or "\0" in text:
        raise InputError(Phrase("最多 {most} 个字", most=LONGEST_POST), field="text")
    return text


def _make(
    listing: Listing, order: Order | None, buyer_id: UUID | None, side: Side, at: datetime
) -> Thread:
    return Thread.objects.create(
        id=new_id(at),
        merchant_id=listing.merchant_id,
        listing=listing,
        order=order,
        buyer_id=buyer_id,
        last_by=side,
        made_at=at,
        last_at=at,
        log_subject=new_subject("thread"),
    )


def _add(
    stores: Stores, thread: Thread, about: str, side: Side, text: str, by: UUID | None, at: datetime
) -> Thread:
    """Add one post. ``about`` names, for the first one, what the thread is about. The thread's row
    is locked first, its chain in the log after it."""
    row = Thread.objects.select_for_update().get(id=thread.id)
    keys = order_keys(stores, at)
    last = row.written.order_by("-number").first()
    if last is not None and last.side == side and _open(keys, last).text == text:
        return row
    if row.posts >= MOST_POSTS:
        raise InputError(
            Phrase("这里已经有 {most} 条消息，不能再加。", most=MOST_POSTS), field="text"
        )
    number = row.posts + 1
    plain = json.dumps({"text": text}, ensure_ascii=False).encode()
    ThreadPost.objects.create(
        thread=row,
        number=number,
        side=side,
        by_id=by,
        sealed=keys.seal(_seal_id(row.id, number), plain),
        at=at,
    )
    row.posts, row.last_by, row.last_at = number, side, at
    if side is Side.BUYER:
        row.buyer_seen = number
    else:
        row.merchant_seen = number
    row.save(update_fields=["posts", "last_by", "last_at", "buyer_seen", "merchant_seen"])
    leaves = [NewLeaf("thread.opened", row.log_subject, {"about": about})] if about else []
    said = {"told": sha256(plain).hexdigest()}
    leaves.append(NewLeaf("thread.posted", row.log_subject, {"side": side.value}, secret=said))
    append_leaves(stores=stores, leaves=leaves, at=at)
    return row


def read_thread(*, stores: Stores, thread: Thread, at: datetime) -> list[Post]:
    """Every post, in the order of writing."""
    keys = order_keys(stores, at)
    return [_open(keys, row) for row in thread.written.order_by("number")]


def _open(keys: OrderKeys, row: ThreadPost) -> Post:
    if not row.sealed:
        return Post(row.number, Side(row.side), _("（保存期限到了，内容已删除）"), row.at)
    plain = json.loads(keys.open(_seal_id(row.thread_id, row.number), bytes(row.sealed)))
    return Post(row.number, Side(row.side), plain["text"], row.at)


def _seal_id(thread_id: UUID, number: int) -> UUID:
    return uuid5(thread_id, f"post/{number}")


def see_thread(*, thread: Thread, side: Side, upto: int) -> None:
    """Note that ``side`` was shown the posts up to number ``upto``; never fewer than before."""
    name = "buyer_seen" if side is Side.BUYER else "merchant_seen"
    behind = Thread.objects.filter(id=thread.id, posts__gte=upto, **{f"{name}__lt": upto})
    behind.update(**{name: upto})


def find_thread_of_order(order_id: UUID) -> Thread | None:
    """The thread about an order, if anybody has written."""
    return Thread.objects.filter(order_id=order_id).first()


def list_threads(*, merchant_id: UUID, unanswered: bool = False) -> QuerySet[Thread]:
    """A merchant's threads, the latest first; those that wait for his answer, the longest first."""
    rows = Thread.objects.filter(merchant_id=merchant_id).select_related("order", "listing")
    if unanswered:
        return rows.filter(last_by=Side.BUYER).order_by("last_at", "id")
    return rows.order_by("-last_at", "-id")


def count_unread(*, merchant_id: UUID) -> tuple[int, int]:
    """Of a merchant: threads that wait for an answer, and posts that nobody of his has seen."""
    waiting = Thread.objects.filter(merchant_id=merchant_id, last_by=Side.BUYER)
    rows = waiting.annotate(unseen=F("posts") - F("merchant_seen")).values_list("unseen", flat=True)
    unseen: Sequence[int] = list(rows)
    return len(unseen), sum(unseen)
