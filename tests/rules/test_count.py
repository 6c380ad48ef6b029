"""Counting time limits: known answers, properties, and the sentence that shows the counting."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.clock import BEIJING, parse_iso
from gongdao.core.errors import InputError, NotKnown
from gongdao.rules.calendar import Calendar
from gongdao.rules.count import Count, count_deadline
from gongdao.rules.model import Deadline, Shift, Status, Unit
from gongdao.rules.queries import count, work_calendar

ON = date(2026, 11, 22)
STARTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 9, 30), timezones=st.just(BEIJING))


def rule(length: int, unit: Unit, shift: Shift = Shift.NONE, acts: str = "regulator") -> Deadline:
    """A time limit to count with."""
    return Deadline(
        id="deadline/test",
        version=1,
        in_force_from=date(2020, 1, 1),
        source="test",
        status=Status.HOUSE_POLICY,
        checked=ON,
        name="测试期限",
        name_en="test",
        length=length,
        unit=unit,
        starts="event",
        starts_zh="起",
        starts_en="start",
        shift=shift,
        acts=acts,
        says="说",
        says_en="says",
    )


def run(
    start: str, length: int, unit: Unit, shift: Shift = Shift.NONE, acts: str = "regulator"
) -> Count:
    """Count from a time written as ISO text."""
    return count_deadline(
        start=parse_iso(start), rule=rule(length, unit, shift, acts), calendar=work_calendar()
    )


def test_hours_are_exact_over_holidays():
    """48 hours over the National Day holiday are 48 hours, and no estimate even in 2027."""
    result = count("platform_answer", parse_iso("2026-09-30T22:15:30"), ON)
    assert result.due == datetime(2026, 10, 2, 22, 15, 30, tzinfo=BEIJING)
    assert not result.estimated and not result.skipped and "48 小时" in result.counted
    assert not run("2027-05-01T00:00", length=48, unit=Unit.HOURS).estimated


def test_hours_keep_the_instant_of_another_zone():
    """A start on a London clock is the same instant in Beijing."""
    result = run("2026-11-01T23:30:00+00:00", length=24, unit=Unit.HOURS)
    assert result.due == datetime(2026, 11, 3, 7, 30, tzinfo=BEIJING)


def test_working_days_skip_the_holiday_and_count_the_makeup_day():
    """Seven working days from 24 September 2026 end on 12 October, and the sentence says why."""
    result = count("regulator_acceptance", parse_iso("2026-09-24T10:00"), ON)
    assert result.due == datetime(2026, 10, 12, 23, 59, 59, tzinfo=BEIJING)
    assert (date(2026, 10, 1), "国庆节") in result.skipped
    assert (date(2026, 10, 11), "周末") in result.skipped
    assert date(2026, 10, 10) not in dict(result.skipped)
    for word in (
        "2026-09-24 当日不计",
        "2026-09-28",
        "国庆节",
        "中秋节",
        "2026-10-10",
        "2026-10-12",
    ):
        assert word in result.counted
    assert not result.estimated


def test_the_day_is_that_of_beijing():
    """A start late in the evening in London is the next day in Beijing, and that is day zero."""
    result = run("2026-11-01T20:00:00+00:00", length=1, unit=Unit.WORKING_DAYS)
    assert result.due.date() == date(2026, 11, 3)


def test_past_the_published_years_the_count_is_an_estimate():
    """Working days that run into 2027 assume weekends only and say so."""
    result = run("2026-12-28T10:00", length=7, unit=Unit.WORKING_DAYS)
    assert result.due.date() == date(2027, 1, 6)
    assert result.estimated and "估算" in result.counted and "2026" in result.counted
    assert not run("2026-12-15T10:00", length=7, unit=Unit.WORKING_DAYS).estimated


def test_a_holiday_at_the_end_moves_the_day():
    """Sixty days that end on 3 October 2026 end on 8 October, with one reading only."""
    result = count("regulator_mediation", parse_iso("2026-08-04T09:00"), ON)
    assert result.due.date() == date(2026, 10, 8) and result.readings == ()
    assert "顺延至 2026-10-08" in result.counted


def test_a_plain_weekend_at_the_end_has_two_readings():
    """Where the text says only holidays, a Saturday is read both ways; the later is taken."""
    result = run("2026-11-06T09:00", length=15, unit=Unit.CALENDAR_DAYS, shift=Shift.FESTIVAL)
    early, late = result.readings
    assert (early.due.date(), late.due.date()) == (date(2026, 11, 21), date(2026, 11, 23))
    assert result.due == late.due and "两种理解" in result.counted
    assert [d for d, _ in result.skipped] == [date(2026, 11, 21), date(2026, 11, 22)]
    assert "放假" not in result.counted


def test_the_buyer_gets_the_safe_reading():
    """Where the buyer has to act the earlier day is taken, so that nothing is missed."""
    result = run(
        "2026-11-06T09:00",
        length=15,
        unit=Unit.CALENDAR_DAYS,
        shift=Shift.FESTIVAL,
        acts="buyer",
    )
    assert result.due == result.readings[0].due and "以免误期" in result.counted


def test_a_rest_day_moves_the_last_day_of_a_court_period():
    """Court periods move off weekends too; both readings are still shown."""
    result = run("2026-11-06T09:00", length=15, unit=Unit.CALENDAR_DAYS, shift=Shift.REST_DAY)
    assert result.due.date() == date(2026, 11, 23)
    assert [r.due.date() for r in result.readings] == [date(2026, 11, 21), date(2026, 11, 23)]
    assert [d for d, _ in result.skipped] == [date(2026, 11, 21), date(2026, 11, 22)]


def test_a_makeup_workday_is_no_weekend():
    """A Saturday that is worked does not move a period."""
    result = run("2026-10-03T09:00", length=7, unit=Unit.CALENDAR_DAYS, shift=Shift.REST_DAY)
    assert result.due.date() == date(2026, 10, 10) and result.readings == ()


@pytest.mark.parametrize(
    ("start", "length", "unit", "due"),
    [
        ("2026-01-31T10:00", 1, Unit.MONTHS, date(2026, 2, 28)),
        ("2026-11-30T10:00", 3, Unit.MONTHS, date(2027, 2, 28)),
        ("2024-02-29T10:00", 1, Unit.YEARS, date(2025, 2, 28)),
        ("2024-02-29T10:00", 4, Unit.YEARS, date(2028, 2, 29)),
        ("2026-12-05T10:00", 1, Unit.MONTHS, date(2027, 1, 5)),
    ],
)
def test_months_and_years_end_on_the_same_numbered_day(start, length, unit, due):
    """The day of the month is kept, or the month's last day where there is none."""
    assert run(start, length=length, unit=unit).due.date() == due


def test_extensions_are_granted_as_often_as_the_rule_says():
    """A report is checked in 15 working days, or 30; never in 45."""
    start = parse_iso("2026-11-02T10:00")
    assert count("regulator_report_check", start, ON).due.date() == date(2026, 11, 23)
    extended = count("regulator_report_check", start, ON, extended=1)
    assert extended.due.date() == date(2026, 12, 14) and extended.length == 30
    with pytest.raises(InputError):
        count("regulator_report_check", start, ON, extended=2)


def test_what_cannot_be_counted_is_refused():
    """No number, no zone, an impossible year or a window that lies before: an error each."""
    with pytest.raises(NotKnown, match="没有规定"):
        count("association_mediation", parse_iso("2026-11-02T10:00"), ON)
    with pytest.raises(InputError):
        count("platform_answer", datetime(2026, 11, 2), ON)
    with pytest.raises(InputError):
        count("limitation", datetime(9998, 1, 1, tzinfo=BEIJING), ON)
    with pytest.raises(InputError, match="向前数"):
        count("price_baseline", parse_iso("2026-11-02T10:00"), ON)


def test_the_old_mediation_period_counts_for_old_cases():
    """Before 15 April 2026 mediation took 45 working days, since then 60 days."""
    start = parse_iso("2026-03-02T10:00")
    old = count("regulator_mediation", start, date(2026, 3, 2))
    new = count("regulator_mediation", start, date(2026, 4, 15))
    assert (old.unit, old.length) == (Unit.WORKING_DAYS, 45)
    assert (new.unit, new.length) == (Unit.CALENDAR_DAYS, 60)


@given(start=STARTS, length=st.integers(1, 45))
def test_working_days_agree_with_the_independent_calendar(start, length):
    """As many working days lie after the start up to the due day as the rule says."""
    result = count_deadline(
        start=start, rule=rule(length, Unit.WORKING_DAYS), calendar=work_calendar()
    )
    after = [start.date() + timedelta(days=n) for n in range(1, 200)]
    counted = [d for d in after if d <= result.due.date() and chinese_calendar.is_workday(d)]
    assert len(counted) == length and counted[-1] == result.due.date()
    assert [d for d, _ in result.skipped] == [
        d for d in after if d <= result.due.date() and not chinese_calendar.is_workday(d)
    ]


@given(
    start=STARTS,
    length=st.integers(1, 60),
    shift=st.sampled_from(Shift),
    acts=st.sampled_from(["buyer", "court"]),
)
def test_a_shift_only_ever_moves_later_and_never_past_a_working_day(start, length, shift, acts):
    """The due day is the counted day or later, with no working day between the two."""
    kind = rule(length, Unit.CALENDAR_DAYS, shift, acts)
    calendar = work_calendar()
    result = count_deadline(start=start, rule=kind, calendar=calendar)
    last = start.date() + timedelta(days=length)
    gap = (result.due.date() - last).days
    assert gap >= 0
    assert not any(calendar.works(last + timedelta(days=n)) for n in range(gap))
    if shift is Shift.REST_DAY:
        assert calendar.works(result.due.date())


def test_an_empty_calendar_says_that_it_knows_nothing():
    """With no published year every count of working days is an estimate."""
    empty = Calendar({}, frozenset(), frozenset())
    result = count_deadline(
        start=parse_iso("2026-09-30T10:00"), rule=rule(1, Unit.WORKING_DAYS), calendar=empty
    )
    assert result.estimated and result.due.date() == date(2026, 10, 1)
