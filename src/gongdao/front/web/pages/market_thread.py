"""The buyer's side of the thread with a merchant: about an order, or a question about a listing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_access import buyer_id, order_page, private
from gongdao.front.worker.desk_tasks import tell_of_post
from gongdao.market.desk_models import Thread
from gongdao.market.desk_states import Side
from gongdao.market.find_listings import find_listing
from gongdao.market.models import Merchant, Order
from gongdao.market.shown import find_shown
from gongdao.market.thread import (
    LONGEST_POST,
    Post,
    find_thread_of_order,
    post_about_listing,
    post_about_order,
    read_thread,
    see_thread,
)

POSTS = Limit("market-post", 30, timedelta(hours=1))
"""How much a buyer may write in one thread."""


def make_posts(posts: Sequence[Post], side: Side) -> list[dict[str, Any]]:
    """The posts as ``side`` sees them."""
    names = {Side.BUYER: _("买家"), Side.MERCHANT: _("商家")}
    own = _("您")
    return [
        {
            "number": one.number,
            "who": own if one.side is side else names[one.side],
            "own": one.side is side,
            "text": one.text,
            "at": one.at,
        }
        for one in posts
    ]


@require_http_methods(["GET", "POST"])
@order_page
def about_order(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The thread about an order, for whoever opened it with its code or ordered by account."""
    title = find_shown(order.listing_id, order.listing_version).offer.title
    where: dict[str, Any] = {"order": order, "title": title, "merchant": _merchant(order)}
    if request.method == "GET":
        return _page(request, find_thread_of_order(order.id), where)
    try:
        count_attempt(stores=get_stores(), limit=POSTS, who=order.number, at=now())
        row = post_about_order(
            stores=get_stores(),
            order=order,
            side=Side.BUYER,
            text=request.POST.get("text", ""),
            by=buyer_id(request),
            at=now(),
        )
    except InputError as error:
        return _page(request, find_thread_of_order(order.id), where, problem=str(error.reason))
    tell_of_post(row)
    messages.success(request, _("发出去了。写了什么、什么时候写的，两边都改不了。"))
    return redirect("market_thread", number=order.number)


def _merchant(order: Order) -> str:
    rows = Merchant.objects.filter(id=order.merchant_id)
    return str(rows.values_list("display_name", flat=True).get())


@login_required
@require_http_methods(["GET", "POST"])
def about_listing(request: HttpRequest, listing_id: UUID) -> HttpResponseBase:
    """A question about a listing, from an account: its answer needs somewhere to go."""
    listing = find_listing(listing_id)
    user_id = buyer_id(request)
    if listing is None or user_id is None:
        raise Http404
    where = {
        "listing": listing,
        "title": find_shown(listing.id, listing.version).offer.title,
        "merchant": listing.merchant.display_name,
    }
    found = Thread.objects.filter(listing=listing, buyer_id=user_id, order=None).first()
    if request.method == "GET":
        return private(_page(request, found, where))
    try:
        count_attempt(stores=get_stores(), limit=POSTS, who=f"account:{user_id}", at=now())
        row = post_about_listing(
            stores=get_stores(),
            listing=listing,
            buyer_id=user_id,
            side=Side.BUYER,
            text=request.POST.get("text", ""),
            by=user_id,
            at=now(),
        )
    except InputError as error:
        return private(_page(request, found, where, problem=str(error.reason)))
    tell_of_post(row)
    messages.success(request, _("发出去了。商家回答后，这一页会显示。"))
    return redirect("market_question", listing_id=listing.id)


def _page(
    request: HttpRequest, thread: Thread | None, where: dict[str, Any], *, problem: str = ""
) -> HttpResponseBase:
    posts = read_thread(stores=get_stores(), thread=thread, at=now()) if thread else []
    if thread and posts:
        see_thread(thread=thread, side=Side.BUYER, upto=posts[-1].number)
    context = {
        **where,
        "posts": make_posts(posts, Side.BUYER),
        "problem": problem,
        "text": request.POST.get("text", "") if problem else "",
        "limit": LONGEST_POST,
        "here": "orders" if "order" in where else "market",
    }
    return render(request, "pages/market_thread.html", context, status=422 if problem else 200)


urlpatterns = [
    path("<str:number>/messages/", about_order, name="market_thread"),
    path("questions/<uuid:listing_id>/", about_listing, name="market_question"),
]
