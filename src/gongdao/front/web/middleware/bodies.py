"""What may be sent: as much as a page can use, and never by so many at once that pages stop.

A body is read before a page is asked, also from somebody who may not see it; so its size is looked
at first. A body that comes slowly holds a thread, so some threads are kept free of bodies.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from gongdao.core.errors import DiskFull
from gongdao.core.language import gettext as _
from gongdao.front.web.free_space import check_free_space
from gongdao.front.web.held import network_of

MOST_PLAIN = 5 * 1024 * 1024
"""Bytes of a form without files, and of a piece of an upload with its head."""
_MORE = 1024 * 1024
_WITH_FILES = re.compile(
    r"/(?:start|share|before)/|/c/[^/]+/(?:upload|channels/[^/]+)/"
    r"|/operator/merchants/(?:new/[^/]+|[^/]+/papers)/"
    r"|/orders/[^/]+/(?:test|problem/[^/]+|disputes/[^/]+)/|/desk/disputes/[^/]+/"
    r"|/operator/disputes/[^/]+/step/"
)
_ALL, _OF_NETWORK = 24, 12
"""Bodies that come in at the same time; a process answers 32 requests at once."""
Answer = Callable[[HttpRequest], HttpResponseBase]


class Coming:
    """Counts bodies on their way in, in all and by network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_network: Counter[str] = Counter()

    @contextmanager
    def one_more(self, network: str) -> Iterator[bool]:
        """Whether there is room for one more body from ``network``; it counts while inside."""
        with self._lock:
            room = self._by_network.total() < _ALL and self._by_network[network] < _OF_NETWORK
            if room:
                self._by_network[network] += 1
        try:
            yield room
        finally:
            if room:
                with self._lock:
                    self._by_network[network] -= 1
                    if not self._by_network[network]:
                        del self._by_network[network]


def most_bytes(path: str) -> int:
    """How many bytes may be sent to ``path``: where files are taken, a whole case of them."""
    if _WITH_FILES.fullmatch(path):
        return int(settings.GONGDAO.max_case_bytes) + _MORE
    return MOST_PLAIN


def bound_bodies(get_response: Answer) -> Answer:
    """Refuse a body that is too large (413), one too many (503), or one that
    the disk has no room for (507), before any of it is read."""
    coming = Coming()

    def answer(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isascii() and length.isdigit() else 0
        if not size:
            return get_response(request)
        most = most_bytes(request.path)
        if size > most:
            return render(request, "errors/413.html", {"limit": most}, status=413)
        if size > MOST_PLAIN:
            try:
                check_free_space(size)
            except DiskFull as error:
                said = {"error": str(error), "code": error.code, "status": error.status}
                return render(request, "errors/said.html", said, status=error.status)
        with coming.one_more(network_of(request)) as room:
            if room:
                return get_response(request)
        context = {"error": _("正在上传的人太多了。请等一分钟再试。"), "status": 503}
        response = render(request, "errors/said.html", context, status=503)
        response["Retry-After"] = "60"
        return response

    return answer
