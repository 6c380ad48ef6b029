"""Times as people write them: read, or refused with an example."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.clock import (
    BEIJING,
    beijing,
    find_instant,
    find_instants,
    parse_iso,
    say_chinese,
    say_minute,
    say_second,
)
from gongdao.core.errors import InputError

_INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda at: at.replace(tzinfo=BEIJING)
)


def test_a_missing_zone_is_beijing() -> None:
    """Without a zone Beijing is meant; with one it is kept."""
    assert parse_iso("2026-11-20T10:00:00") == parse_iso("2026-11-20T02:00:00+00:00")
    assert parse_iso("2026-11-20T10:00:00").utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "text", ["", "明天", "2026-13-01", "0001-01-01", "9999-12-31T23:59:59Z", "1e9"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """No time, or one no order can have: an error with an example, and no overflow later."""
    with pytest.raises(InputError):
        parse_iso(text)


@given(_INSTANTS)
def test_what_is_said_can_be_read(at: datetime) -> None:
    """Every way of saying an instant is found again in text, to the precision said."""
    to_minute = at.replace(second=0, microsecond=0)
    for text in (say_minute(at), say_chinese(at)):
        assert find_instant(f"时间：{text}，完") == to_minute
    assert find_instant(say_second(at)) == at.replace(microsecond=0)
    assert beijing(at) == at


@given(st.text(alphabet="0123456789-/.年月日时分:： T", max_size=60))
def test_rubbish_gives_no_time_and_no_error(text: str) -> None:
    """Digits in any arrangement never break the reading, and positions lie within the text."""
    for at, position in find_instants(text):
        assert at.tzinfo is BEIJING
        assert 0 <= position < len(text)


def test_endless_blanks_cost_nothing() -> None:
    """A date followed by a hundred thousand blanks or line ends is searched in linear time: the
    answer comes at all (tried in every way it would take hours)."""
    for filler in (" ", "\n", "\u3000", " \n"):
        assert find_instants("2026-11-02" + filler * 100_000 + "x") == []
