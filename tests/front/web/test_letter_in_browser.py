"""A letter checked while it is typed, in a real browser and in the same page."""

from __future__ import annotations

import pytest
from django.db import connections
from playwright.sync_api import expect
from tests.casework.online.online_kit import new_case
from tests.front.web.go_kit import PAGES, STATED
from tests.front.web.look_kit import find_browser, open_browser
from tests.front.web.public_kit import use_plain_static

from gongdao.front.clock import now
from gongdao.front.stores import get_stores

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def case(settings, monkeypatch):
    """A case with letters, made before the browser's loop runs in this thread."""
    use_plain_static(settings)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    return new_case(get_stores(), statement=STATED, readings=PAGES, at=now())


def test_what_is_typed_is_checked_beside_it(case, live_server, settings):
    """A sum that no exhibit carries is marked beside the words and in the list, the preview
    follows, the field keeps focus and words, and nothing is saved."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    home, typed = f"{live_server.url}/c/{case.content.link}/", "请退还 777.00 元。"
    with open_browser(path) as browser:
        page = browser.new_context(locale="zh-CN").new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(home)
        page.fill("[name=code]", case.content.code)
        page.click("main form button[type=submit], main form button:not([type])")
        page.goto(f"{home}letters/demand/")
        assert "htmx" not in "".join(page.locator("script").evaluate_all("s => s.map(x => x.src)"))
        page.fill("#own-new", typed)
        expect(page.locator("#preview")).to_contain_text("777.00")
        expect(page.locator("#check")).to_contain_text("证据里没有这个金额")
        expect(page.locator("#flag-own-1")).to_contain_text("证据里没有这个金额")
        assert page.locator("#preview").count() == 1
        assert page.input_value("#own-new") == typed
        assert page.evaluate("document.activeElement.id") == "own-new"
        page.reload()
        assert "777.00" not in page.inner_text("#preview")
        assert complaints == []
        page.context.close()
