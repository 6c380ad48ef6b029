"""The operator's desk in a browser: signed in with a second factor, a merchant admitted by mail,
paused again; the ledger balances; suppliers, holds, payouts and the record are looked at."""

from __future__ import annotations

import base64
import hmac
import json
import re
import subprocess
import sys
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
OPERATOR = "operator@demo.invalid"
_STEP_S = 30


@pytest.fixture(scope="module")
def password(real_server):
    """The demonstration's market on the real server; the password of its people."""
    command = [str(Path(sys.executable).parent / "gongdao"), "demo-market", "--json"]
    env = real_server._settings()
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["password"]


def _totp(secret: str, later: int = 0) -> str:
    """RFC 6238, ``later`` steps from now: one code serves once."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, (int(time.time()) // _STEP_S + later).to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def _sign_in(one, password: str) -> None:
    one.go("/accounts/login/?next=/operator/")
    one.page.locator("#id_login").fill(OPERATOR)
    one.page.locator("#id_password").fill(password)


@pytest.fixture(scope="module")
def secret():
    """Where the authenticator's secret is kept between tests of this file."""
    return {}


def _enter(one, password: str, secret: dict[str, str]) -> None:
    """Sign in so that the desk opens; the first time the second factor is set up on the way."""
    _sign_in(one, password)
    button = one.page.get_by_role("button", name="登录", exact=True)
    if "totp" not in secret:
        one.press(button, status=403)
        assert "两步验证" in one.text()
        one.go("/accounts/2fa/totp/activate/")
        if "确认是您" in one.text() or one.page.locator("#id_password").count():
            one.page.locator("#id_password").fill(password)
            one.press(one.page.locator("main form button").first)
        secret["totp"] = one.page.locator("#totp-secret").inner_text().strip()
        one.page.locator("#id_code").fill(_totp(secret["totp"]))
        one.press("开启")
        one.context.clear_cookies()
        _sign_in(one, password)
    one.press(button)
    one.page.locator("#id_code").fill(_totp(secret["totp"], 1))
    one.press(one.page.locator("main form button").first)
    assert "等人处理的" in one.text(), one.text()


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


def test_a_merchant_is_admitted_and_paused(meet, password, secret, post, tmp_path):
    """On a phone: contact, code, papers, decision; deposit and terms are said to be missing."""
    one = meet("phone")
    _enter(one, password, secret)
    one.press(one.page.get_by_role("link", name="商家", exact=True))
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


def test_the_desk_on_a_wide_screen(meet, password, secret):
    """Every section, an order by its number, the trial balance: all as it should be."""
    one = meet("desktop")
    _wait_for_another_code()
    _enter(one, password, secret)
    for name in ("商家", "订单", "账目", "冻结", "付款", "上游", "操作记录"):
        one.press(one.page.locator(".operator-nav").get_by_role("link", name=name, exact=True))
    one.go("/operator/ledger/")
    one.press("现在试算")
    assert "平衡：每一笔都对得上" in one.text()
    one.press(one.page.locator("main table a").first)
    one.go("/operator/holds/")
    one.press(one.page.locator("main .card a").first)
    assert "承诺" in one.text()


def _wait_for_another_code() -> None:
    """A code that was used opens nothing a second time, nor does an older one."""
    time.sleep(_STEP_S + 1)
