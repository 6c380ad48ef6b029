"""Who is asking, where a proxy of ours stands before us: said in ``Forwarded`` (RFC 7239) alone.

A WSGI server makes one variable of ``X-Forwarded-For`` and ``X_Forwarded_For``, and the one that
stands later wins. Many proxies pass the second on as it came, so that every client could choose its
address. A name without a hyphen has no such twin: what a proxy sets there is what it set.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

log = logging.getLogger("gongdao.proxy")
Answer = Callable[[HttpRequest], HttpResponseBase]


def believe_proxy(get_response: Answer) -> Answer:
    """Forget every ``X-Forwarded-…``; behind a proxy take the client's address and the scheme from
    the last element of ``Forwarded``, the only one that no client can have written."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        for name in [name for name in meta if name.startswith("HTTP_X_FORWARDED_")]:
            del meta[name]
        noted = meta.pop("HTTP_FORWARDED", "")
        if settings.GONGDAO.behind_proxy:
            said = read_last(noted)
            if "for" not in said:
                _warn()
            meta["REMOTE_ADDR"] = said.get("for") or meta.get("REMOTE_ADDR", "")
            meta["wsgi.url_scheme"] = "https" if said.get("proto") == "https" else "http"
        return get_response(request)

    return answer


def read_last(noted: str) -> dict[str, str]:
    """The parameters of the last element of a ``Forwarded`` header, in lower case. Our own proxy
    writes no comma into its element, so that what stands before the last one, quotes and all, is
    never looked at."""
    found = {}
    for pair in noted.rpartition(",")[2].split(";"):
        name, _equals, value = pair.partition("=")
        found[name.strip().lower()] = value.strip().strip('"').lower()
    return {name: value for name, value in found.items() if value}


@cache
def _warn() -> None:
    """Once in a process."""
    log.warning("the proxy sets no Forwarded header: all clients count as one network")
