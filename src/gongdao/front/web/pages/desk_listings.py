"""A merchant's listings: written, judged, looked at as a buyer sees them, published, taken off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.clock import beijing
from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_view import (
    MOST_STOCK,
    make_blocks,
    make_tiers,
    merchant_rows,
    price_rows,
    promised_by,
    say_compared,
    say_permyriad,
    say_stock,
)
from gongdao.front.web.market_words import KIND_NAMES
from gongdao.front.web.moved_words import old_words
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.front.web.pages.desk_listing_form import ListingForm
from gongdao.front.web.pages.desk_words import LISTING_SHAPES, LISTING_STATES
from gongdao.ledger.queries import find_merchant_money
from gongdao.market.check_seller import find_obstacles
from gongdao.market.draft_listing import (
    drop_draft,
    judge_draft,
    keep_proof,
    read_draft,
    save_draft,
    take_off,
)
from gongdao.market.limits import market_fee
from gongdao.market.merchant_facts import get_merchant_facts
from gongdao.market.models import Listing
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.price_history import get_price_history, judge_shown_price
from gongdao.market.publish_listing import draft_listing, publish_listing
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.review_listing import ask_price_review, open_reviews_of, price_asked
from gongdao.market.review_official import ask_official_review
from gongdao.market.shown import find_shown
from gongdao.market.states import ListingState, ReviewCode
from gongdao.vault.queries import count_available

_PER_PAGE = 30
_MOST_LISTINGS = 2000


@require_safe
@desk_page
def listings(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """All listings of the merchant, newest first."""
    rows = Listing.objects.filter(merchant=desk.merchant).select_related("draft")
    page = Paginator(rows.order_by("-created_at", "-id"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    found = list(page.object_list)
    skus = [one.sku_id for one in found if one.sku_id]
    counted = count_available(skus, most=MOST_STOCK) if skus else {}
    cards = [_card(one, counted) for one in found]
    return show(request, desk, "desk_listings", "listings", page=page, cards=cards)


def _card(row: Listing, counted: dict[UUID, int]) -> dict[str, Any]:
    offer = find_shown(row.id, row.version).offer if row.version else None
    state = ListingState(row.state)
    draft = getattr(row, "draft", None)
    title = offer.title if offer else (draft.fields.get("title", "") if draft else "")
    by_vault = offer.delivery is Delivery.SECRET if offer else row.sku_id is not None
    return {
        "id": row.id,
        "title": title or _("还没有标题"),
        "price": offer.price if offer else None,
        "state": translated(LISTING_STATES[state]),
        "shape": LISTING_SHAPES[state],
        "version": row.version,
        "draft": draft is not None and row.version > 0,
        "stock": say_stock(counted.get(row.sku_id, 0)) if by_vault and row.sku_id else "",
    }


@require_POST
@desk_page
def new(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Begin a listing; nothing is on offer before it is published."""
    if Listing.objects.filter(merchant=desk.merchant).count() >= _MOST_LISTINGS:
        messages.warning(request, _("商品太多了，先用已有的草稿。"))
        return redirect("desk_listings")
    row = draft_listing(merchant_id=desk.merchant.id, sku_id=None, at=now())
    desk.note("listing.drafted", "listing", row.id)
    return redirect("desk_listing", listing_id=row.id)


@require_http_methods(["GET", "POST"])
@desk_page
def listing(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """The form of a listing. What is sent is kept as a draft whatever is missing; the page says all
    that is, each with its field."""
    row = desk.listing(listing_id)
    if request.method == "GET":
        return _show_form(request, desk, row, ListingForm(initial=read_draft(row)))
    form = ListingForm(request.POST, request.FILES)
    fields = form.typed()
    kept = read_draft(row).get("source_proof", "")
    fields["source_proof"], problem = _proof(request, desk, kept)
    save_draft(listing=row, fields=fields, by=desk.user_id, at=now())
    _offer, missing = judge_draft(listing=row, fields=fields, at=now())
    if problem or missing:
        form.say_missing(missing, proof=problem)
        return _show_form(request, desk, row, form, kept=fields, status=422)
    messages.success(request, _("草稿存好了，什么都不缺。先看看买家会看到什么，再上架。"))
    return redirect("desk_listing_preview", listing_id=row.id)


def _proof(request: HttpRequest, desk: Desk, kept: str) -> tuple[str, str]:
    """The name of the proof (the one sent, else the one kept), and why what was sent is none."""
    sent: Any = request.FILES.get("proof")
    if sent is None:
        return kept, ""
    try:
        named = keep_proof(
            stores=get_stores(),
            merchant_id=desk.merchant.id,
            data=sent.read(),
            by=desk.user_id,
            at=now(),
        )
    except InputError as error:
        return kept, str(error.reason)
    return named, ""


def _show_form(
    request: HttpRequest,
    desk: Desk,
    row: Listing,
    form: ListingForm,
    *,
    kept: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponseBase:
    fields = kept if kept is not None else read_draft(row)
    _offer, missing = judge_draft(listing=row, fields=fields, at=now())
    return show(
        request,
        desk,
        "desk_listing",
        "listings",
        status=status,
        listing=row,
        form=form,
        groups=form.groups(),
        missing=form.name_missing(missing),
        obstacles=find_obstacles(desk.merchant, at=now()),
        moved=old_words(row),
        has_proof=bool(fields.get("source_proof")),
        proof_name=fields.get("source_proof", ""),
        card=_card(row, {}),
        saved_at=getattr(getattr(row, "draft", None), "saved_at", None),
        on_offer=row.state == ListingState.PUBLISHED,
        reviews=_reviews(row),
        fee=say_permyriad(market_fee(beijing(now()).date())),
    )


def _reviews(row: Listing) -> dict[str, Any]:
    """What the platform looks at: the catalogue's word, and a price with what it is compared to."""
    found = open_reviews_of(row.id)
    told: dict[str, Any] = {"prohibited": ReviewCode.PROHIBITED in found}
    if (asked := found.get(ReviewCode.FAR_BELOW)) is not None:
        told["far_below"] = price_asked(asked)
    if (asked := found.get(ReviewCode.OFFICIAL)) is not None:
        told["official"] = {"price": Money(asked.market_minor or 0, asked.currency)}
    return told


@require_safe
@desk_page
def preview(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """The draft exactly as a buyer would see it now."""
    row = desk.listing(listing_id)
    offer, missing = judge_draft(listing=row, fields=read_draft(row), at=now())
    offer = replace(offer, title=offer.title or _("还没有标题"))
    return show(
        request,
        desk,
        "desk_preview",
        "listings",
        missing=ListingForm().name_missing(missing),
        obstacles=find_obstacles(desk.merchant, at=now()),
        **_as_buyer(desk, row, offer),
    )


def _as_buyer(desk: Desk, row: Listing, offer: Offer) -> dict[str, Any]:
    at, merchant = now(), desk.merchant
    history = get_price_history(listing_id=row.id, merchant_id=merchant.id, at=at)
    verdict = judge_shown_price(offer, history, at)
    prices, days = price_rows(history)
    facts = get_merchant_facts(merchant_id=merchant.id, at=at)
    stock = None
    if offer.delivery is Delivery.SECRET:
        skus = [row.sku_id] if row.sku_id else []
        stock = count_available(skus, most=MOST_STOCK).get(skus[0], 0) if skus else 0
    return {
        "listing": row,
        "offer": offer,
        "is_test": offer.kind is GoodsKind.TEST_CARD,
        "kind": translated(KIND_NAMES[offer.kind]),
        "by": promised_by(offer, at),
        "stock": say_stock(stock),
        "closed": "sold_out" if stock == 0 else "",
        "compared": offer.compared_price if verdict and verdict.allowed else None,
        "compared_with": say_compared(offer),
        "support": verdict.support.value if verdict and verdict.allowed else "",
        "tiers": make_tiers(offer),
        "blocks": make_blocks(offer, at),
        "prices": prices,
        "days": days,
        "merchant_rows": merchant_rows(facts, merchant.admitted_at, at),
        "deposit": find_merchant_money(merchant=desk.owner).deposit,
    }


@require_POST
@desk_page
def publish(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """Put the draft on offer as the next version; refused with every reason."""
    row = desk.listing(listing_id)
    fields = read_draft(row)
    offer, missing = judge_draft(listing=row, fields=fields, at=now())
    form = ListingForm(initial=fields)
    if missing:
        form = ListingForm(fields)
        form.say_missing(missing)
        return _show_form(request, desk, row, form, kept=fields, status=422)
    try:
        version = publish_listing(stores=get_stores(), listing_id=row.id, offer=offer, at=now())
    except PriceUnderReview as error:
        asked = ask_price_review(listing_id=row.id, offer=offer, at=now())
        official = ask_official_review(listing_id=row.id, offer=offer, at=now())
        if asked is not None or official is not None:
            desk.note("listing.asked", "listing", row.id)
        messages.info(request, str(error))
        return redirect("desk_listing", listing_id=row.id)
    except GongdaoError as error:
        said = _say(error)
        form = ListingForm(fields)
        form.say_missing(())
        form.add_error(None, said)
        return _show_form(request, desk, row, form, kept=fields, status=422)
    drop_draft(row)
    desk.note("listing.published", "listing", row.id)
    said = _("上架了，第 {n} 版。已下的订单仍以下单时的内容为准。").format(n=version.number)
    messages.success(request, said)
    return redirect("desk_listings")


def _say(error: GongdaoError) -> str:
    """Why it was refused, and what to do."""
    if not isinstance(error, InputError):
        return str(error)
    return f"{error.reason}{error.hint or ''}"


@require_http_methods(["GET", "POST"])
@desk_page
def off(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """Take a listing off, after a confirmation."""
    row = desk.listing(listing_id)
    if request.method == "GET" and row.state == ListingState.PUBLISHED:
        title = find_shown(row.id, row.version).offer.title
        return show(request, desk, "desk_off", "listings", listing=row, title=title)
    if request.method == "POST" and take_off(stores=get_stores(), listing_id=row.id, at=now()):
        desk.note("listing.withdrawn", "listing", row.id)
        messages.success(request, _("下架了。已下的订单照常处理；再上架就是新的一版。"))
    return redirect("desk_listings")


@require_POST
@desk_page
def drop(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """Forget the draft of what is published."""
    row = desk.listing(listing_id)
    if row.version and drop_draft(row):
        messages.success(request, _("草稿丢掉了，现在显示的是上架的内容。"))
    return redirect("desk_listing", listing_id=row.id)


urlpatterns = [
    path("", listings, name="desk_listings"),
    path("new/", new, name="desk_listing_new"),
    path("<uuid:listing_id>/", listing, name="desk_listing"),
    path("<uuid:listing_id>/preview/", preview, name="desk_listing_preview"),
    path("<uuid:listing_id>/publish/", publish, name="desk_listing_publish"),
    path("<uuid:listing_id>/off/", off, name="desk_listing_off"),
    path("<uuid:listing_id>/drop/", drop, name="desk_listing_drop"),
]
