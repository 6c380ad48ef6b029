"""The page for a browser that held a case which is gone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from gongdao.casework.online.erase_case import find_erased
from gongdao.casework.online.models import ErasedCase
from gongdao.front.web.held import held_cases

ERASED = "erased"
"""Where a session keeps the ids of cases that it erased itself."""


def tell_erased(request: HttpRequest, link: str) -> HttpResponse | None:
    """The page for a browser that held the case behind ``link`` when it was erased, here or on
    another device; None for every other browser, and for a link that never was."""
    known = [*request.session.get(ERASED, []), *(str(one.id) for one in held_cases(request))]
    if not known:
        return None
    row = find_erased(link)
    if row is None or str(row.case_id) not in known:
        return None
    return render(request, "pages/erased.html", _told(request, row, link))


def _told(request: HttpRequest, row: ErasedCase, link: str) -> dict[str, Any]:
    here = str(row.case_id) in request.session.get(ERASED, [])
    return {
        "row": row,
        "by_me": here,
        "poll_url": reverse("erased", args=[link]),
        "answer_lost": request.method == "POST",
    }
