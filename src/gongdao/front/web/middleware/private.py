"""Pages of a case are kept by nobody on the way: no cache, no search engine, no referrer."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

PUBLIC = ("/static/", "/guides/", "/en/", "/robots.txt", "/sitemap.xml", "/manifest.webmanifest")
Answer = Callable[[HttpRequest], HttpResponseBase]


def no_store(get_response: Answer) -> Answer:
    """Forbid storing whatever is not public for certain."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", "geolocation=(), microphone=()")
        if not request.path.startswith(PUBLIC):
            response.headers.setdefault("Cache-Control", "no-store, private")
        if request.path.startswith(("/c/", "/s/")):
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
            response.headers["Referrer-Policy"] = (
                "same-origin"  # none would null Origin: forms fail
            )
        return response

    return answer
