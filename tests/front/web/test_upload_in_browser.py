"""Files sent by a phone in a real browser: in pieces, over a connection that breaks, without JS."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection, connections
from playwright.sync_api import ViewportSize
from tests.front.web.look_kit import find_browser, open_browser
from tests.front.web.public_kit import use_plain_static

from gongdao.evidence.kept.models import Original

PHONE: ViewportSize = {"width": 360, "height": 740}
BIG = random.Random(5).randbytes(5 << 20)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _plain(settings, monkeypatch):
    use_plain_static(settings)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    cache.clear()
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def open_page(live_server, settings):
    """Opens pages of phones, with or without scripts."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    with open_browser(path) as browser:

        def open_one(**options):
            context = browser.new_context(viewport=PHONE, locale="zh-CN", **options)
            return context.new_page()

        yield open_one


def _files(*sizes: int):
    return [
        {"name": f"图{n}.png", "mimeType": "image/png", "buffer": BIG[:size]}
        for n, size in enumerate(sizes)
    ]


def _rows() -> list[int]:
    """The sizes of all files kept, asked in a thread: in this one the browser's loop runs."""

    def ask() -> list[int]:
        try:
            return list(Original.objects.order_by("size").values_list("size", flat=True))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_broken_connections_cost_nothing(open_page, live_server):
    """Requests that fail, and answers that never arrive, are made good: each file is there once."""
    page = open_page()
    lost: list[str] = []

    def unreliable(route):
        request = route.request
        key = f"{request.method} {re.sub('[0-9a-f-]{36}', 'ID', request.url)}"
        if request.method == "GET" or lost.count(key) >= 1:
            route.continue_()
        elif len(lost) % 2:
            lost.append(key)
            route.fetch()  # it reached the server, its answer does not come back
            route.abort("connectionreset")
        else:
            lost.append(key)
            route.abort("connectionfailed")

    page.goto(f"{live_server.url}/start/")
    page.route("**/*", unreliable)
    page.set_input_files("#upload-files", _files(5 << 20, 1000))
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(re.compile(r"/c/\w+/$"), timeout=60_000)
    assert len(lost) >= 5
    assert page.locator(".card h3").count() == 2
    page.context.close()
    assert _rows() == [1000, 5 << 20]


def test_a_file_that_is_refused_is_said(open_page, live_server, settings):
    """Of two files the good one is in; of the other the next page says why not."""
    from dataclasses import replace

    settings.GONGDAO = replace(settings.GONGDAO, max_file_bytes=2000)
    page = open_page()
    page.goto(f"{live_server.url}/start/")
    page.set_input_files("#upload-files", _files(5000, 1000))
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(re.compile(r"/c/\w+/$"))
    assert "文件太大" in page.content()
    page.context.close()
    assert _rows() == [1000]


def test_adding_to_a_case(open_page, live_server):
    """From the page of files, more files go into the same case."""
    page = open_page()
    page.goto(f"{live_server.url}/start/")
    page.fill("#upload-text", "买家 在吗")
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(re.compile(r"/c/\w+/$"))
    home = page.url
    page.goto(f"{home}files/")
    page.set_input_files("#upload-files", _files(1000))
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(home)
    page.context.close()
    assert len(_rows()) == 2


def test_without_scripts(open_page, live_server):
    """The same form works as a plain form, and the page says how to see how far it is."""
    page = open_page(java_script_enabled=False)
    page.goto(f"{live_server.url}/start/")
    page.set_input_files("#upload-files", _files(1000, 2000))
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(re.compile(r"/c/\w+/$"))
    assert page.locator("noscript a").first.is_visible()
    page.context.close()
    assert _rows() == [1000, 2000]
