"""The merchant's desk: what waits for him, and the way to everything else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path
from django.views.decorators.http import require_POST, require_safe

from gongdao.front.clock import now
from gongdao.front.web.market_order_view import make_lines
from gongdao.front.web.market_words import say_moment
from gongdao.front.web.pages.desk_access import Desk, choose_desk, desk_page, show
from gongdao.ledger.queries import find_merchant_money
from gongdao.market.check_seller import find_obstacles
from gongdao.market.desk_orders import count_waiting, find_orders
from gongdao.market.models import ListingVersion
from gongdao.market.states import ListingState, OrderState
from gongdao.market.thread import count_unread
from gongdao.vault.queries import count_available

LOW_STOCK = 10
"""Fewer secrets than this on the shelf of what is on offer are worth a word."""
_SHOWN = 5
_MOST_LISTINGS = 500


@require_safe
@desk_page
def overview(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Orders by their promise, low stock, unanswered messages, money."""
    at = now()
    paid = list(find_orders(merchant_id=desk.merchant.id, state=OrderState.PAID)[:_SHOWN])
    waiting_threads, unseen = count_unread(merchant_id=desk.merchant.id)
    return show(
        request,
        desk,
        "desk",
        "overview",
        waiting=count_waiting(merchant_id=desk.merchant.id, at=at),
        orders=[
            {"line": line, "by": say_moment(row.promise_by, at), "late": row.promise_by < at}
            for line, row in zip(make_lines(paid), paid, strict=True)
        ],
        low=low_stock(desk.merchant.id),
        obstacles=find_obstacles(desk.merchant, at=at),
        waiting_threads=waiting_threads,
        unseen=unseen,
        money=find_merchant_money(merchant=desk.owner),
    )


def low_stock(merchant_id: UUID) -> list[dict[str, Any]]:
    """What is on offer with few or no secrets left, the fewest first."""
    rows = ListingVersion.objects.filter(
        listing__merchant_id=merchant_id,
        listing__state=ListingState.PUBLISHED,
        listing__sku_id__isnull=False,
        number=F("listing__version"),
        content__delivery="secret",
    )
    found = [
        (listing, sku, title)
        for listing, sku, title in rows.values_list(
            "listing_id", "listing__sku_id", "content__title"
        )[:_MOST_LISTINGS]
        if sku is not None
    ]
    counted = count_available([sku for _id, sku, _title in found], most=LOW_STOCK) if found else {}
    low = [
        {"id": listing, "title": title, "left": counted.get(sku, 0)}
        for listing, sku, title in found
        if counted.get(sku, 0) < LOW_STOCK
    ]
    return sorted(low, key=lambda one: one["left"])


@require_POST
@desk_page
def switch(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Sit down at the desk of another merchant of one's own."""
    choose_desk(request, desk, request.POST.get("merchant", ""))
    return redirect("desk")


urlpatterns = [
    path("", overview, name="desk"),
    path("switch/", switch, name="desk_switch"),
    path("listings/", include("gongdao.front.web.pages.desk_listings")),
    path("listings/", include("gongdao.front.web.pages.desk_supply")),
    path("stock/", include("gongdao.front.web.pages.desk_stock")),
    path("orders/", include("gongdao.front.web.pages.desk_orders")),
    path("money/", include("gongdao.front.web.pages.desk_money")),
    path("messages/", include("gongdao.front.web.pages.desk_messages")),
]
