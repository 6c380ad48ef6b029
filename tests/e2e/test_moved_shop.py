"""A shop moves in to a running server: old links open for who knows what belongs to them, on phone
and desktop, with and without scripts; the number alone opens nothing. The merchant finds his drafts
and coupons at his desk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.market.moved_shop import small_shop

pytestmark = pytest.mark.slow
NUMBER = "AAAABBBBCCCC0001"
MERCHANT = "示例数卡店"


@pytest.fixture(scope="module")
def moved(real_server, tmp_path_factory) -> dict[str, Any]:
    """What the commands said that made a market and moved a shop in, beside the pages that run."""
    dump = small_shop(tmp_path_factory.mktemp("old") / "shop.sql")
    env, command = real_server._settings(), str(Path(sys.executable).parent / "gongdao")
    said: dict[str, Any] = {}
    for words in (
        ["demo-market"],
        ["move-in", "dujiaoka", str(dump), "--merchant", MERCHANT, "--loop-uses", "5"],
    ):
        done = subprocess.run([command, *words, "--json"], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said |= json.loads(done.stdout)
    return said


@pytest.mark.parametrize(("device", "scripts"), [("phone", False), ("desktop", True)])
def test_an_old_link(meet, moved, device, scripts):
    """Link → what is asked → the wrong word → the right one → what the old shop delivered."""
    buyer = meet(device, java_script_enabled=scripts)
    buyer.go(f"/detail-order-sn/{NUMBER}")
    assert "SOLD-0004" not in buyer.text()
    assert buyer.page.get_by_label("旧店的订单号").input_value() == NUMBER
    buyer.page.get_by_label("查询密码，没有设过就填邮箱").fill("a@b.invalid")
    buyer.press("打开", status=404)
    assert "只有密码能打开" in buyer.text() and "SOLD-0004" not in buyer.text()
    buyer.page.get_by_label("查询密码，没有设过就填邮箱").fill("pw 1")
    buyer.press("打开")
    assert "SOLD-0004" in buyer.text() and MERCHANT in buyer.text()


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_the_desk_after_moving_in(meet, moved, device):
    """Drafts with what they lack, stock with its source, the old coupons, and a new one."""
    assert moved["orders"] and moved["coupons"]["new"] + moved["coupons"]["already"] == 2
    seller = meet(device)
    seller.go("/accounts/login/")
    form = seller.page.locator("form:has(input[name=password])")
    form.locator("input[name=login]").fill("cards@demo.invalid")
    form.locator("input[name=password]").fill(moved["password"])
    seller.press(form.get_by_role("button").first)
    seller.go("/desk/listings/")
    assert "点卡 50 元" in seller.text()
    listing = next(one for one in moved["drafts"] if one["title"] == "点卡 50 元")["listing"]
    seller.go(f"/desk/stock/{listing}/")
    assert "从旧店搬来" in seller.text() and "AAAA-0001" not in seller.text()
    seller.go("/desk/coupons/")
    assert "dujiaoka #1" in seller.text() and "共 3 次，还剩 3 次" in seller.text()
    seller.page.get_by_label("名称").fill(f"开业 {device}")
    seller.page.get_by_label("减百分之几").fill("10")
    seller.press("做好")
    assert "现在抄下来" in seller.text() and f"开业 {device}" in seller.text()
