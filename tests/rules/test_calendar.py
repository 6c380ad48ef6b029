"""The calendar agrees day by day with an independent one."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from gongdao.core.errors import RuleDataError
from gongdao.core.language import use_language
from gongdao.rules.calendar import DayKind, make_calendar
from gongdao.rules.load import load_rules
from gongdao.rules.model import YearCalendar
from gongdao.rules.queries import work_calendar


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_agrees_with_the_independent_calendar(year):
    """Each day of a published year is a working day here exactly if it is one there."""
    calendar, day, compared = work_calendar(), date(year, 1, 1), 0
    while day.year == year:
        assert calendar.works(day) == chinese_calendar.is_workday(day), day
        compared += 1
        day += timedelta(days=1)
    assert compared == 365 and calendar.published(date(year, 6, 1))


def test_kinds_of_days_are_told_apart():
    """Holiday, make-up workday, weekend and workday are four things."""
    calendar = work_calendar()
    days = {
        date(2026, 10, 1): DayKind.HOLIDAY,
        date(2026, 10, 10): DayKind.MAKEUP,
        date(2026, 10, 11): DayKind.WEEKEND,
        date(2026, 10, 12): DayKind.WORK,
        date(2027, 10, 1): DayKind.WORK,
    }
    assert {d: calendar.kind(d) for d in days} == days
    assert not calendar.published(date(2027, 10, 1))


def test_holidays_have_names_in_both_languages():
    """A holiday is named in the language in use, another day has no name."""
    calendar = work_calendar()
    assert calendar.holiday_name(date(2026, 2, 17)) == "春节"
    use_language("en")
    try:
        assert calendar.holiday_name(date(2026, 2, 17)) == "Spring Festival"
        assert calendar.holiday_name(date(2026, 3, 3)) == ""
    finally:
        use_language("zh")


@pytest.mark.parametrize(
    "lines",
    [
        'off = [{first=2026-01-01,last=2026-01-03,name="元旦",name_en="n"}]\nwork = [2026-01-02]',
        "off = []\nwork = [2026-01-05]",
        "off = []\nwork = [2025-01-04]",
        'off = [{first=2025-12-31,last=2026-01-01,name="元旦",name_en="n"}]\nwork = []',
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(tmp_path, lines):
    """Days outside the year, working holidays and make-up days in the week are errors."""
    (tmp_path / "c.toml").write_text(
        '[[calendar]]\nid="calendar/2026"\nversion=1\nin_force_from=2026-01-01\nsource="s"\n'
        'status="regulation"\nchecked=2026-11-22\nyear=2026\n' + lines,
        encoding="utf-8",
    )
    with pytest.raises(RuleDataError):
        years = load_rules(tmp_path).by_id["calendar/2026"]
        make_calendar(y for y in years if isinstance(y, YearCalendar))
