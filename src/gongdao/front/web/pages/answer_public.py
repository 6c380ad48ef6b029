"""Answer with a page that anybody may keep: cacheable, with an ETag, the same for all readers of
one language and theme."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers

from gongdao.core.language import language

_HOUR = "public, max-age=3600"
_OWN = "private, no-cache"


def answer_public(
    request: HttpRequest, template: str, context: dict[str, Any], *, path: str
) -> HttpResponseBase:
    """The page at ``path`` (``/guides/…``) in the language in use, with the addresses of both
    languages for search engines. A browser with a session asks again each time."""
    response = render(request, template, {**context, **_addresses(path)})
    return keep_an_hour(request, response)


def keep_an_hour(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """Let ``response`` be kept for an hour; 304 where the reader has it already."""
    known = settings.SESSION_COOKIE_NAME in request.COOKIES
    response.headers["Cache-Control"] = _OWN if known else _HOUR
    response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    answer = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    return response if answer is None else answer


def _addresses(path: str) -> dict[str, Any]:
    """``prefix`` for links that stay in the language, ``canonical`` and ``alternates``."""
    site = settings.GONGDAO.public_url
    english = language() == "en"
    chinese_url, english_url = f"{site}{path}", f"{site}/en{path}"
    return {
        "prefix": "/en" if english else "",
        "canonical": english_url if english else chinese_url,
        "alternates": [("zh-CN", chinese_url), ("en", english_url), ("x-default", chinese_url)],
        "other_language_url": f"{path}?lang=zh" if english else f"/en{path}?lang=en",
    }
