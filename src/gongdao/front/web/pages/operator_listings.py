"""Prices far under the market, on the operator's desk: approved or refused with words that the
merchant reads; beside them the listings that the catalogue paused."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import page_of, say_error
from gongdao.front.worker.merchant_tasks import tell_of_review
from gongdao.market.models import ListingReview
from gongdao.market.review_listing import (
    PRICES,
    decide_price_review,
    open_reviews,
    price_asked,
)
from gongdao.market.states import ReviewCode, ReviewState, Role

_WORDS = {one.value: one for one in (ReviewState.ACCEPTED, ReviewState.REFUSED)}
_MOST_PAUSED = 50


@require_safe
@desk_page()
def listings(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Prices that wait for a word, the oldest first; what the catalogue paused."""
    page = page_of(request, open_reviews(*PRICES))
    context = {
        "page": page,
        "cards": [
            {"row": one, "gap": price_asked(one), "link": one.link} for one in page.object_list
        ],
        "paused": open_reviews(ReviewCode.PROHIBITED)[:_MOST_PAUSED],
        "may": desk.may(Role.REVIEWER),
        "here": "operator",
        "part": "merchants",
    }
    return render(request, "pages/operator_listings.html", context)


@require_POST
@desk_page(Role.REVIEWER)
def decide(request: HttpRequest, desk: Desk, review_id: int) -> HttpResponseBase:
    """Approve a price or refuse it; the deed notes itself, and the merchant is told."""
    word = _WORDS.get(request.POST.get("word", ""))
    if word is None:
        raise Http404
    reason = request.POST.get("reason", "")
    try:
        done = decide_price_review(
            review_id=review_id, word=word, reason=reason, by=desk.by, at=desk.at
        )
    except InputError as error:
        messages.error(request, say_error(error))
        return redirect("operator_listings")
    if done:
        tell_of_review(ListingReview.objects.select_related("listing__merchant").get(id=review_id))
        messages.success(request, _("已记下，商家看得到您的话。"))
    else:
        messages.info(request, _("这一件已经有人看过，或商家改了价格。没有再记。"))
    return redirect("operator_listings")


urlpatterns = [
    path("listings/", listings, name="operator_listings"),
    path("listings/<int:review_id>/", decide, name="operator_listing_decide"),
]
