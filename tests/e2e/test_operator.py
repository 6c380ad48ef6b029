"""The operator's desk in a browser: signed in with a second factor, a merchant admitted by mail,
paused again; the ledger balances; suppliers, holds, payouts and the record are looked at."""

from __future__ import annotations

import re
import time
from email import message_from_bytes
from email.policy import default

import pytest
from tests.e2e.people import sign_in_operator

pytestmark = pytest.mark.slow


def _code(post, to: str) -> str:
    for _ in range(50):
        for address, raw in reversed(post.mails):
            if address == to:
                body = message_from_bytes(raw, policy=default).get_content()
                found = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", body)
                assert found
                return found[0]
        time.sleep(0.1)
    raise AssertionError("no code came")


def test_a_merchant_is_admitted_and_paused(meet, market, second_factor, post, tmp_path):
    """On a phone: contact, code, papers, decision; deposit and terms are said to be missing."""
    one = meet("phone")
    sign_in_operator(one, market["password"], second_factor)
    one.press(one.page.get_by_role("link", name="商家管理", exact=True))
    one.press("办理入驻")
    one.page.get_by_label("商家的邮箱").fill("dawn@example.invalid")
    one.press("发送验证码")
    one.page.get_by_label("验证码").fill("AAAAA-AAAAA")
    one.press("核对", status=422)
    one.page.get_by_label("验证码").fill(_code(post, "dawn@example.invalid"))
    one.press("核对")
    paper = tmp_path / "licence.pdf"
    paper.write_bytes(b"%PDF-1.4 a licence")
    one.page.get_by_label("店铺名称").fill("晨光点卡")
    one.page.get_by_label("法定名称").fill("晨光网络有限公司")
    one.page.get_by_label("统一社会信用代码").fill("91110000600037341A")
    one.page.get_by_label("营业执照或身份证件").set_input_files(paper)
    one.page.locator("#id_brand_1").fill("星海游戏")
    one.page.locator("#id_proof_1").set_input_files(paper)
    one.page.get_by_label("批准的理由").fill("对照过执照原件")
    one.press("批准入驻", status=422)
    assert "校验位不对" in one.text()
    one.page.get_by_label("统一社会信用代码").fill("91110000600037341L")
    for place in ("#id_licence", "#id_proof_1"):
        one.page.locator(place).set_input_files(paper)
    one.press("批准入驻")
    assert "现在不能上架" in one.text() and "保证金" in one.text()
    one.page.get_by_label("邀请成员（邮箱）").fill("dawn-member@example.invalid")
    one.press("邀请")
    assert "dawn-member@example.invalid" in one.text()
    one.page.locator("#decide-reason").fill("货源存疑")
    one.press("暂停商家")
    assert "已暂停" in one.text()
    one.go("/operator/deeds/")
    assert "批准入驻" in one.text() and "货源存疑" in one.text()


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_every_section_of_the_desk(meet, market, second_factor, device):
    """Every section, the trial balance, an order with its promise: all as it should be."""
    one = meet(device)
    sign_in_operator(one, market["password"], second_factor)
    for name in ("商家管理", "订单管理", "账目", "冻结", "付款管理", "上游管理", "操作记录"):
        one.press(one.page.locator(".operator-nav").get_by_role("link", name=name, exact=True))
    one.go("/operator/ledger/")
    one.press("现在试算")
    assert "平衡：每一笔都对得上" in one.text()
    one.press(one.page.locator("main table a").first)
    one.go("/operator/holds/")
    one.press(one.page.locator("main .card a").first)
    assert "承诺" in one.text()
