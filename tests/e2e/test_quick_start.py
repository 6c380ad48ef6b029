"""The whole way of a worried buyer: three screenshots in, a filed complaint out, and erased."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.e2e.stories import FAILED, ORDER, RECEIPT
from tests.front.server.server_kit import wait_until

pytestmark = pytest.mark.slow
ISSUED = "1202611230007"
"""The number that 12315 is said to have given."""


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_from_three_screenshots_to_a_filed_complaint(meet, device, real_server, post, tmp_path):
    """Quick start, correction, letter, filing, reminder, outcome, case file, sharing, erasing."""
    buyer = meet(device, permissions=["clipboard-read", "clipboard-write"])
    link = _begin(buyer)
    _correct_a_field(buyer)
    _say_what_went_wrong(buyer, link)
    _see_where_it_stands(buyer)
    _edit_the_letter(buyer)
    _file_it(buyer)
    _be_reminded(buyer, link, real_server, post, address=f"{device}@mail.example")
    _record_the_outcome(buyer)
    _take_the_case_file(buyer, tmp_path)
    shared = _share(buyer, meet)
    _erase(buyer, link, shared, meet, real_server)


def _begin(buyer) -> str:
    """Home → start → three files chosen → read one by one → the next step. Returns the link."""
    buyer.go("/")
    buyer.press("用三张截图开始")
    buyer.choose_files([ORDER, RECEIPT, FAILED])
    buyer.press("放好了，开始")
    assert re.search(r"/c/[0-9a-z]{26}/$", buyer.page.url)
    expect(buyer.page.locator("[data-file]")).to_have_count(3)
    expect(buyer.page.get_by_role("main").get_by_text("/ 3")).to_be_visible()
    buyer.wait_until_read()
    expect(buyer.page.get_by_role("heading", name="下一步")).to_be_visible()
    assert "KM20261102140250017" in buyer.text() and "¥98.00" in buyer.text()
    return buyer.page.url


def _correct_a_field(buyer) -> None:
    """The picture is beside the field; what was read is kept beside the correction."""
    buyer.open_section("材料")
    buyer.press(buyer.page.get_by_role("link", name="order.png"))
    field = buyer.page.locator("main .field", has=buyer.page.get_by_label("商品", exact=True))
    expect(field.locator("img, svg, .region").first).to_be_visible()
    buyer.page.get_by_label("商品", exact=True).fill("某游戏 100 元点卡")
    buyer.press("保存改正")
    expect(buyer.page.get_by_label("商品", exact=True)).to_have_value("某游戏 100 元点卡")
    assert "读到的是“某游戏100元点卡”" in buyer.text()


def _say_what_went_wrong(buyer, link) -> None:
    """The reason that the files suggest is ticked already: one tap."""
    buyer.go(link)
    expect(buyer.page.get_by_role("checkbox", name=re.compile("卡密无效"))).to_be_checked()
    buyer.press("就是这些")
    assert "您遇到的是哪一种" not in buyer.text()
    assert "某游戏 100 元点卡" in buyer.text()


def _see_where_it_stands(buyer) -> None:
    """Six elements by three stages, each with a word."""
    buyer.open_section("现状")
    rows = buyer.page.locator(".standing").first.locator("tbody tr")
    expect(rows).to_have_count(6)
    assert "已付款" in rows.nth(1).inner_text() and "成立" in rows.nth(1).inner_text()


def _edit_the_letter(buyer) -> None:
    """Facts are locked; the tone is checked while one types; what is saved is used."""
    buyer.open_section("渠道")
    buyer.press(buyer.page.get_by_role("main").get_by_role("link", name="12315 举报").last)
    buyer.press("改这篇文字")
    locked = buyer.page.locator(".part.locked")
    assert locked.filter(has_text="98.00").count() and not locked.locator("textarea").count()
    own = buyer.page.get_by_label("加一段自己的话")
    own.fill("据本人陈述：这家店就是一群骗子！")
    expect(buyer.page.locator("#check")).to_contain_text("骂人", timeout=10_000)
    expect(buyer.page.locator(".part", has=own)).to_contain_text("骂人")
    own.fill("据本人陈述：当天又问过一次，没有答复。")
    expect(buyer.page.locator("#check")).not_to_contain_text("骂人", timeout=10_000)
    expect(buyer.page.locator("#preview")).to_contain_text("当天又问过一次")
    buyer.press("保存")
    expect(buyer.page.locator("#preview")).to_contain_text("当天又问过一次")
    buyer.press("去提交的页面")


def _file_it(buyer) -> None:
    """One field is copied as it stands; then "I filed it" starts the clock."""
    field = buyer.page.locator(".copy").filter(has=buyer.page.locator("[data-copy]")).first
    field.locator("[data-copy]").click()
    expect(buyer.page.locator("#status")).to_have_text("已复制")
    copied = buyer.page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == field.locator(".value").inner_text().strip() != ""
    buyer.page.get_by_label("受理号、工单号或投诉单号").fill(ISSUED)
    buyer.press("记下来")
    assert buyer.page.url.endswith("/follow/")
    assert ISSUED in buyer.text()
    deadlines = buyer.page.locator("main h2#deadlines ~ ul").first
    expect(deadlines).to_contain_text("举报核查立案")
    expect(deadlines).to_contain_text("15 个工作日")


def _be_reminded(buyer, link, server, post, *, address) -> None:
    """An address counts once the code sent there was typed; a reminder that is due arrives, and
    tells nobody on the way what it is about."""
    buyer.press("加提醒地址")
    buyer.press("电子邮件")
    buyer.page.locator("main input[type=email]").fill(address)
    buyer.press("发确认码")
    wait_until(lambda: _mails(post, address) != [])
    code = re.search(r"\b\d{6}\b", _mails(post, address)[0])
    assert code
    buyer.page.get_by_label("收到的 6 位数字").fill(code[0])
    buyer.press("确认")
    wait_until(lambda: _first_due(server, link) is not None)
    due = _first_due(server, link)
    assert due is not None
    server.send_reminders_at(due + timedelta(minutes=1))
    told = _mails(post, address)[1]
    assert link in told
    assert not any(word in told for word in ("示例数卡店", "点卡", "98.00", ISSUED))
    buyer.go(f"{link}follow/reminders/")
    assert "已交给" in buyer.text()


def _mails(post, address) -> list[str]:
    """Subject and text of every mail to ``address``."""
    found = []
    for to, content in post.mails:
        if to == address:
            mail = message_from_bytes(content, policy=default)
            found.append(f"{mail['subject']}\n{mail.get_body(('plain',)).get_content()}")
    return found


_PLANNED = """
SELECT due FROM casework_reminder JOIN casework_case ON casework_case.id = case_id
WHERE state = 'pending' AND link_digest = sha256(%s) ORDER BY due LIMIT 1
"""


def _first_due(server, link) -> datetime | None:
    """When the case's first reminder is to be sent; None while none is planned."""
    rows = server.ask_database(_PLANNED, _token(link))
    return rows[0][0] if rows else None


def _token(link: str) -> bytes:
    return link.rstrip("/").rpartition("/")[2].encode()


def _record_the_outcome(buyer) -> None:
    """The answer is recorded on the filing, and what it opens is said."""
    buyer.open_section("跟进")
    buyer.press("记结果")
    buyer.page.locator("main input[name=outcome][value=rejected]").check()
    buyer.press("保存，看接下来")
    assert "这一笔改变了什么" in buyer.text()


def _take_the_case_file(buyer, folder: Path) -> None:
    """The zip is made in the background, downloaded, and verified by the small verifier alone."""
    buyer.open_section("留存")
    buyer.press("做一份卷宗")
    ready = buyer.page.get_by_role("link", name="下载卷宗")
    expect(ready).to_be_visible(timeout=60_000)
    buyer.look()
    with buyer.page.expect_download() as coming:
        ready.click()
    taken = folder / "case.zip"
    coming.value.save_as(taken)
    verifier = Path(sys.executable).parent / "gongdao-verify"
    done = subprocess.run([verifier, taken], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _share(buyer, meet) -> str:
    """Somebody else reads along by the link alone; private numbers are masked there."""
    buyer.press("分享链接")
    buyer.press("做链接")
    shared = buyer.page.locator(".copy .value").first.inner_text()
    friend = meet("desktop")
    friend.go(shared)
    assert "示例数卡店" in friend.text() and "已付款" in friend.text()
    assert "KM20261102140250017" not in friend.text()
    assert not friend.page.locator("main form").count()
    return shared


def _erase(buyer, link, shared, meet, server) -> None:
    """Everything is destroyed and shown to be; every link is dead."""
    buyer.open_section("留存")
    buyer.press("看看会删掉什么")
    buyer.press("继续")
    buyer.page.get_by_label("输入提取码").fill("全部删除")
    buyer.press("全部删除")
    assert "密钥销毁于" in buyer.text()
    expect(buyer.page.get_by_role("main").get_by_text("都已清除")).to_be_visible(timeout=30_000)
    asked = "SELECT 1 FROM casework_case WHERE link_digest = sha256(%s)"
    assert server.ask_database(asked, _token(link)) == []
    stranger = meet("desktop")
    with stranger.expecting(404, 410):
        stranger.page.goto(shared)
    assert "这条链接打不开" in stranger.text()
    stranger.go(link)
    assert "提取码" in stranger.text() and "示例数卡店" not in stranger.text()
