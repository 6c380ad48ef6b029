"""The demonstration's market on a real server, and its people: a seller, and the operator."""

from __future__ import annotations

import base64
import hmac
import json
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


def sign_in_operator(one, password: str, kept: dict[str, str]) -> None:
    """Sign in so that the operator's desk opens; the first time the second factor is set up on the
    way, and its secret kept in ``kept``."""
    _fill_in(one, password)
    button = one.page.get_by_role("button", name="登录", exact=True)
    if "totp" not in kept:
        one.press(button, status=403)
        assert "两步验证" in one.text()
        one.go("/accounts/2fa/totp/activate/")
        if "确认是您" in one.text() or one.page.locator("#id_password").count():
            one.page.locator("#id_password").fill(password)
            one.press(one.page.locator("main form button").first)
        kept["totp"] = one.page.locator("#totp-secret").inner_text().strip()
        one.page.locator("#id_code").fill(totp(kept["totp"]))
        one.press("开启")
        one.context.clear_cookies()
        _fill_in(one, password)
    one.press(button)
    one.page.locator("#id_code").fill(totp(kept["totp"], 1))
    one.press(one.page.locator("main form button").first)
    assert "等人处理的" in one.text(), one.text()


def _fill_in(one, password: str) -> None:
    one.go("/accounts/login/?next=/operator/")
    one.page.locator("#id_login").fill(OPERATOR)
    one.page.locator("#id_password").fill(password)
