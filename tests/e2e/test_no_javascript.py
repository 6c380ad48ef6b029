"""Without JavaScript the whole way can be gone: start, correct, reason, letter, filing, outcome."""

from __future__ import annotations

import pytest
from tests.e2e.stories import FAILED, RECEIPT, chat_text

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_whole_way_without_scripts(meet, device):
    """Forms and links alone lead from two screenshots and a pasted chat to a recorded outcome."""
    buyer = meet(device, java_script_enabled=False)
    buyer.go("/start/")
    buyer.choose_files([RECEIPT, FAILED])
    buyer.page.fill("#upload-text", chat_text())
    buyer.press("放好了，开始")
    link = buyer.page.url
    buyer.wait_until_read()
    assert "下一步" in buyer.text()
    _correct(buyer)
    buyer.go(link)
    buyer.press("就是这些")
    buyer.open_section("现状")
    assert buyer.page.locator(".standing tbody tr").count() >= 6
    _check_and_file(buyer)
    buyer.press("记结果")
    buyer.page.locator("main input[name=outcome]").first.check()
    buyer.press("保存，看接下来")
    assert "接下来" in buyer.text()
    buyer.open_section("留存")
    buyer.press("做一份卷宗")
    for _attempt in range(60):
        if buyer.page.get_by_role("link", name="下载卷宗").count():
            break
        buyer.page.wait_for_timeout(500)
        buyer.press("看看好了没有")
    assert buyer.page.get_by_role("link", name="下载卷宗").count()


def _correct(buyer) -> None:
    buyer.open_section("材料")
    buyer.press(buyer.page.get_by_role("link", name="receipt.png"))
    buyer.page.get_by_label("商品", exact=True).fill("某游戏 100 元点卡")
    buyer.press("保存改正")
    assert "您改过" in buyer.text()


def _check_and_file(buyer) -> None:
    """The letter is checked by a button of its own; then it is filed."""
    buyer.open_section("渠道")
    buyer.press(buyer.page.get_by_role("main").get_by_role("link", name="12315 举报").last)
    buyer.press("改这篇文字")
    buyer.page.get_by_label("加一段自己的话").fill("这家店就是一群骗子！")
    buyer.press("检查")
    assert "骂人" in buyer.text()
    assert buyer.page.locator("textarea", has_text="骗子").count()
    buyer.press("去提交的页面")
    buyer.page.get_by_label("受理号、工单号或投诉单号").fill("1202611230008")
    buyer.press("记下来")
    assert "1202611230008" in buyer.text()
