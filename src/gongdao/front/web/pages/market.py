"""The shop front: what is on offer, a listing with its disclosure, a merchant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.core.language import translated
from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.gateways import get_gateways
from gongdao.front.web.market_view import (
    MOST_STOCK,
    make_blocks,
    make_card,
    make_tiers,
    merchant_rows,
    price_rows,
    promised_by,
    say_compared,
    say_stock,
    stock_of,
)
from gongdao.front.web.market_words import KIND_NAMES, category_name
from gongdao.ledger.queries import find_merchant_money
from gongdao.market.find_listings import (
    Listed,
    Search,
    Sorting,
    count_categories,
    find_listing,
    find_versions,
    read_listed,
)
from gongdao.market.merchant_facts import get_merchant_facts
from gongdao.market.models import Listing, Merchant
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.price_history import get_price_history, judge_shown_price
from gongdao.market.shown import find_shown
from gongdao.market.states import ListingState, MerchantState
from gongdao.vault.queries import count_available

_PER_PAGE = 24
_LONGEST_TEXT = 100


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What is on offer, found by words, kind and category."""
    search = _search(request)
    context = {
        **_page_of(request, search),
        "search": search,
        "kinds": [(kind.value, translated(KIND_NAMES[kind])) for kind in GoodsKind],
        "categories": [
            (code, category_name(code), count) for code, count in count_categories() if code
        ],
        "here": "market",
    }
    return render(request, "pages/market.html", context)


def _search(request: HttpRequest, merchant: UUID | None = None) -> Search:
    """What is asked for in the address; what is no code of ours means any."""
    asked = request.GET
    kind = asked.get("kind", "")
    sorting = asked.get("sort", "")
    return Search(
        text=asked.get("q", "").replace("\0", "")[:_LONGEST_TEXT].strip(),
        category=asked.get("category", "").replace("\0", "")[:_LONGEST_TEXT],
        kind=GoodsKind(kind) if kind in list(GoodsKind) else None,
        merchant_id=merchant,
        sorting=Sorting(sorting) if sorting in list(Sorting) else Sorting.NEWEST,
    )


def _page_of(request: HttpRequest, search: Search) -> dict[str, Any]:
    page = Paginator(find_versions(search), _PER_PAGE).get_page(request.GET.get("page"))
    listed, at = read_listed(list(page.object_list)), now()
    cards = [
        make_card(one, stock, at)
        for one, stock in zip(listed, stock_of(listed, _count(listed)), strict=True)
    ]
    return {"page": page, "cards": cards, "at": at}


def _count(listed: list[Listed]) -> dict[UUID, int]:
    skus = [one.sku_id for one in listed if one.sku_id]
    return count_available(skus, most=MOST_STOCK) if skus else {}


@require_safe
def listing(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """One listing: everything it has to disclose, its merchant, its prices, and the way to buy."""
    found = find_listing(listing_id)
    if found is None:
        raise Http404
    at = now()
    offer = find_shown(found.id, found.version).offer
    stock = stock_left(found, offer)
    history = get_price_history(listing_id=found.id, merchant_id=found.merchant_id, at=at)
    verdict = judge_shown_price(offer, history, at)
    prices, days = price_rows(history)
    context = {
        "listing": found,
        "offer": offer,
        "is_test": offer.kind is GoodsKind.TEST_CARD,
        "kind": translated(KIND_NAMES[offer.kind]),
        "by": promised_by(offer, at),
        "stock": say_stock(stock),
        "closed": why_closed(found, offer, stock),
        "compared": offer.compared_price if verdict and verdict.allowed else None,
        "compared_with": say_compared(offer),
        "support": verdict.support.value if verdict and verdict.allowed else "",
        "tiers": make_tiers(offer),
        "blocks": make_blocks(offer, at),
        "prices": prices,
        "days": days,
        **_about_merchant(found.merchant, at),
        "here": "market",
    }
    return render(request, "pages/market_listing.html", context)


def stock_left(found: Listing, offer: Offer) -> int | None:
    """How many can be bought now; None where nothing is kept in stock."""
    if offer.delivery is not Delivery.SECRET:
        return None
    if found.sku_id is None:
        return 0
    return count_available([found.sku_id], most=MOST_STOCK).get(found.sku_id, 0)


def why_closed(found: Listing, offer: Offer, stock: int | None) -> str:
    """Why nothing can be ordered now, as a code; empty where it can."""
    if found.state != ListingState.PUBLISHED or found.merchant.state != MerchantState.ACTIVE:
        return "off"
    if stock == 0:
        return "sold_out"
    if not promised_by(offer, now()):
        return "no_hours"
    return "" if get_gateways() else "no_gateway"


def _about_merchant(merchant: Merchant, at: Any) -> dict[str, Any]:
    facts = get_merchant_facts(merchant_id=merchant.id, at=at)
    money = find_merchant_money(merchant=SubjectRef("merchant", merchant.id))
    rows = merchant_rows(facts, merchant.admitted_at, at)
    return {"merchant": merchant, "merchant_rows": rows, "deposit": money.deposit}


@require_safe
def merchant(request: HttpRequest, merchant_id: UUID) -> HttpResponse:
    """A merchant: what is known of him, and what he offers."""
    found = Merchant.objects.filter(id=merchant_id).first()
    if found is None:
        raise Http404
    context = {
        **_page_of(request, _search(request, found.id)),
        **_about_merchant(found, now()),
        "active": found.state == MerchantState.ACTIVE,
        "here": "market",
    }
    return render(request, "pages/market_merchant.html", context)


urlpatterns = [
    path("", front, name="market"),
    path("merchants/<uuid:merchant_id>/", merchant, name="market_merchant"),
    path("<uuid:listing_id>/", listing, name="market_listing"),
]
