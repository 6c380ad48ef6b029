"""The tone and the sums of a letter are checked while it is written, on the real site."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.stories import chat_text
from tests.e2e.visitor import begin_with_text

_THREAT = "再不退款我就找人堵你家门，让你身败名裂。"
_SUM = "请另外赔偿 777.00 元。"


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_threat_and_a_sum_are_flagged_while_they_are_typed(meet, device):
    """In a new paragraph a threat, and a sum that no file carries, are marked beside the words and
    in the list within a moment and without a reload; taken out again, the mark goes; what is
    harmless never has one."""
    buyer = meet(device)
    link = begin_with_text(buyer, chat_text())
    buyer.press("就是这些")
    buyer.go(f"{link}letters/demand/")
    page = buyer.page
    page.evaluate("window.stays = true")
    own, flag, listed = (page.locator(one) for one in ("#own-new", "#flag-own-1", "#check"))
    for words, said in ((_THREAT, "威胁"), (_SUM, "证据里没有这个金额")):
        own.press_sequentially(words, delay=5)
        expect(flag).to_contain_text(said)
        expect(listed).to_contain_text(said)
        buyer.look()
        own.fill("")
        expect(flag).not_to_contain_text(said)
        expect(listed).not_to_contain_text(said)
    own.press_sequentially("请在三日内答复。", delay=5)
    expect(page.locator("#preview")).to_contain_text("请在三日内答复")
    expect(flag).to_be_empty()
    assert page.evaluate("window.stays") and page.evaluate("document.activeElement.id") == "own-new"
    page.reload()
    assert "请在三日内答复" not in page.locator("#preview").inner_text()
