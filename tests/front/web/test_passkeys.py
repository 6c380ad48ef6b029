"""Passkeys in a real browser with a virtual authenticator: added, and signed in with."""

from __future__ import annotations

import pytest
from django.db import connections
from playwright.sync_api import ViewportSize, expect
from tests.front.web.look_kit import find_browser, open_browser
from tests.front.web.public_kit import PASSWORD, make_user, use_plain_static

MAIL = "a@example.org"
PHONE: ViewportSize = {"width": 360, "height": 740}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _plain(settings, monkeypatch):
    use_plain_static(settings)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture
def complaints():
    """What the browser complained of."""
    return []


@pytest.fixture
def page(live_server, settings, complaints):
    """A page of a phone whose owner always agrees."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    make_user(MAIL)  # before the browser's loop runs: inside it Django opens a connection apart
    with open_browser(path) as browser:
        page = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page


def _authenticator(page, *, agrees: bool = True):
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": agrees,
        "automaticPresenceSimulation": True,
    }
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def _sign_in(page, live_server) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("#id_login", MAIL)
    page.fill("#id_password", PASSWORD)
    page.click("form[action$='/accounts/login/'] button[type=submit]")
    page.wait_for_url("**/me/")


def _add_passkey(page, live_server) -> None:
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/webauthn/add/")
    page.click("[data-passkey-go]")
    page.wait_for_url("**/recovery-codes/**")


def test_a_passkey_is_added_and_signs_in(page, live_server, complaints):
    """Added once, it signs in by itself, and the browser has nothing to complain of."""
    _authenticator(page)
    _sign_in(page, live_server)
    _add_passkey(page, live_server)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/accounts/login/")
    page.click("#passkey-login [data-passkey-go]")
    page.wait_for_url("**/me/")
    expect(page.locator("main")).to_contain_text(MAIL)
    assert complaints == []


def test_a_refused_passkey_says_what_to_do(page, live_server):
    """Where the device does not know its owner nothing is sent and the page says how to go on."""
    devtools, made = _authenticator(page)
    _sign_in(page, live_server)
    _add_passkey(page, live_server)
    wanted = {"authenticatorId": made["authenticatorId"], "isUserVerified": False}
    devtools.send("WebAuthn.setUserVerified", wanted)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/accounts/login/")
    page.click("#passkey-login [data-passkey-go]")
    expect(page.locator("#passkey-login [role=status]")).to_contain_text("没有完成")
    assert page.url.endswith("/accounts/login/")


def test_a_second_step_can_be_a_passkey(page, live_server):
    """After the password the passkey takes the place of a code."""
    _authenticator(page)
    _sign_in(page, live_server)
    _add_passkey(page, live_server)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("#id_login", MAIL)
    page.fill("#id_password", PASSWORD)
    page.click("form[action$='/accounts/login/'] button[type=submit]")
    page.wait_for_url("**/2fa/authenticate/")
    page.click("#passkey-second [data-passkey-go]")
    page.wait_for_url("**/me/")


def test_without_scripts_the_page_says_so(live_server, settings):
    """The button is not shown where it could do nothing."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with open_browser(path) as browser:
        page = browser.new_context(java_script_enabled=False, locale="zh-CN").new_page()
        page.goto(f"{live_server.url}/accounts/login/")
        expect(page.locator("#passkey-login [data-passkey-go]")).to_be_hidden()
        expect(page.locator("#passkey-login [role=status]")).to_contain_text("JavaScript")
