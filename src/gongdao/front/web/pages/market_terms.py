"""The terms of trade: the version in force, those before it, and a merchant's acceptance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import TermsOutdated
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.front.clock import now
from gongdao.market.models import MerchantMember
from gongdao.market.staff import Actor, note_deed
from gongdao.market.terms import (
    accept_terms,
    find_acceptance,
    find_terms,
    list_terms,
    terms_number,
)
from gongdao.rules.model import Terms
from gongdao.rules.queries import digest_of


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """The version that is accepted with an order today."""
    return _show(request, terms_number(now()))


@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version, whether it is in force or was."""
    return _show(request, number)


def _show(request: HttpRequest, number: int) -> HttpResponse:
    found = find_terms(number)
    if found is None:
        raise Http404
    at = now()
    in_force = terms_number(at)
    context = {
        "terms": found,
        "parts": _parts(found),
        "changes": found.changes if language() == "zh" else found.changes_en,
        "digest": digest_of(found),
        "in_force": in_force,
        "others": [one for one in list_terms() if one.version != number],
        "merchants": _merchants(request, number) if number == in_force else [],
        "here": "market",
    }
    return render(request, "pages/market_terms.html", context)


def _parts(found: Terms) -> list[dict[str, Any]]:
    if language() == "zh":
        return [{"heading": one.heading, "points": one.points} for one in found.parts]
    return [{"heading": one.heading_en, "points": one.points_en} for one in found.parts]


def _merchants(request: HttpRequest, number: int) -> list[dict[str, Any]]:
    """The merchants for whom this visitor may accept, and whether they did."""
    if not request.user.is_authenticated:
        return []
    rows = MerchantMember.objects.filter(user_id=request.user.pk).select_related("merchant")
    return [
        {
            "merchant": row.merchant,
            "accepted": find_acceptance(merchant_id=row.merchant_id, number=number),
        }
        for row in rows.order_by("merchant__display_name")
    ]


@login_required
@require_POST
def accept(request: HttpRequest, merchant_id: UUID) -> HttpResponseBase:
    """A member accepts the version that he was shown, for his merchant."""
    user: Any = request.user
    if not MerchantMember.objects.filter(merchant_id=merchant_id, user_id=user.pk).exists():
        raise Http404
    posted = request.POST.get("number", "")
    number, at = int(posted) if posted.isascii() and posted.isdigit() else 0, now()
    try:
        with transaction.atomic():
            if accept_terms(merchant_id=merchant_id, number=number, by=user.pk, at=at):
                note_deed(
                    by=Actor(user.pk, user.email),
                    deed="terms.accept",
                    about=("merchant", str(merchant_id)),
                    reason=str(number),
                    at=at,
                )
    except TermsOutdated as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("已接受交易条款第 {n} 版。").format(n=number))
    return redirect("market_terms")


urlpatterns = [
    path("terms/", terms, name="market_terms"),
    path("terms/<int:number>/", version, name="market_terms_version"),
    path("terms/accept/<uuid:merchant_id>/", accept, name="market_terms_accept"),
]
