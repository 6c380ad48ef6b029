"""Chinese first, English complete: the language of a page and of everything said on it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from gongdao.core.language import LANGUAGES, language, use_language

COOKIE = "lang"
_YEAR = 365 * 24 * 3600
_DJANGO = {"zh": "zh-hans", "en": "en"}
Answer = Callable[[HttpRequest], HttpResponseBase]


def choose_language(get_response: Answer) -> Answer:
    """``/en/…`` is English; elsewhere ``?lang=``, then the cookie, then what the browser asks."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        asked = request.GET.get("lang", "")
        chosen = _language_of(request, asked)
        before = language()
        use_language(chosen)
        try:
            with translation.override(_DJANGO[chosen]):
                response = get_response(request)
        finally:
            use_language(before)  # the thread serves others after this
        response.headers["Content-Language"] = "zh-CN" if chosen == "zh" else "en"
        if asked in LANGUAGES and request.COOKIES.get(COOKIE) != asked:
            secure = request.is_secure()
            response.set_cookie(
                COOKIE, asked, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax"
            )
        return response

    return answer


def _language_of(request: HttpRequest, asked: str) -> str:
    if request.path.startswith("/en/"):
        return "en"
    if asked in LANGUAGES:
        return asked
    kept = request.COOKIES.get(COOKIE, "")
    if kept in LANGUAGES:
        return kept
    first = request.headers.get("Accept-Language", "zh").strip().lower()
    return "en" if first.startswith("en") else "zh"
