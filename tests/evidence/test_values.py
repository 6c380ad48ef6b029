"""Values as OCR mangles them, and the normal form they must come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.evidence.screen_fields.licence import read_uscc
from gongdao.evidence.values import is_price, read_amount, read_code, read_count, read_instant


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2026-10-0809:08:35", "2026-10-08 09:08:35"),
        ("2026年9月21日16:55:23", "2026-09-21 16:55:23"),
        ("2026/11/01 14:00", "2026-11-01 14:00"),
        ("2026-11-02 14.03.21", "2026-11-02 14:03:21"),
        ("２０２６－１１－０２ １４：０３：２１", "2026-11-02 14:03:21"),
        ("14:06", None),
        ("20261102140250017", None),
        ("2026-13-40 25:61", None),
    ],
)
def test_instants(text, want):
    """Lost blanks and full width are undone; a bare clock or an order number is no time."""
    assert read_instant(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("-98.00", "98.00"),
        ("￥980.00", "980.00"),
        ("夫98.50", "98.50"),
        ("+1,280.5元", "1280.50"),
        ("4.36元", "4.36"),
        ("¥ 19.90", "19.90"),
        ("示例", None),
    ],
)
def test_amounts(text, want):
    """Signs, separators and a misread ¥ do not matter."""
    assert read_amount(text) == want


def test_clock_is_no_price():
    """A status-bar clock is never taken for an amount."""
    assert not is_price("09:41", marked=True)


def test_codes_and_counts():
    """The longest serial is the code; counts come from ×n and n 张."""
    assert read_code("KM20261102140250017 复制") == "KM20261102140250017"
    assert read_code("2002 6110 5777 0012") == "2002611057770012"
    assert read_count("x20") == read_count("20 张") == "20"
    assert read_count("KM20") is None


def test_licence_code_is_mended_only_where_the_check_digit_agrees():
    """O read for 0 is put right when the code is valid with it, and left alone otherwise."""
    assert read_uscc("9299O100MA9D7K2L29") == "92990100MA9D7K2L29"
    assert read_uscc("9299O100MA9D7K2L28") == "9299O100MA9D7K2L28"
    assert read_uscc("统一社会信用代码") is None


@given(st.text(max_size=40))
def test_any_text_is_harmless(text):
    """No text makes a reader raise; what comes out has its normal form."""
    read_code(text), read_count(text), read_uscc(text)
    amount, instant = read_amount(text), read_instant(text)
    assert amount is None or amount[-3] == "."
    assert instant is None or len(instant) in (16, 19)
