"""The promise counts service time alone, and is what the listing says for this very moment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.clock import BEIJING
from gongdao.market.promise import (
    ALWAYS,
    Promise,
    ServiceHours,
    Span,
    deliver_by,
    hours_of,
    merged,
    promise_of,
)

NINE_TO_SIX = ServiceHours((*(((Span(time(9), time(18)),),) * 5), (), ()))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("ordered", "promised"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:10"),
        ("2026-11-23T08:00", "2026-11-23T09:10"),
        ("2026-11-23T17:55", "2026-11-24T09:05"),
        ("2026-11-27T18:00", "2026-11-30T09:10"),
        ("2026-11-28T12:00", "2026-11-30T09:10"),
    ],
)
def test_service_time_alone_counts(ordered: str, promised: str):
    """Ten minutes begun five minutes before closing end five minutes after the next opening."""
    assert deliver_by(Promise(10), NINE_TO_SIX, _at(ordered)) == _at(promised)


def test_closed_days_and_midnight():
    """A closed day is no service day, and a span may run to midnight and on from it."""
    closed = ServiceHours(NINE_TO_SIX.week, frozenset({date(2026, 11, 23)}))
    assert deliver_by(Promise(1), closed, _at("2026-11-23T10:00")) == _at("2026-11-24T09:01")
    night = ServiceHours(tuple((Span(time(0), time(2)), Span(time(22), time(0))) for _ in range(7)))
    assert deliver_by(Promise(20), night, _at("2026-11-23T23:50")) == _at("2026-11-24T00:10")
    assert deliver_by(Promise(90), ALWAYS, _at("2026-11-23T23:00")) == _at("2026-11-24T00:30")


def test_no_service_time_at_all_is_refused():
    """Where nobody is ever there, no promise can be made."""
    with pytest.raises(ValueError, match="service time"):
        deliver_by(Promise(1), ServiceHours(((),) * 7), _at("2026-11-23T10:00"))


_TIMES = st.times(time(0), time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0))
_SPANS = st.lists(
    st.sets(_TIMES, min_size=2, max_size=2).map(lambda p: Span(*sorted(p))), max_size=3
).map(merged)


@given(
    st.lists(_SPANS, min_size=7, max_size=7).filter(any),
    st.integers(1, 3000),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
)
def test_against_counting_minute_by_minute(week, minutes, moment):
    """Going through the minutes one by one gives the same moment."""
    hours = ServiceHours(tuple(week))
    at = moment.replace(tzinfo=BEIJING, second=0, microsecond=0)
    left, now = minutes, at
    while left and now < at + timedelta(days=55):
        left -= any(start <= now < end for start, end in hours.spans(now.date()))
        now += timedelta(minutes=1)
    if not left:
        assert deliver_by(Promise(minutes), hours, at) == now


@given(st.lists(_SPANS, min_size=7, max_size=7), st.integers(0, 10_000), st.booleans())
def test_json_and_back(week, minutes, instant):
    """What is stored reads back as it was."""
    hours = ServiceHours(tuple(week), frozenset({date(2026, 10, 1)}))
    assert hours_of(hours.plain()) == hours
    assert promise_of(Promise(minutes, instant).plain()) == Promise(minutes, instant)
