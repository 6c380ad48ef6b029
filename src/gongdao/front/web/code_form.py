"""The form that asks for the code of a case; what a lost session was sending travels in it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from gongdao.front.web.carried import carried_fields

OWN_FIELDS = frozenset({"csrfmiddlewaretoken", "code", "carried_to"})
"""Fields of the form itself; all others were carried over."""


def show_code_form(
    request: HttpRequest, link: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The form that asks for the code; what a lost session was sending travels along in it."""
    context: dict[str, Any] = {
        "link": link,
        "problem": problem,
        "carried": carried_fields(request, leave_out=OWN_FIELDS),
        "carried_to": request.POST.get("carried_to") or request.path,
        "lost_files": bool(request.FILES),
    }
    response = render(request, "pages/unlock.html", context, status=status)
    if request.htmx:  # type: ignore[attr-defined]  # set by the htmx middleware
        response["HX-Redirect"] = reverse("unlock", args=[link])
    return response
