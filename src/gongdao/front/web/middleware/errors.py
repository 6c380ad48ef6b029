"""Errors raised on purpose become calm pages that say what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from gongdao.core.errors import Busy, GongdaoError
from gongdao.log.queue_gate import as_queue_full

Answer = Callable[[HttpRequest], HttpResponseBase]


class say_errors:
    """Turn a ``GongdaoError`` into its page with its own HTTP status."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page of an expected error; None leaves the rest to Django."""
        if not isinstance(error, GongdaoError):
            full = as_queue_full(error)
            if full is None:
                return None
            error = full
        context = {"error": str(error), "code": error.code, "status": error.status}
        response = render(request, "errors/said.html", context, status=error.status)
        until = getattr(error, "until", None)
        if until is not None:
            response["Retry-After"] = until.strftime("%a, %d %b %Y %H:%M:%S GMT")
        elif isinstance(error, Busy):
            response["Retry-After"] = "15"
        return response
