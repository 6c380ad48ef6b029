"""What the handler of the interface leaves behind for who uses its thread next."""

from __future__ import annotations

import io
from typing import Any

from django.urls import get_urlconf, set_urlconf

from gongdao.front.api.lean_handler import LeanHandler


def test_the_addresses_of_the_pages_are_back():
    """Once a call is answered, and before anybody closed the answer, addresses are those of the
    pages again."""
    set_urlconf(None)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/v1/nothing",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.url_scheme": "http",
    }
    status: list[str] = []
    LeanHandler()(environ, lambda line, _headers: status.append(line))
    assert status[0].startswith("404")
    assert get_urlconf() is None
