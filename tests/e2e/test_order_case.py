"""From an order to its receipt and to a case, on a real server with its public log."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.e2e.people import order_goods, pay_in_sandbox
from tests.e2e.test_market import CARD

from gongdao_verify.main import main

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_receipt_is_saved_and_a_case_is_made(meet, market, tmp_path, device):
    """The receipt from the page holds offline; one click makes a case with six records in it,
    behind a link and a code, and the way back is the same case."""
    buyer = meet(device)
    number, _code = order_goods(buyer, CARD)
    pay_in_sandbox(buyer, number)
    _wait_for_receipt(buyer, number)
    buyer.look()
    with buyer.page.expect_download() as saved:
        buyer.page.get_by_role("button", name="下载，不含卡密").click()
    file = Path(tmp_path / "receipt.json")
    saved.value.save_as(file)
    assert json.loads(file.read_bytes())["snapshot"]["order"] == number
    assert main([str(file)]) == 0
    buyer.go(f"/orders/{number}/")
    buyer.press("用这个订单建一个维权案件")
    assert "/c/" in buyer.page.url and "案件建好了" in buyer.text()
    buyer.wait_until_read()
    assert number in buyer.text()
    case = buyer.page.url
    buyer.go(f"/orders/{number}/")
    buyer.press("用这个订单建一个维权案件")
    assert buyer.page.url == case


def _wait_for_receipt(buyer, number):
    """The log signs within moments."""
    until = time.monotonic() + 30
    buyer.go(f"/orders/{number}/")
    buyer.press("订单凭证：卡密从哪一批来，可离线核对")
    while "凭证成立" not in buyer.text():
        assert time.monotonic() < until, buyer.text()
        time.sleep(0.5)
        buyer.go(f"/orders/{number}/receipt/")
