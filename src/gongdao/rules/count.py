"""Count a time limit and show the counting.

The first day is not counted; a period of days, months or years ends at 24:00 Beijing time of its
last day, given as 23:59:59. Hours are exact. Past the last published calendar year only weekends
are assumed, and the result says that it is an estimate.
"""

from __future__ import annotations

import calendar as _months
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gongdao.core.clock import BEIJING, beijing, say_minute
from gongdao.core.errors import InputError, NotKnown
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.rules.calendar import Calendar, DayKind
from gongdao.rules.model import Deadline, Shift, Unit

Skipped = tuple[date, str]


@dataclass(frozen=True)
class Reading:
    """One way to read the end of a period, with the words that it rests on."""

    due: datetime
    why: str


@dataclass(frozen=True)
class Count:
    """A time limit, counted. ``skipped`` are the days left out, each with why;
    ``readings`` has two entries where a plain weekend at the end can be read in two ways."""

    due: datetime
    unit: Unit
    length: int
    estimated: bool
    counted: str
    skipped: tuple[Skipped, ...] = ()
    readings: tuple[Reading, ...] = ()


def count_deadline(
    *, start: datetime, rule: Deadline, calendar: Calendar, extended: int = 0
) -> Count:
    """When ``rule`` runs out if it starts at ``start``; ``extended`` counts granted extensions.

    Raise NotKnown where the rule has no number, InputError for a start without a zone or out of
    range, for more extensions than the rule allows, or for a window
    that lies before its event.
    """
    if rule.length is None or rule.unit is None:
        raise NotKnown(_("“{name}”没有规定确定的期限，无法计算。").format(name=_name(rule)))
    if rule.backward:
        raise InputError(_("“{name}”是向前数的期间，不能向后计算").format(name=_name(rule)))
    if start.tzinfo is None or not 1970 <= start.year <= 2200:
        raise InputError(_("起算时间必须带时区，并在 1970 年至 2200 年之间"))
    if not 0 <= extended <= rule.extension_times:
        raise InputError(_("“{name}”不能延长这么多次").format(name=_name(rule)))
    length = rule.length + extended * (rule.extension or 0)
    if rule.unit is Unit.HOURS:
        return _count_hours(start, length)
    first = beijing(start).date()
    if rule.unit is Unit.WORKING_DAYS:
        return _count_working_days(first, length, calendar)
    return _count_calendar(first, length, rule, calendar)


def _name(rule: Deadline) -> str:
    return rule.name_en if language() == "en" else rule.name


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=BEIJING)


def _count_hours(start: datetime, length: int) -> Count:
    due = beijing(start + timedelta(hours=length))
    counted = _("自 {start} 起算，满 {length} 小时为 {due}；按小时计算，节假日不扣除。").format(
        start=say_minute(start), length=length, due=say_minute(due)
    )
    return Count(due, Unit.HOURS, length, False, counted)


def _why(day: date, calendar: Calendar) -> str:
    return calendar.holiday_name(day) or _("周末")


def _count_working_days(first: date, length: int, calendar: Calendar) -> Count:
    day, left = first, length
    skipped: list[Skipped] = []
    makeup: list[date] = []
    first_counted: date | None = None
    while left:
        day += timedelta(days=1)
        if not calendar.works(day):
            skipped.append((day, _why(day, calendar)))
            continue
        first_counted = first_counted or day
        left -= 1
        if calendar.kind(day) is DayKind.MAKEUP:
            makeup.append(day)
    counted = _(
        "{start} 当日不计，自 {first} 起数 {length} 个工作日，止于 {due}。{skipped}{makeup}"
    ).format(
        start=first,
        first=first_counted or first,
        length=length,
        due=day,
        skipped=_say_skipped(skipped),
        makeup=_say_makeup(makeup),
    )
    estimated = _is_estimated(first, day, calendar)
    counted += _say_estimated(calendar) if estimated else ""
    return Count(_end_of(day), Unit.WORKING_DAYS, length, estimated, counted, tuple(skipped))


def _count_calendar(first: date, length: int, rule: Deadline, calendar: Calendar) -> Count:
    assert rule.unit is not None
    last = _last_day(first, length, rule.unit)
    shifted, skipped = _shift(last, rule.shift, calendar)
    readings = _read_weekend(last, shifted, rule, calendar)
    due, early = shifted, rule.shift is Shift.FESTIVAL and rule.acts == "buyer"
    if readings and rule.shift is Shift.FESTIVAL and not early:
        due, more = _shift(shifted, Shift.REST_DAY, calendar)
        skipped += more
    counted = _("{start} 当日不计，自次日起算 {period}，最后一日为 {last}。").format(
        start=first, period=_say_period(length, rule.unit), last=last
    )
    if shifted != last and not (readings and rule.shift is Shift.REST_DAY):
        counted += _("最后一日放假，顺延至 {due}。").format(due=shifted)
    if readings:
        counted += _say_readings(readings, early=early)
    estimated = rule.shift is not Shift.NONE and _is_estimated(last, due, calendar)
    counted += _say_estimated(calendar) if estimated else ""
    return Count(_end_of(due), rule.unit, length, estimated, counted, skipped, readings)


def _say_period(length: int, unit: Unit) -> str:
    said = {
        Unit.CALENDAR_DAYS: _("{length} 日"),
        Unit.MONTHS: _("{length} 个月"),
        Unit.YEARS: _("{length} 年"),
    }
    return said[unit].format(length=length)


def _say_readings(readings: tuple[Reading, ...], *, early: bool) -> str:
    return _("期满日是普通周末，是否顺延有两种理解：{early} 或 {late}；{chosen}").format(
        early=readings[0].due.date(),
        late=readings[-1].due.date(),
        chosen=_("这里取较早的一日，以免误期。") if early else _("这里取较晚的一日。"),
    )


def _last_day(first: date, length: int, unit: Unit) -> date:
    if unit is Unit.CALENDAR_DAYS:
        return first + timedelta(days=length)
    months = first.month - 1 + length * (12 if unit is Unit.YEARS else 1)
    year, month = first.year + months // 12, months % 12 + 1
    return date(year, month, min(first.day, _months.monthrange(year, month)[1]))


def _shift(last: date, shift: Shift, calendar: Calendar) -> tuple[date, tuple[Skipped, ...]]:
    day = last
    skipped: list[Skipped] = []
    while (shift is Shift.REST_DAY and not calendar.works(day)) or (
        shift is Shift.FESTIVAL and calendar.kind(day) is DayKind.HOLIDAY
    ):
        skipped.append((day, _why(day, calendar)))
        day += timedelta(days=1)
    return day, tuple(skipped)


def _read_weekend(
    last: date, shifted: date, rule: Deadline, calendar: Calendar
) -> tuple[Reading, ...]:
    """Two readings where the period ends on a plain weekend, else none."""
    if rule.shift is Shift.NONE:
        return ()
    end = shifted if rule.shift is Shift.FESTIVAL else last
    if calendar.kind(end) is not DayKind.WEEKEND:
        return ()
    late, _skipped = _shift(end, Shift.REST_DAY, calendar)
    return (
        Reading(_end_of(end), _("只有法定节假日顺延，普通周末不顺延")),
        Reading(_end_of(late), _("周末也是休假日，顺延至其后第一个工作日")),
    )


def _is_estimated(first: date, last: date, calendar: Calendar) -> bool:
    return any(year not in calendar.years for year in range(first.year, last.year + 1))


def _say_skipped(skipped: list[Skipped]) -> str:
    if not skipped:
        return ""
    groups: list[list[Skipped]] = []
    for day, why in skipped:
        before = groups[-1][-1] if groups else None
        if before and before[1] == why and (day - before[0]).days == 1:
            groups[-1].append((day, why))
        else:
            groups.append([(day, why)])
    said = [
        _("{first} 至 {last}（{why}）").format(first=g[0][0], last=g[-1][0], why=g[0][1])
        if len(g) > 1
        else _("{day}（{why}）").format(day=g[0][0], why=g[0][1])
        for g in groups
    ]
    return _("其间不计：{days}。").format(days=_("、").join(said))


def _say_makeup(makeup: list[date]) -> str:
    if not makeup:
        return ""
    days = _("、").join(d.isoformat() for d in makeup)
    return _("调休上班、计入工作日：{days}。").format(days=days)


def _say_estimated(calendar: Calendar) -> str:
    if not calendar.years:
        return _("没有已公布的放假安排，只按周末推算，属于估算。")
    return _("放假安排只收录了 {first} 年至 {last} 年，其余年份只按周末推算，属于估算。").format(
        first=min(calendar.years), last=max(calendar.years)
    )
