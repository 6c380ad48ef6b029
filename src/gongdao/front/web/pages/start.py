"""Begin in a minute: files or a pasted chat in, the case out."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.files import Limits, add_file
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import InputError
from gongdao.core.ids import new_token, tidy_token
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.free_space import check_free_space
from gongdao.front.web.held import hold_case, network_of
from gongdao.front.worker.tasks import ask_for_reading

NEW_CASES = Limit("new-cases", 20, timedelta(hours=1))
_LONGEST_PASTE = 200_000
_ONCE = "begin"
"""Cookie of the form: what begins with it again, because the answer was lost, is the same case."""
_ONCE_SECONDS = 600
_BEGINNING = "beginning"
_WAITS, _WAIT_SECONDS = 25, 0.2


def limits() -> Limits:
    """What a case may hold, from the settings."""
    ground = settings.GONGDAO
    return Limits(ground.max_file_bytes, ground.max_files, ground.max_case_bytes)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends: any number of files, and text pasted from a chat. A script
    that sends the files itself asks for JSON: where to send them."""
    if request.method != "POST":
        response = render(request, "pages/start.html", {"here": "start"})
        response.set_cookie(
            _ONCE,
            new_token(),
            max_age=24 * 3600,
            path=reverse("start"),
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        return response
    case = _begin_once(request)
    problems = take_in(request, case)
    home = reverse("case", args=[case.content.link])
    if request.accepts("text/html"):
        tell(request, problems)
        response = redirect(home)
    else:
        upload = reverse("upload", args=[case.content.link])
        response = JsonResponse({"case": home, "upload": upload, "problems": problems})
    response.delete_cookie(_ONCE, path=reverse("start"))
    return response


def tell(request: HttpRequest, problems: Iterable[str]) -> None:
    """Say on the next page what could not be taken."""
    for problem in problems:
        messages.warning(request, problem)


def _begin_once(request: HttpRequest) -> OpenCase:
    """A new case for this session; the same one where this form was sent before and the answer
    did not arrive."""
    once = tidy_token(request.COOKIES.get(_ONCE, ""))
    if not once:
        return _begin(request)
    own = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")  # no other site can set this one
    key = f"begin/{hashlib.sha256(f'{once}/{own}'.encode()).hexdigest()}"
    if cache.add(key, _BEGINNING, _ONCE_SECONDS):
        case = _begin(request)
        cache.set(key, str(case.row.id), _ONCE_SECONDS)
        return case
    for _attempt in range(_WAITS):
        begun = cache.get(key, _BEGINNING)
        if begun != _BEGINNING:
            row = Case.objects.filter(id=UUID(begun)).first()
            if row is not None and row.keys_changed_at is None:
                hold_case(request, row)
                return open_row(stores=get_stores(), row=row)
            break
        time.sleep(_WAIT_SECONDS)
    return _begin(request)


def _begin(request: HttpRequest) -> OpenCase:
    at, stores = now(), get_stores()
    count_attempt(stores=stores, limit=NEW_CASES, who=network_of(request), at=at)
    owner = request.user.pk if request.user.is_authenticated else None
    case = begin_case(stores=stores, at=at, language=language(), owner_id=owner)
    hold_case(request, case.row)
    return case


@csrf_exempt
@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """What a phone's share menu sends: files and text become a new case, never part of one that
    is there, so that nothing can be slipped into it. A page of another site is refused: it would
    also take this device's sessions away."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return render(request, "errors/403.html", status=403)
    case = _begin(request)
    tell(request, take_in(request, case))
    return redirect("case", link=case.content.link)


_TEXTS = ("pasted", "title", "text", "url")


def take_in(request: HttpRequest, case: OpenCase) -> list[str]:
    """Take the files and the pasted text of a form into ``case``; what could not be taken comes
    back as sentences, the rest is in."""
    problems = []
    for upload in request.FILES.getlist("files"):
        try:
            _add(case, upload.name or "file", upload)
        except InputError as error:
            problems.append(str(error))
    texts = [request.POST.get(name, "").strip() for name in _TEXTS]
    pasted = "\n".join(dict.fromkeys(text for text in texts if text))
    if len(pasted) > _LONGEST_PASTE:
        problems.append(_("粘贴的文字太长，请存成文件再上传。"))
    elif pasted:
        try:
            _add(case, f"{_('粘贴的文字')}.txt", io.BytesIO(pasted.encode("utf-8", "replace")))
        except InputError as error:
            problems.append(str(error))
    return problems


def _add(case: OpenCase, name: str, source: object) -> None:
    check_free_space()
    add_file(
        stores=get_stores(),
        case=case,
        name=name,
        source=cast(BinaryIO, source),  # an uploaded file reads and seeks as any other
        limits=limits(),
        ask=ask_for_reading,
        at=now(),
    )


urlpatterns = [path("start/", start, name="start"), path("share/", share, name="share")]
