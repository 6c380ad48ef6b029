"""Light, dark, or as the device has it: chosen with ``?theme=``, kept in a cookie."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE = "theme"
_YEAR = 365 * 24 * 3600
Answer = Callable[[HttpRequest], HttpResponseBase]


def choose_theme(get_response: Answer) -> Answer:
    """Keep the theme asked for; this page shows it already."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        asked = request.GET.get("theme", "")
        if asked in ("light", "dark"):
            request.COOKIES[COOKIE] = asked
        elif asked == "auto":
            request.COOKIES.pop(COOKIE, None)
        response = get_response(request)
        if asked in ("light", "dark"):
            response.set_cookie(
                COOKIE,
                asked,
                max_age=_YEAR,
                secure=request.is_secure(),
                httponly=True,
                samesite="Lax",
            )
        elif asked == "auto":
            response.delete_cookie(COOKIE)
        return response

    return answer
