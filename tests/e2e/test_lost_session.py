"""A session lost in the middle, an expired form, a server that dies: nothing is lost or doubled."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect
from tests.e2e.stories import chat_text
from tests.e2e.visitor import begin_with_text

PROMISE = "付款后 10 分钟内自动发货"
BIG = {"name": "录屏.bin", "mimeType": "application/octet-stream"}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_what_was_typed_survives_a_lost_session(meet, scripts):
    """All cookies are gone while facts are typed: the code is asked for, then they are saved."""
    buyer = meet("phone", java_script_enabled=scripts)
    link = begin_with_text(buyer, chat_text())
    code = _code(buyer)
    buyer.go(f"{link}facts/order/")
    buyer.page.fill("main [name=promise]", PROMISE)
    buyer.page.fill("main [name=merchant]", "“引号”<b>店</b>")
    buyer.context.clear_cookies()
    with buyer.expecting(403):
        buyer.press("保存", status=403)
    assert "您填的内容还在" in buyer.text()
    buyer.press("继续保存")
    buyer.page.get_by_label("提取码").fill("AAAAA-AAAAA")
    buyer.press("打开", status=403)
    buyer.page.get_by_label("提取码").fill(code.lower().replace("-", " "))
    buyer.press("打开")
    if buyer.control("继续保存").count():
        buyer.press("继续保存")
    assert PROMISE in buyer.text() and "“引号”<b>店</b>" in buyer.text()


def test_what_was_typed_survives_an_expired_form(meet):
    """Only the cookie against forged forms is gone: one press, and it is saved."""
    buyer = meet("phone")
    link = begin_with_text(buyer, chat_text())
    buyer.go(f"{link}facts/order/")
    buyer.page.fill("main [name=promise]", PROMISE)
    buyer.context.clear_cookies(name="csrf")
    buyer.press("保存", status=403)
    assert "您填的内容还在" in buyer.text()
    buyer.press("继续保存")
    assert PROMISE in buyer.text()


def test_session_alone_is_lost(meet):
    """The session ends but the form is still good: the code page carries what was typed."""
    buyer = meet("desktop")
    link = begin_with_text(buyer, chat_text())
    code = _code(buyer)
    buyer.go(f"{link}facts/order/")
    buyer.page.fill("main [name=promise]", PROMISE)
    buyer.context.clear_cookies(name="session")
    buyer.press("保存")
    assert "您刚填的内容还在" in buyer.text()
    buyer.page.get_by_label("提取码").fill(code)
    buyer.press("打开")
    buyer.press("继续保存")
    assert PROMISE in buyer.text()


def _code(buyer) -> str:
    return buyer.page.locator("#keep-both").inner_text().rpartition("：")[2].strip()


@pytest.mark.usefixtures("server_dies")
@pytest.mark.parametrize("killed", [pytest.param("pages", marks=pytest.mark.soak), "everything"])
def test_upload_goes_on_after_the_server_died(meet, real_server, killed):
    """The process that takes the file, or all of the server, is killed between two pieces: the
    upload goes on by itself, and the file is there once, whole."""
    buyer = meet("phone")
    link = begin_with_text(buyer, chat_text())
    buyer.go(f"{link}files/")
    body = os.urandom(9 * 1024 * 1024)
    buyer.choose_files([{**BIG, "buffer": body}])
    sent: list[str] = []
    buyer.page.on("request", lambda r: sent.append(r.url) if r.method == "PUT" else None)

    def kill_after_first(route) -> None:
        if not killed_once and len(sent) > 1:
            killed_once.append(True)
            _kill(real_server, killed)
        route.continue_()

    killed_once: list[bool] = []
    buyer.page.route("**/upload/*/?offset=*", kill_after_first)
    with (
        buyer.expecting(0, 404, 500, 502, 503),
        buyer.page.expect_navigation(url=link, timeout=60_000),
    ):
        buyer.control("加进案件").click()
    assert killed_once
    buyer.wait_until_read()
    buyer.open_section("材料")
    cards = buyer.page.locator("[data-file]")
    expect(cards.filter(has_text="录屏.bin")).to_have_count(1)
    place = cards.filter(has_text="录屏.bin").get_by_role("link").get_attribute("href")
    got = buyer.context.request.get(f"{buyer.site}{place}original/")
    assert got.body() == body


def _kill(server, what: str) -> None:
    if what == "pages":
        server.kill_pages()
    else:
        server.kill()
        server.start()
