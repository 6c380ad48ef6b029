"""The demonstration's market on a real server, and its people: a seller, and the operator."""

from __future__ import annotations

import base64
import hmac
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SELLER = "cards@demo.invalid"
OPERATOR = "operator@demo.invalid"
_STEP_S = 30


def fill_market(real_server) -> dict[str, Any]:
    """The market of the demonstration, made beside the server while it runs; what was said."""
    command = [str(Path(sys.executable).parent / "gongdao"), "demo-market", "--json"]
    env = real_server._settings()
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sign_in_seller(one, password: str, mail: str = SELLER) -> None:
    """Sign in as a merchant's member, and sit down at his desk."""
    one.go("/accounts/login/")
    form = one.page.locator("form:has(input[name=password])")
    form.locator("input[name=login]").fill(mail)
    form.locator("input[name=password]").fill(password)
    one.press(form.get_by_role("button").first)
    one.go("/desk/")


def totp(secret: str, later: int = 0) -> str:
    """RFC 6238, ``later`` steps from now: one code serves once."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, (int(time.time()) // _STEP_S + later).to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def sign_in_operator(one, password: str, kept: dict[str, Any]) -> None:
    """Open the operator's desk. The first time the second factor is set up on the way and the
    session kept in ``kept``: a code opens nothing a second time, and the next one takes a while."""
    if kept:
        one.context.add_cookies(kept["cookies"])
        one.go("/operator/")
        return
    _fill_in(one, password)
    button = one.page.get_by_role("button", name="登录", exact=True)
    one.press(button, status=403)
    assert "两步验证" in one.text()
    one.go("/accounts/2fa/totp/activate/")
    if "确认是您" in one.text() or one.page.locator("#id_password").count():
        one.page.locator("#id_password").fill(password)
        one.press(one.page.locator("main form button").first)
    secret = one.page.locator("#totp-secret").inner_text().strip()
    one.page.locator("#id_code").fill(totp(secret))
    one.press("开启")
    one.context.clear_cookies()
    _fill_in(one, password)
    one.press(button)
    one.page.locator("#id_code").fill(totp(secret, 1))
    one.press(one.page.locator("main form button").first)
    assert "等人处理的" in one.text(), one.text()
    kept["cookies"] = one.context.cookies()


def _fill_in(one, password: str) -> None:
    one.go("/accounts/login/?next=/operator/")
    one.page.locator("#id_login").fill(OPERATOR)
    one.page.locator("#id_password").fill(password)


def go_to(buyer, title):
    """From the shop front to a listing, by searching for it."""
    buyer.go("/market/")
    buyer.page.get_by_label("找什么").fill(title)
    buyer.press("查找")
    buyer.press(buyer.page.get_by_role("link", name=title, exact=True))


def order_goods(buyer, title, quantity=1):
    """Two screens: the form, then the order with its number and code. Returns both."""
    go_to(buyer, title)
    buyer.page.get_by_label("数量").fill(str(quantity))
    buyer.press("购买")
    for label in ("要充的手机号",):
        if buyer.page.get_by_label(label).count():
            buyer.page.get_by_label(label).fill("13800000000")
    buyer.page.get_by_label("邮箱或手机号").fill("someone@example.invalid")
    buyer.page.get_by_label("我看过并接受交易条款").check()
    if buyer.page.get_by_label("我知道这是测试卡").count():
        buyer.page.get_by_label("我知道这是测试卡").check()
    buyer.press("下单，去付款")
    text = buyer.text()
    found = re.search(r"/orders/([0-9A-Z]{12})/", buyer.page.url)
    code = re.search(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", text)
    assert found and code, text
    return found[1], code[0]


def pay_in_sandbox(buyer, number, act="付款"):
    """Go to the sandbox, do ``act``, and come back to the order."""
    buyer.press(buyer.page.get_by_role("link", name=re.compile("去付款")))
    buyer.press(buyer.page.get_by_role("link", name=re.compile("^去沙盒")))
    buyer.press(buyer.page.get_by_role("button", name=act, exact=True))
    buyer.press("回到订单")
    assert number in buyer.page.url
