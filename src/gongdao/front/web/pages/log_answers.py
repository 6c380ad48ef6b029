"""How the log is answered: files that anybody may take from anywhere, pages kept a moment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from gongdao.front.web.pages.answer_public import keep_an_hour

MOMENT = 10
"""Seconds for which a page, a receipt or a checkpoint may be kept."""


def answer_file(
    data: bytes,
    media_type: str,
    *,
    seconds: int = 0,
    for_good: bool = False,
    packed: bool = False,
    name: str = "",
) -> HttpResponse:
    """``data`` byte for byte, for any site to fetch; kept ``seconds``, or for good. ``packed``:
    it does not get smaller on the way. ``name``: to be saved under it."""
    answer = HttpResponse(data, content_type=media_type)
    kept = "max-age=31536000, immutable" if for_good else f"max-age={seconds}"
    answer["Cache-Control"] = f"public, {kept}"
    answer["Access-Control-Allow-Origin"] = "*"
    if packed:
        answer["Content-Encoding"] = "identity"
    if name:
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def answer_nothing(reason: str, *, status: int = 404) -> HttpResponse:
    """A plain, short refusal that nobody keeps: what is not there may come to be."""
    answer = HttpResponse(f"{reason}\n", content_type="text/plain; charset=utf-8", status=status)
    answer["Cache-Control"] = "no-store"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def answer_log_page(
    request: HttpRequest, template: str, context: dict[str, Any]
) -> HttpResponseBase:
    """A page of the log, kept for a moment by whoever has no session here."""
    answer = render(request, template, {**context, "here": "log"})
    kept = keep_an_hour(request, answer)
    if "public" in kept.headers.get("Cache-Control", ""):
        kept.headers["Cache-Control"] = f"public, max-age={MOMENT}"
    return kept
