"""The papers that show where goods come from, on the operator's desk: opened with a reason, then
accepted or refused with words that the merchant reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_queues import unread_proofs
from gongdao.front.web.operator_view import do_deed, page_of, say_error
from gongdao.market.desk_models import SourceProof
from gongdao.market.models import Listing, ListingVersion
from gongdao.market.review_proof import ProofWord, open_proof, review_proof, reviews_of
from gongdao.market.states import Role
from gongdao.market.vetting_models import StaffDeed

_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@require_safe
@desk_page()
def proofs(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Papers of which nobody has spoken, the oldest first; or all of them, the newest first."""
    every = request.GET.get("all") == "yes"
    rows: QuerySet[SourceProof] = unread_proofs()
    if every:
        rows = SourceProof.objects.select_related("merchant").order_by("-at")
    page = page_of(request, rows.defer("sealed"))
    context = {
        "page": page,
        "cards": _cards(list(page.object_list), desk),
        "all": every,
        "may": desk.may(Role.REVIEWER),
        "here": "operator",
        "part": "merchants",
    }
    return render(request, "pages/operator_proofs.html", context)


def _cards(rows: list[SourceProof], desk: Desk) -> list[dict[str, Any]]:
    said = reviews_of([one.id for one in rows])
    titles = _titles(rows)
    looks = StaffDeed.objects.filter(
        deed="proof.look",
        about_kind="proof",
        about_id__in=[str(one.id) for one in rows],
        who=desk.by.id,
    )
    looked = set(looks.values_list("about_id", flat=True))
    return [
        {
            "row": one,
            "said": said.get(one.id),
            "accepted": one.id in said and said[one.id].word is ProofWord.ACCEPTED,
            "looked": str(one.id) in looked,
            "listings": titles.get(f"proof:{one.id}", []),
        }
        for one in rows
    ]


def _titles(rows: list[SourceProof]) -> dict[str, list[tuple[UUID, str]]]:
    """The listings whose version in force rests on each paper."""
    found: dict[str, list[tuple[UUID, str]]] = {}
    numbers = dict(
        Listing.objects.filter(merchant_id__in={one.merchant_id for one in rows}).values_list(
            "id", "version"
        )
    )
    named = ListingVersion.objects.filter(
        listing_id__in=numbers, content__source_proof__in=[f"proof:{one.id}" for one in rows]
    )
    for version in named.order_by("id"):
        if numbers[version.listing_id] == version.number:
            pair = (version.listing_id, str(version.content["title"]))
            found.setdefault(version.content["source_proof"], []).append(pair)
    return found


@require_POST
@desk_page(Role.REVIEWER)
def look(request: HttpRequest, desk: Desk, proof_id: UUID) -> HttpResponseBase:
    """The paper itself, as a download; who looked, and why, is recorded first."""
    try:
        row, data = open_proof(
            stores=get_stores(),
            proof_id=proof_id,
            reason=request.POST.get("reason", ""),
            by=desk.by,
            at=desk.at,
        )
    except InputError as error:
        messages.error(request, say_error(error))
        return redirect("operator_proofs")
    name = f"{str(row.id)[-12:]}.{_ENDINGS.get(row.media_type, 'bin')}"
    return file_answer([data], name=name, media_type="application/octet-stream", size=len(data))


@require_POST
@desk_page(Role.REVIEWER)
def decide(request: HttpRequest, desk: Desk, proof_id: UUID) -> HttpResponseBase:
    """Accept or refuse; the deed notes itself."""
    said = request.POST.get("word", "")
    if said not in list(ProofWord):
        raise Http404
    word = ProofWord(said)

    def deed() -> None:
        review_proof(
            stores=get_stores(),
            proof_id=proof_id,
            word=word,
            reason=request.POST.get("reason", ""),
            by=desk.by,
            at=desk.at,
        )

    return do_deed(
        request,
        desk,
        deed,
        code="",
        about=("proof", str(proof_id)),
        done=_("已记下。") if word is ProofWord.ACCEPTED else _("已记下，用它的商品已经下架。"),
        back="operator_proofs",
    )


urlpatterns = [
    path("proofs/", proofs, name="operator_proofs"),
    path("proofs/<uuid:proof_id>/open/", look, name="operator_proof_open"),
    path("proofs/<uuid:proof_id>/", decide, name="operator_proof"),
]
