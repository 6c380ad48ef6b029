"""A merchant at his desk on a real server: a listing from nothing to its first sale, secrets put
on the shelf by the worker, messages both ways; without scripts too."""

from __future__ import annotations

import re

import pytest
from tests.e2e.people import sign_in_seller

pytestmark = pytest.mark.slow
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
SECRETS = 300


def _wait_for(one, words):
    """Until the worker has come so far; without scripts the page is asked for again."""
    for _turn in range(60):
        if words in one.text():
            return
        one.page.wait_for_timeout(500)
        if not one.scripts:
            one.page.reload()
    raise AssertionError(one.text())


def _fill_listing(seller, title):
    page = seller.page
    page.get_by_label("标题").fill(title)
    page.get_by_label("类别").select_option("game_card")
    page.get_by_label("面额或规格").fill("50 元")
    page.get_by_label("适用地区").fill("不限")
    page.get_by_label("账号限制").fill("无")
    page.get_by_label("来源凭证").set_input_files(
        {"name": "proof.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.get_by_label("单价（元）").fill("48.00")
    page.get_by_label("怎样兑换").fill("在官网充值页输入。")
    page.get_by_label("买到后怎样马上验证").fill("在官网查询余额。")
    page.get_by_label("售后条件").fill("无效就换。")


def _add_secrets(seller, prefix):
    """Paste a list with one line twice, look at the result, put it on the shelf."""
    lines = [f"{prefix}{n:08d}" for n in range(SECRETS)]
    seller.page.get_by_label("或者粘贴在这里").fill("\n".join([*lines, lines[1]]))
    seller.press("先检查")
    _wait_for(seller, "检查完，等您决定")
    assert f"第 {SECRETS + 1} 行" in seller.text() and prefix not in seller.page.content()
    seller.press("把收下的放上货架")
    _wait_for(seller, "已放上货架")
    assert prefix not in seller.page.content()


@pytest.mark.parametrize(
    ("device", "scripts"), [("phone", True), ("phone", False), ("desktop", True)]
)
def test_a_listing_from_nothing_to_its_first_sale(meet, market, device, scripts):
    """Draft → everything missing → shelf → secrets → publish → a stranger finds it."""
    title = f"示例新卡 {device}{scripts}"
    seller = meet(device, java_script_enabled=scripts)
    sign_in_seller(seller, market["password"])
    seller.press(seller.page.get_by_role("link", name="商品管理"))
    seller.press("新建商品")
    address = seller.page.url
    seller.press("存草稿，看还缺什么", status=422)
    assert "写明卖的是什么" in seller.text()
    _fill_listing(seller, title)
    seller.press("存草稿，看还缺什么", status=422)
    assert "库位" in seller.text()
    seller.press(seller.page.locator("main").get_by_role("link", name="库存", exact=True))
    seller.press("建库位")
    _add_secrets(seller, f"E{'P' if device == 'phone' else 'D'}{'S' if scripts else 'N'}")
    seller.go(address)
    seller.press(seller.page.get_by_role("link", name="看预览").first)
    assert "买家会看到下面的样子" in seller.text() and "¥48.00" in seller.text()
    seller.press("上架")
    assert "上架了，第 1 版" in seller.text()
    stranger = meet("phone")
    stranger.go(f"/market/?q={title}")
    assert title in stranger.text()


def test_messages_go_both_ways(meet, market):
    """A buyer asks about his order, the merchant answers, the buyer reads it."""
    card = "示例游戏点卡 30 元"
    buyer = meet("phone")
    buyer.go("/market/?q=示例游戏点卡")
    buyer.press(buyer.page.get_by_role("link", name=card, exact=True))
    buyer.press("购买")
    buyer.page.get_by_label("邮箱或手机号").fill("asks@example.invalid")
    buyer.page.get_by_label("我看过并接受交易条款").check()
    buyer.press("下单，去付款")
    found = re.search(r"/orders/([0-9A-Z]{12})/", buyer.page.url)
    assert found
    buyer.press("给商家留言，或看商家的回答")
    buyer.page.get_by_label("写消息").fill("能在手机上用吗？")
    buyer.press("发送")
    seller = meet("desktop")
    sign_in_seller(seller, market["password"])
    assert "等您回答" in seller.text()
    seller.press(seller.page.get_by_role("link", name="消息"))
    seller.press(seller.page.locator("main h2 a").first)
    assert "能在手机上用吗？" in seller.text()
    seller.page.get_by_label("写消息").fill("能。")
    seller.press("发送")
    buyer.go(f"/orders/{found[1]}/messages/")
    assert "能。" in buyer.text()
