"""Begun before buying, gone on with when something went wrong."""

from __future__ import annotations

import hashlib

import pytest
from tests.e2e.stories import LISTING, ORDER

pytestmark = pytest.mark.slow


def test_begin_before_buying_and_go_on_later(meet):
    """What was saved before buying is there with its digest when the order went wrong, on
    another device, and the case goes on from it."""
    buyer = meet("phone")
    buyer.go("/")
    buyer.press("买之前看一眼")
    buyer.choose_files([LISTING])
    buyer.page.get_by_label("或者粘贴商品说明").fill("卖家说：付款后 10 分钟内自动发货")
    buyer.press("存下来")
    assert hashlib.sha256(LISTING.read_bytes()).hexdigest() in buyer.text()
    link = buyer.page.locator("#case-link").inner_text()
    code = buyer.page.locator("#case-code").inner_text()

    later = meet("desktop")
    later.go("/")
    later.page.get_by_label("案件链接").fill(link)
    later.page.get_by_label("提取码").fill(code.lower())
    later.press("打开")
    assert later.page.url == link
    later.open_section("材料")
    later.choose_files([ORDER])
    later.press("加进案件")
    later.wait_until_read()
    later.open_section("材料")
    assert all(name in later.text() for name in ("listing.png", "order.png"))
    later.go(f"{link}saved/")
    assert "listing.png" in later.text() and "order.png" not in later.text()
