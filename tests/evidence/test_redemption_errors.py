"""What redemption messages mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.evidence.redemption_errors import RedemptionResult, classify_redemption

MESSAGES = (
    Path(__file__).resolve().parents[2].parent / "shared" / "inputs" / "redemption_messages.jsonl"
)
SAME = {"used", "region", "expired", "not_activated"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("卡密无效，请核对后重新输入。", "invalid"),
        ("此兑换码已被使用。", "used"),
        ("该卡己被使用", "used"),
        ("该兑换码已由其他账号兑换成功", "used"),
        ("该卡密已被激活", "used"),
        ("cdkey 已充值成功", "used"),
        ("该卡号为体验卡号，不支持充值", "test_card"),
        ("该卡已被冻结，无法使用", "blocked"),
        ("点数已被扣回，账号封禁30天", "blocked"),
        ("该卡已过期，请使用其他卡", "expired"),
        ("卡片未激活", "not_activated"),
        ("本卡仅限港服账号使用", "region"),
        ("此代码不能在您所在的国家/地区兑换", "region"),
        ("卡号不属于本区", "region"),
        ("操作过于频繁，请稍后再试", "limit"),
        ("兑换成功，已到账100元", "success"),
        ("您已成功兑换", "success"),
        ("充值成功，但未到账", "unknown"),
        ("正在充值中", "unknown"),
    ],
)
def test_class_of_a_message(text, result):
    """Each message has the class that a reader would give it."""
    assert classify_redemption(text) is RedemptionResult(result)


def test_no_failure_collected_in_the_wild_is_a_success():
    """The worst mistake would be to call a failure a success."""
    if not MESSAGES.is_file():
        pytest.skip("the collected messages are not at hand")
    rows = [json.loads(x) for x in MESSAGES.read_text(encoding="utf-8").splitlines()]
    for one in rows:
        result = classify_redemption(one["text"])
        assert result is not RedemptionResult.SUCCESS, one["text"]
        if one["meaning"] in SAME:
            assert result.value == one["meaning"], one["text"]


@given(st.text(max_size=80))
def test_negated_messages_are_never_successes(text):
    """未, 不 and 失败 exclude success."""
    assert classify_redemption(f"{text}未成功") is not RedemptionResult.SUCCESS
