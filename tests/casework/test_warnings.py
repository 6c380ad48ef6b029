"""What a buyer must hear first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SECRET,
    SILENT,
    WRONG_USCC,
    Story,
    Talk,
    failure,
    issuer,
    licence,
    receipt,
    talk,
)
from tests.evidence.dossier_kit import L as Said

from gongdao.casework.warnings import find_warnings
from gongdao.core.codes import Payment
from gongdao.evidence.statement import Buyer

BASE = Story(reasons=("invalid_secret",), pages=(*FULL, failure()), contacts=SILENT)


def warnings(**more: Any) -> str:
    """All warnings of the usual case with changes, as one text."""
    judged = replace(BASE, **more).judged()
    return "\n".join(str(w) for w in find_warnings(judged.dossier, judged.closure, judged.routes))


def said(text: str, *labels: Said) -> tuple[Talk, ...]:
    """A chat with one line of the merchant."""
    return (talk("during/c.txt", ("merchant", "11-02 15:00:00", text, *labels)),)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("再补600激活费就能一起到", "600"),
        ("需要先交 200 元保证金", "200"),
        ("先充100块验证一下账号", "100"),
    ],
)
def test_a_demand_for_more_money_is_warned_of(text, amount):
    """The further sum is named."""
    assert f"不要再付对方要求的 {amount} 元" in warnings(talks=said(text))


@pytest.mark.parametrize(
    "text",
    [
        "需要24小时服务请留言",
        "本店已交保证金，放心",
        "不需要激活费",
        "保证金退还给您",
        "订单需要 10 分钟开通",
    ],
)
def test_words_that_ask_for_no_money_are_left_alone(text):
    """A time is no sum, and the shop's own deposit is not the buyer's."""
    found = warnings(talks=said(text))
    assert "不要再付" not in found and "不要付" not in found


def test_a_threat_is_warned_of():
    """Keep it, do not answer in kind."""
    assert "威胁" in warnings(talks=said("再投诉就把你电话挂网上", Said.THREAT))
    assert "威胁" not in warnings()


def test_a_quoted_line_holds_no_secret():
    """Warnings are shown on screens that others see."""
    assert SECRET not in warnings(talks=said(f"卡密 {SECRET} 要再补600激活费"))


def test_situations_that_change_route_or_law():
    """Resale, minors, transfer, fraud, refutation, wrong check digits, copies."""
    assert "转卖" in warnings(buyer=Buyer(own_use=False))
    assert "监护人" in warnings(buyer=Buyer(adult=False))
    assert "平台之外" in warnings(order=replace(ORDER, payment=Payment.TRANSFER))
    assert "96110" in warnings(suspect_fraud=True)
    assert "校验不通过" in warnings(pages=(licence(WRONG_USCC),))
    assert "不是原图" in warnings(pages=(receipt(altered=True),))
    fine = issuer("该卡密有效，可正常兑换")
    assert "证据不支持主张" in warnings(pages=(*BASE.pages, fine))
