"""The Chinese working-day calendar: published years as data, weekends alone where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gongdao.core.errors import RuleDataError
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.rules.model import YearCalendar


class DayKind(StrEnum):
    """What a day is. ``makeup``: a weekend day that is worked for a holiday."""

    WORK = "work"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


@dataclass(frozen=True)
class Calendar:
    """Holidays by day (Chinese and English name), make-up workdays, and the years published."""

    holidays: Mapping[date, tuple[str, str]]
    makeup: frozenset[date]
    years: frozenset[int]

    def kind(self, day: date) -> DayKind:
        """What ``day`` is; in a year not published, by its weekday alone."""
        if day in self.makeup:
            return DayKind.MAKEUP
        if day in self.holidays:
            return DayKind.HOLIDAY
        return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORK

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day."""
        return self.kind(day) in (DayKind.WORK, DayKind.MAKEUP)

    def published(self, day: date) -> bool:
        """Whether the year of ``day`` has been published."""
        return day.year in self.years

    def holiday_name(self, day: date) -> str:
        """The holiday's name in the language in use; empty if it is none."""
        names = self.holidays.get(day)
        return "" if names is None else names[language() == "en"]


def make_calendar(years: Iterable[YearCalendar]) -> Calendar:
    """Join published years; raise RuleDataError for a day outside its year or listed twice."""
    holidays: dict[date, tuple[str, str]] = {}
    makeup: set[date] = set()
    covered: set[int] = set()
    for year in years:
        covered.add(year.year)
        for span in year.off:
            day = span.first
            while day <= span.last:
                if day.year != year.year or day in holidays:
                    raise RuleDataError(
                        _("{id}：{day} 不在这一年内，或列了两次").format(id=year.id, day=day)
                    )
                holidays[day] = (span.name, span.name_en)
                day += timedelta(days=1)
        for day in year.work:
            if day.year != year.year or day in holidays or day.weekday() < 5:
                raise RuleDataError(_("{id}：{day} 不可能是调休上班日").format(id=year.id, day=day))
            makeup.add(day)
    return Calendar(holidays, frozenset(makeup), frozenset(covered))
