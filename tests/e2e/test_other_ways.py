"""By keyboard alone, in English, in the dark, in a chat app's browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.stories import chat_text
from tests.e2e.visitor import PHONE, begin_with_text

WECHAT = f"{PHONE['user_agent']} XWEB/1260 MicroMessenger/8.0.50.2700 WeChat/arm64 Language/zh_CN"


def test_by_keyboard_alone(meet):
    """Tab and Enter lead from the first page to the next step; where one is can always be seen;
    the first stop skips to the content."""
    buyer = meet("desktop")
    buyer.go("/")
    buyer.page.keyboard.press("Tab")
    assert _focus(buyer) == "跳到正文"
    buyer.page.keyboard.press("Enter")
    assert buyer.page.evaluate("document.activeElement.id") == "main"
    _tab_to(buyer, "用三张截图开始")
    with buyer.page.expect_navigation():
        buyer.page.keyboard.press("Enter")
    buyer.look()
    _tab_to(buyer, "", tag="TEXTAREA")
    buyer.page.keyboard.insert_text(chat_text())
    _tab_to(buyer, "放好了，开始")
    with buyer.page.expect_navigation():
        buyer.page.keyboard.press("Enter")
    buyer.wait_until_read()
    expect(buyer.page.get_by_role("heading", name="下一步")).to_be_visible()
    _tab_to(buyer, "就是这些")
    with buyer.page.expect_navigation():
        buyer.page.keyboard.press("Enter")
    buyer.look()


_STOP = """() => {
  const e = document.activeElement, s = getComputedStyle(e);
  return [e.innerText || '', e.tagName,
    s.outlineStyle != 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow != 'none'];
}"""


def _focus(buyer) -> str:
    """What has the focus; it must be seen to have it."""
    words, tag, seen = buyer.page.evaluate(_STOP)
    assert seen, (words, tag)
    return str(words).strip()


def _tab_to(buyer, name: str, *, tag: str = "") -> None:
    """Press Tab until the control with that name, or of that kind, has the focus."""
    for _stop in range(80):
        buyer.page.keyboard.press("Tab")
        words = _focus(buyer)
        found = buyer.page.evaluate("document.activeElement.tagName")
        if words == name if not tag else found == tag:
            return
    raise AssertionError(f"{name or tag} cannot be reached by Tab")


def test_language_and_colours_stay_with_the_page(meet):
    """English and dark are chosen on a page of a case and that page is shown again in them; the
    choice holds on the next pages."""
    buyer = meet("phone")
    link = begin_with_text(buyer, chat_text())
    buyer.go(f"{link}facts/order/")
    buyer.press(buyer.page.get_by_role("link", name="English"))
    assert buyer.page.url.startswith(f"{link}facts/order/")
    assert buyer.page.locator("html").get_attribute("lang") == "en"
    light = _ground(buyer)
    buyer.press(buyer.page.get_by_role("button", name="Dark"))
    assert buyer.page.url.startswith(f"{link}facts/order/")
    assert _ground(buyer) != light
    for section in (
        "",
        "files/",
        "facts/",
        "standing/",
        "channels/",
        "letters/",
        "follow/",
        "keep/",
    ):
        buyer.go(f"{link}{section}")
        assert buyer.page.locator("html").get_attribute("lang") == "en"
        assert _ground(buyer) != light


def _ground(buyer) -> str:
    return buyer.page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.slow
def test_case_file_leaves_a_chat_app_by_a_one_time_link(meet):
    """A browser inside WeChat, which refuses zips, is offered the index and a link for the phone's
    own browser; that link gives the case file to the first who takes it, and to nobody else."""
    buyer = meet("phone", user_agent=WECHAT)
    begin_with_text(buyer, chat_text())
    buyer.open_section("留存")
    buyer.press("做一份卷宗")
    expect(buyer.page.get_by_text("微信里的浏览器不让下载压缩包")).to_be_visible(timeout=60_000)
    buyer.look()
    buyer.press("做一条在浏览器里用的链接")
    address = buyer.page.locator("#take-link").inner_text()
    outside = meet("phone")
    outside.go(address)
    with outside.page.expect_download() as coming:
        outside.control("下载卷宗").click()
    assert coming.value.suggested_filename.endswith(".zip")
    late = meet("desktop")
    late.go(address)  # chat apps look at every link by themselves: looking uses nothing up
    late.press("下载卷宗", status=404)
    assert "这条链接打不开" in late.text()
