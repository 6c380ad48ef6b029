"""What buyers wrote to a merchant, and his answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.core.errors import InputError
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.front.web.pages.market_thread import make_posts
from gongdao.front.worker.desk_tasks import tell_of_post
from gongdao.market.desk_models import Thread
from gongdao.market.desk_states import Side
from gongdao.market.models import ListingVersion
from gongdao.market.thread import (
    LONGEST_POST,
    list_threads,
    post_about_listing,
    post_about_order,
    read_thread,
    see_thread,
)

_PER_PAGE = 25


@require_safe
@desk_page
def threads(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """All threads, the latest first; or those that wait for an answer, the longest first."""
    waiting = request.GET.get("show", "") == "waiting"
    rows = list_threads(merchant_id=desk.merchant.id, unanswered=waiting)
    page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    titles = _titles(found)
    lines = [
        {
            "id": one.id,
            "title": titles.get(one.listing_id, ""),
            "number": one.order.number if one.order else "",
            "posts": one.posts,
            "unseen": one.posts - one.merchant_seen if one.last_by == Side.BUYER else 0,
            "waits": one.last_by == Side.BUYER,
            "at": one.last_at,
        }
        for one in found
    ]
    return show(request, desk, "desk_messages", "messages", page=page, lines=lines, waiting=waiting)


def _titles(found: list[Thread]) -> dict[UUID, str]:
    """What each thread's listing is called now."""
    rows = ListingVersion.objects.filter(listing_id__in=[one.listing_id for one in found])
    newest = rows.order_by("listing_id", "number").values_list("listing_id", "content__title")
    return dict(newest)


@require_http_methods(["GET", "POST"])
@desk_page
def thread(request: HttpRequest, desk: Desk, thread_id: UUID) -> HttpResponseBase:
    """One thread: read, and answered."""
    row = (
        Thread.objects.select_related("order", "listing")
        .filter(id=thread_id, merchant=desk.merchant)
        .first()
    )
    if row is None:
        raise Http404
    return _thread(request, desk, row)


@require_http_methods(["GET", "POST"])
@desk_page
def about_order(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """The thread about an order, which the merchant may begin."""
    order = desk.order(number)
    row = Thread.objects.select_related("order", "listing").filter(order=order).first()
    if row is not None and request.method == "GET":
        return redirect("desk_thread", thread_id=row.id)
    if request.method == "GET":
        return _page(request, desk, None, order=order, listing_id=order.listing_id)
    try:
        row = post_about_order(
            stores=get_stores(),
            order=order,
            side=Side.MERCHANT,
            text=request.POST.get("text", ""),
            by=desk.user_id,
            at=now(),
        )
    except InputError as error:
        return _page(
            request, desk, row, order=order, listing_id=order.listing_id, problem=str(error.reason)
        )
    tell_of_post(row)
    return redirect("desk_thread", thread_id=row.id)


def _thread(request: HttpRequest, desk: Desk, row: Thread) -> HttpResponseBase:
    if request.method == "GET":
        return _page(request, desk, row, order=row.order, listing_id=row.listing_id)
    text: str = request.POST.get("text", "")
    given: dict[str, Any] = {"side": Side.MERCHANT, "text": text, "by": desk.user_id, "at": now()}
    try:
        if row.order is not None:
            row = post_about_order(stores=get_stores(), order=row.order, **given)
        elif row.buyer_id is not None:
            row = post_about_listing(
                stores=get_stores(), listing=row.listing, buyer_id=row.buyer_id, **given
            )
        else:
            return _page(request, desk, row, order=None, listing_id=row.listing_id)
    except InputError as error:
        return _page(
            request,
            desk,
            row,
            order=row.order,
            listing_id=row.listing_id,
            problem=str(error.reason),
        )
    tell_of_post(row)
    return redirect("desk_thread", thread_id=row.id)


def _page(
    request: HttpRequest,
    desk: Desk,
    row: Thread | None,
    *,
    order: Any,
    listing_id: UUID,
    problem: str = "",
) -> HttpResponseBase:
    posts = read_thread(stores=get_stores(), thread=row, at=now()) if row else []
    if row and posts:
        see_thread(thread=row, side=Side.MERCHANT, upto=posts[-1].number)
    title = ListingVersion.objects.filter(listing_id=listing_id).order_by("-number")
    return show(
        request,
        desk,
        "desk_thread",
        "messages",
        status=422 if problem else 200,
        posts=make_posts(posts, Side.MERCHANT),
        order=order,
        title=title.values_list("content__title", flat=True).first() or "",
        can_answer=order is not None or (row is not None and row.buyer_id is not None),
        problem=problem,
        text=request.POST.get("text", "") if problem else "",
        limit=LONGEST_POST,
    )


urlpatterns = [
    path("", threads, name="desk_messages"),
    path("<uuid:thread_id>/", thread, name="desk_thread"),
    path("orders/<str:number>/", about_order, name="desk_order_thread"),
]
