"""One address, several methods: each has a function of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseNotAllowed

View = Callable[..., HttpResponse]


class ByMethod:
    """A view that hands on by method; ``views`` is what the interface's description is checked
    against."""

    def __init__(self, **views: View) -> None:
        self.views = views

    def __call__(self, request: HttpRequest, **found: Any) -> HttpResponseBase:
        """The answer of the method's own function; 405 where there is none."""
        view = self.views.get(request.method or "")
        if view is None:
            return HttpResponseNotAllowed(sorted(self.views))
        return view(request, **found)
