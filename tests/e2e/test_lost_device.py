"""A lost phone is shut out of the case, from another device, and the case goes on."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.stories import chat_text
from tests.e2e.visitor import begin_with_text


def test_the_lost_phone_sees_nothing_any_more(meet):
    """On the computer the buyer saves a new link and code and puts them in force; the phone, on
    which the case was open, meets the code form at its next step, and gets in with the new ones."""
    phone, computer = meet("phone"), meet("desktop")
    old = begin_with_text(phone, chat_text())
    code = phone.page.locator("#keep-both").inner_text().rpartition("：")[2].strip()
    computer.go(old)
    computer.page.get_by_label("提取码").fill(code)
    computer.press("打开")
    computer.go(f"{old}keep/")
    computer.press("换一组新的，让别的设备退出")
    computer.press("看看新的一组")
    saved = computer.page.locator("#keep-both").inner_text()
    link, new_code = (line.partition("：")[2].strip() for line in saved.splitlines())
    assert link != old and new_code != code
    phone.go(f"{old}keep/")
    assert "打开案件" not in phone.page.title()
    computer.page.get_by_label("新的一组我存好了").check()
    computer.press("现在换")
    expect(computer.page.get_by_text("换好了")).to_be_visible()
    assert computer.page.url == f"{link}keep/"
    for address in (old, f"{old}files/"):
        phone.go(address)
        expect(phone.page.get_by_role("heading", name="打开案件")).to_be_visible()
    phone.go("/me/")
    assert "示例" not in phone.text()
    phone.go(link)
    phone.page.get_by_label("提取码").fill(new_code)
    phone.press("打开")
    phone.go(f"{link}files/")
    for address in ("keep/", "keep/new-keys/", "keep/new-keys/save/?what=code"):
        phone.go(f"{link}{address}")
