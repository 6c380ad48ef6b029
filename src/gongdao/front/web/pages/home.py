"""The first page with its two ways in, the door to a case by link and code, and the machines'."""

from __future__ import annotations

import re

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import include, path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.guide_topics import topic_for, topics
from gongdao.casework.guide_words import REASON_GROUPS
from gongdao.casework.online.list_cases import CaseSummary, cases_of, summarise
from gongdao.casework.online.unlock_case import unlock_case
from gongdao.casework.words import REASON_NAMES
from gongdao.core.errors import CaseLocked
from gongdao.core.ids import tidy_token
from gongdao.core.language import language, translated
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.held import account_of, held_cases, hold_case, network_of

_SHOWN = 3
_LINK = re.compile(r"/c/([^/\s?#]+)")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, and the two ways in: it went wrong, or not bought yet."""
    return _show(request)


def _show(
    request: HttpRequest, *, problem: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    cases, more = _own_cases(request)
    context = {
        "cases": cases,
        "more": more,
        "groups": [
            (translated(name), [(r.value, translated(REASON_NAMES[r])) for r in reasons])
            for name, reasons in REASON_GROUPS
        ],
        "special": [(code, topic_for(code, now().date()).title) for code in topics()],
        "prefix": "/en" if language() == "en" else "",
        "problem": problem,
        "typed": typed,
        "here": "home",
    }
    return render(request, "pages/home.html", context, status=status)


def _own_cases(request: HttpRequest) -> tuple[list[CaseSummary], bool]:
    """The last few cases of this device and account, and whether there are more."""
    account, held = account_of(request), held_cases(request)
    if account is None and not held:
        return [], False
    rows = list(cases_of(held=held, account=account)[: _SHOWN + 1])
    owner = account.owner_id if account else None
    shown = summarise(stores=get_stores(), rows=rows[:_SHOWN], owner_id=owner, at=now())
    return shown, len(rows) > _SHOWN


def read_link(text: str) -> str:
    """The link token in what somebody pasted: a whole address, or the token alone."""
    found = _LINK.search(text)
    return found.group(1) if found else text.strip()


@require_http_methods(["GET", "POST"])
def open_by_link(request: HttpRequest) -> HttpResponseBase:
    """Open a case from the first page. An unknown link and a wrong code get the same answer."""
    if request.method == "GET":
        return HttpResponseRedirect("/#open")
    typed = request.POST.get("link", "")[:500]
    link = read_link(typed)
    try:
        row = unlock_case(
            stores=get_stores(),
            link=link,
            code=request.POST.get("code", "")[:100],
            network=network_of(request),
            at=now(),
        )
    except CaseLocked as error:
        return _show(request, problem=str(error), typed=typed, status=error.status)
    hold_case(request, row)
    return redirect("case", link=tidy_token(link))


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Whether pages can be served: the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})


urlpatterns = [
    path("", home, name="home"),
    path("open/", open_by_link, name="open_case"),
    path("healthz", health, name="health"),
    path("", include("gongdao.front.web.pages.before")),
]
