"""What others see: a case behind a share link, read-only; a case file handed to another browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.online.case_file import find_case_file
from gongdao.casework.online.files import find_file
from gongdao.casework.online.models import CaseFile
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.share_case import SharedCase, open_share
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import KeyGone
from gongdao.evidence.kept.keep_preview import View, show_preview
from gongdao.evidence.kept.open_original import Who
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.web.held import network_of
from gongdao.front.web.pages.keep import send_case_file
from gongdao.front.web.report import report_of
from gongdao.front.web.shared_view import shared_context
from gongdao.front.web.take_link import LASTS, read_take_link, use_take_link, was_used_here

VISITS = Limit("shared-pages", 240, timedelta(hours=1))
PICTURES = Limit("shared-pictures", 2000, timedelta(hours=1))
"""From one network: far more than people look at, far less than a machine would try."""
P = ParamSpec("P")
SharedPage = Callable[Concatenate[HttpRequest, SharedCase, P], HttpResponseBase]


def shared_page(view: SharedPage[P], *, picture: bool = False) -> Callable[..., HttpResponseBase]:
    """A page behind a share link. One that never was, has ended, was taken back or whose case was
    erased gets the same calm page. A ``picture`` of a page is not counted as a visit again."""

    @wraps(view)
    def answer(
        request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        limit = PICTURES if picture else VISITS
        count_attempt(stores=get_stores(), limit=limit, who=network_of(request), at=now())
        try:
            shared = open_share(stores=get_stores(), token=token, at=now(), visit=not picture)
        except KeyGone:
            return _closed(request)
        return view(request, shared, *args, **kwargs)

    return answer


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/shared_closed.html", status=404)


def _context(request: HttpRequest, shared: SharedCase) -> dict[str, Any]:
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    found = shared_context(report_of(shared.case, edited=shared.shows.letters), shared.shows)
    return {**found, "token": token, "expires_at": shared.expires_at}


@require_safe
@shared_page
def standing(request: HttpRequest, shared: SharedCase) -> HttpResponse:
    """Where the case stands, its timeline and its evidence."""
    return render(request, "pages/shared.html", _context(request, shared))


@require_safe
@shared_page
def letters(request: HttpRequest, shared: SharedCase) -> HttpResponse:
    """The letters, masked."""
    if not shared.shows.letters:
        return _closed(request)
    return render(request, "pages/shared_letters.html", _context(request, shared))


def _picture(request: HttpRequest, shared: SharedCase, original_id: UUID) -> HttpResponse:
    """A safe picture made from one file; the look is recorded under that file."""
    file = find_file(shared.case, original_id) if shared.shows.files else None
    if file is None:
        raise Http404
    preview = show_preview(
        stores=get_stores(),
        key=shared.case.key,
        row=file.row,
        view=View(),
        who=Who.SHARED,
        at=now(),
        scratch=own_scratch(),
    )
    if preview is None:
        raise Http404
    return HttpResponse(preview.webp, content_type="image/webp")


picture = require_safe(shared_page(_picture, picture=True))


def _handed(request: HttpRequest, token: str) -> tuple[OpenCase, CaseFile] | None:
    """What a one-time link stands for; None for one that is forged, over, or whose file or case
    has gone."""
    count_attempt(stores=get_stores(), limit=VISITS, who=network_of(request), at=now())
    try:
        case_file_id = read_take_link(token, stores=get_stores(), at=now())
        found = CaseFile.objects.select_related("case").filter(id=case_file_id).first()
        case = open_row(stores=get_stores(), row=found.case) if found else None
    except KeyGone:
        return None
    ready = find_case_file(case, case_file_id) if case else None
    return (case, ready) if case and ready else None


@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, token: str) -> HttpResponseBase:
    """The page of a one-time link: it shows what there is to take. Looking uses nothing up, because
    chat apps look at every link by themselves; the button does."""
    handed = _handed(request, token)
    if handed is None:
        return _closed(request)
    _case, row = handed
    if request.method == "GET":
        used = was_used_here(request, row.id)
        context = {"row": row, "token": token, "used": used, "minutes": LASTS.seconds // 60}
        return render(request, "pages/shared_take.html", context)
    try:
        use_take_link(request, token, stores=get_stores(), at=now())
    except KeyGone:
        return _closed(request)
    return redirect("taken_case_file", token=token)


@require_safe
def taken(request: HttpRequest, token: str) -> HttpResponseBase:
    """The zip, for the one browser that used the link; again, if the download breaks."""
    handed = _handed(request, token)
    if handed is None or not was_used_here(request, handed[1].id):
        return _closed(request)
    return send_case_file(request, *handed)


urlpatterns = [
    path("", standing, name="shared"),
    path("letters/", letters, name="shared_letters"),
    path("files/<uuid:original_id>/picture.webp", picture, name="shared_picture"),
    path("take/", take, name="take_case_file"),
    path("take/case.zip", taken, name="taken_case_file"),
]
