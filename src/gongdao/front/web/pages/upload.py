"""Files into a case: as a plain form, or in pieces over a connection that breaks.

In pieces: POST here with ``client_key``, ``name`` and ``length`` → JSON with ``piece`` (address),
``finish`` (address), ``offset`` and ``size`` (of a piece); PUT each piece to ``piece?offset=N``;
POST to ``finish``. Every answer has ``offset``: how much is there, go on from it.
"""

from __future__ import annotations

from functools import wraps
from typing import ParamSpec, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.upload_pieces import (
    PIECE_BYTES,
    Progress,
    begin_upload,
    finish_upload,
    put_piece,
)
from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import CasePage, case_page
from gongdao.front.web.free_space import check_free_space
from gongdao.front.web.pages.start import limits, take_in, tell
from gongdao.front.worker.tasks import ask_for_reading

P = ParamSpec("P")


def for_scripts(view: CasePage[P]) -> CasePage[P]:
    """Answer in JSON whatever happens. A file that is refused is also said on the next page: the
    script goes on with the others, then leads there."""

    @wraps(view)
    def answer(
        request: HttpRequest, case: OpenCase, *args: P.args, **named: P.kwargs
    ) -> HttpResponseBase:
        try:
            return view(request, case, *args, **named)
        except GongdaoError as error:
            if isinstance(error, InputError):
                tell(request, [str(error)])
            again = error.status >= 500 and not isinstance(error, InputError)
            return JsonResponse({"error": str(error), "again": again}, status=error.status)

    return cast(CasePage[P], answer)


@require_POST
@case_page
def upload(request: HttpRequest, case: OpenCase) -> HttpResponseBase:
    """A plain form with files and text, or the beginning of an upload in pieces."""
    if "client_key" in request.POST:
        return for_scripts(_begin)(request, case)
    problems = take_in(request, case)
    tell(request, problems)
    if not request.accepts("text/html"):
        home = reverse("case", args=[case.content.link])
        return JsonResponse({"case": home, "upload": request.path, "problems": problems})
    return redirect("case", link=case.content.link)


def _begin(request: HttpRequest, case: OpenCase) -> HttpResponse:
    length = request.POST.get("length", "")
    check_free_space()
    progress = begin_upload(
        case=case,
        client_key=request.POST["client_key"],
        name=request.POST.get("name", "") or "file",
        length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0,
        limits=limits(),
        at=now(),
    )
    return _answer(case, progress)


@require_http_methods(["PUT"])
@case_page
@for_scripts
def piece(request: HttpRequest, case: OpenCase, upload_id: UUID) -> HttpResponse:
    """One piece, as the body; ``offset`` says where it belongs."""
    offset = request.GET.get("offset", "")
    claimed = request.META.get("CONTENT_LENGTH") or "0"
    if not offset.isdigit() or len(offset) > 15 or not claimed.isdigit():
        return JsonResponse({"error": _("上传请求不完整，请刷新页面后再试。")}, status=400)
    if int(claimed) > PIECE_BYTES:
        return JsonResponse({"error": _("一段太大，请刷新页面后再试。")}, status=413)
    check_free_space()
    progress = put_piece(
        stores=get_stores(),
        case=case,
        upload_id=upload_id,
        offset=int(offset),
        piece=request.read(PIECE_BYTES + 1),
    )
    return _answer(case, progress)


@require_POST
@case_page
@for_scripts
def finish(request: HttpRequest, case: OpenCase, upload_id: UUID) -> HttpResponse:
    """Make a file of what has come; where something is missing still, say how far it is."""
    progress = finish_upload(
        stores=get_stores(),
        case=case,
        upload_id=upload_id,
        limits=limits(),
        ask=ask_for_reading,
        at=now(),
    )
    return _answer(case, progress)


def _answer(case: OpenCase, progress: Progress | None) -> JsonResponse:
    if progress is None:
        return JsonResponse({"error": _("这次上传已经过期，请重新选择文件。")}, status=404)
    names = [case.content.link, progress.upload_id]
    return JsonResponse(
        {
            "offset": progress.offset,
            "length": progress.length,
            "done": progress.original_id is not None,
            "size": PIECE_BYTES,
            "piece": reverse("upload_piece", args=names),
            "finish": reverse("upload_finish", args=names),
        }
    )


urlpatterns = [
    path("", upload, name="upload"),
    path("<uuid:upload_id>/", piece, name="upload_piece"),
    path("<uuid:upload_id>/finish/", finish, name="upload_finish"),
]
