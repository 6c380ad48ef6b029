"""Before buying: what to save first, what to ask oneself, and a case begun with what is there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.guide_topics import red_flags
from gongdao.casework.guide_words import KIND_HINTS
from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.files import Limits, add_file, list_files
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.words import KIND_NAMES
from gongdao.core.attempts import count_attempt
from gongdao.core.codes import STAGE_OF_KIND, Kind, Stage
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import language, translated
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.free_space import check_free_space
from gongdao.front.web.held import hold_case, network_of
from gongdao.front.web.pages.start import NEW_CASES
from gongdao.front.worker.tasks import ask_for_reading

_LONGEST_PASTE = 200_000


@require_http_methods(["GET", "POST"])
def before(request: HttpRequest) -> HttpResponseBase:
    """The checklist; what is sent becomes a case begun before buying. Without a single file
    nothing is begun."""
    if request.method == "GET":
        return _show(request)
    sources = list(_sources(request))
    if not sources:
        return _show(request, problem=_("先选一张截图或一个文件，或者粘贴文字。"), status=422)
    count_attempt(stores=get_stores(), limit=NEW_CASES, who=network_of(request), at=now())
    owner = request.user.pk if request.user.is_authenticated else None
    case = begin_case(
        stores=get_stores(), at=now(), language=language(), owner_id=owner, before_buying=True
    )
    hold_case(request, case.row)
    for name, source in sources:
        try:
            _keep(case, name, source)
        except InputError as error:
            messages.warning(request, str(error))
    return redirect("saved_before", link=case.content.link)


def _show(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    kinds = [kind for kind in Kind if STAGE_OF_KIND.get(kind) is Stage.BEFORE]
    context = {
        "wanted": [(translated(KIND_NAMES[k]), translated(KIND_HINTS[k])) for k in kinds],
        "questions": red_flags(),
        "problem": problem,
        "pasted": request.POST.get("pasted", "")[:_LONGEST_PASTE],
        "prefix": "/en" if language() == "en" else "",
        "here": "before",
    }
    return render(request, "pages/before.html", context, status=status)


def _sources(request: HttpRequest) -> Iterator[tuple[str, BinaryIO]]:
    for upload in request.FILES.getlist("files"):
        yield upload.name or "file", cast(BinaryIO, upload)
    pasted = request.POST.get("pasted", "").strip()[:_LONGEST_PASTE]
    if pasted:
        yield f"{_('商品和卖家的说明')}.txt", io.BytesIO(pasted.encode())


def _keep(case: OpenCase, name: str, source: BinaryIO) -> None:
    ground = settings.GONGDAO
    check_free_space()
    add_file(
        stores=get_stores(),
        case=case,
        name=name,
        source=source,
        limits=Limits(ground.max_file_bytes, ground.max_files, ground.max_case_bytes),
        ask=ask_for_reading,
        at=now(),
        stage=Stage.BEFORE,
    )


@require_safe
@case_page
def saved(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """What was saved then: name, time and digest of each file, and how to come back."""
    rows = [one for one in list_files(case) if one.facts.path.startswith(f"{Stage.BEFORE.value}/")]
    context = {
        "saved": rows,
        "link": case.content.link,
        "code": case.content.code,
        "address": f"{settings.GONGDAO.public_url}/c/{case.content.link}/",
        "here": "files",
    }
    return render(request, "pages/before_saved.html", context)


urlpatterns = [
    path("before/", before, name="before_buying"),
    path("c/<str:link>/saved/", saved, name="saved_before"),
]
