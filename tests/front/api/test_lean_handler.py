"""What the handler of the interface leaves behind for who uses its thread next."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection
from django.urls import get_urlconf, set_urlconf

from gongdao.front.api.lean_handler import LeanHandler


def _ask(path: str) -> tuple[str, list[bytes]]:
    """Status line and answer of one GET."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.url_scheme": "http",
    }
    status: list[str] = []
    answer = LeanHandler()(environ, lambda line, _headers: status.append(line))
    return status[0], answer


def test_the_addresses_of_the_pages_are_back():
    """Once a call is answered, addresses are those of the pages."""
    set_urlconf(None)
    assert _ask("/api/v1/nothing")[0].startswith("404")
    assert get_urlconf() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/listings", "/api/v1/orders/none"])
def test_the_connection_is_free_before_the_answer_goes_out(path):
    """An answer is whole, and whoever sends it slowly holds no connection of the pool meanwhile."""
    connection.ensure_connection()
    status, answer = _ask(path)
    assert status[:3] in ("200", "404") and len(answer) == 1
    assert type(answer) is list
    assert connection.connection is None
