"""Delivery promises as they are worded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.evidence.promise import read_promise


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("付款后 10 分钟内自动发货", 600),
        ("5-30分钟到账", 1800),
        ("秒到账，24 小时在线充", 0),
        ("自动发货", 0),
        ("半小时内发货", 1800),
        ("24小时内到账", 86400),
        ("两天内发货", 172800),
        ("30 分钟内到账，不到全额退", 1800),
        ("失效 24 小时内包换", None),
        ("全新未使用", None),
        ("24小时客服在线", None),
        ("7天内无理由退款", None),
        ("7×24小时在线", None),
        ("限时 43 折，全年最低价", None),
    ],
)
def test_the_time_to_delivery(text, seconds):
    """Times of delivery are read, after-sale periods are not."""
    within = read_promise(text).within
    assert within == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "all_day"),
    [
        ("7×24小时自动发货", True),
        ("24 小时在线充", True),
        ("24小时内包换", False),
        ("10分钟", False),
    ],
)
def test_round_the_clock(text, all_day):
    """Twenty-four hours a day is not within twenty-four hours."""
    assert read_promise(text).all_day is all_day


def test_working_days_are_counted_apart():
    """Three working days are no three days."""
    promise = read_promise("3个工作日内到账")
    assert (promise.working_days, promise.within) == (3, None)


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    """Nothing breaks the reader."""
    assert read_promise(text).text == text


@given(st.integers(1, 600))
def test_minutes_are_minutes(count):
    """Any number of minutes."""
    assert read_promise(f"付款后{count}分钟内发货").within == timedelta(minutes=count)
