"""The end of a promised time in a line, counted from when it was said. Pure.

A day alone means the whole day (a ``date``); tonight's midnight is 23:59 of today; working days
are counted on the Chinese calendar. Vague words (马上, 尽快, 一会) give nothing.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from gongdao.core.clock import BEIJING, beijing
from gongdao.rules.queries import work_calendar

_LONGEST = 400
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMBER = r"(\d+(?:\.\d+)?|[零一二两三四五六七八九十百半]+)"
_WEEKDAYS = "一二三四五六日"

_SPAN = re.compile(
    rf"(?:{_NUMBER}\s*[-~－—至到]\s*)?{_NUMBER}\s*个?(半)?(小时|钟头|[hH](?![a-zA-Z])|分钟|工作日|天|日|周|星期|礼拜|个?月)(半)?"
)
_MONTH_DAY = re.compile(r"(\d{1,2})\s*(?:月|[./-])\s*(\d{1,2})\s*(?:日|号)?")
_DAY_OF_MONTH = re.compile(r"(?<!\d)(\d{1,2})\s*(?:号|日)(?!\w*线)")
_VAGUE = re.compile(r"[过这](?:[一两二三]|几)[两二三]?天")
_MONTH_END = re.compile(r"(下个?月|次月)底|月底|(?:本|这个?|当)月(?:之?内|以内)")
_NEXT_MONTH = re.compile(r"(?:下个?月|次月)$")
_WEEKDAY = re.compile(r"(下{0,2})(?:个)?(?:周|星期|礼拜)([一二三四五六日末天])")
_CLOCK = re.compile(
    r"(凌晨|早上|上午|早|中午|午间|下午|傍晚|晚上|今晚|明晚|晚)?\s*"
    rf"(?:{_NUMBER}\s*(?:点|时)(?!间)(?:钟|整)?\s*(半|\d{{1,2}}(?=分|[前之以内]|$|\D))?|(\d{{1,2}})[:：](\d{{2}}))"
)
_DAYS: tuple[tuple[str, int], ...] = (
    (r"大后[天日]", 3),
    (r"后[天日]", 2),
    (r"今明(?:两|二)?天|明[天日早晚儿午]|次日|第二天|隔天|翌日", 1),
    (r"今[天日晚儿早]|当[天日]|本日|下班前|晚上|下午|中午|零点|(?<!\d)0点|半夜|凌晨|午夜", 0),
)
_MIDNIGHT = re.compile(r"(?:今[天日晚]?)?(?:晚上)?(?:零点|(?<!\d)(?:0|24)\s*[点时]|半夜|午夜)")


def find_promised_time(text: str, at: datetime) -> datetime | date | None:
    """The end of the time that ``text``, said at ``at``, promises; None if not computable."""
    plain = _VAGUE.sub("", re.sub(r"\s+", "", text[:_LONGEST])).replace("今明两天", "明天")
    said = beijing(at)
    for find in (_dated, _span, _midnight, _week, _month_end):
        end = find(plain, said)
        if end is not None:
            return end
    return _relative_day(plain, said)


def _number(text: str) -> float | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    if text == "半":
        return 0.5
    if "半" in text:
        return None
    hundreds, _, rest = text.rpartition("百")
    tens, _, ones = rest.rpartition("十")
    if len(hundreds) > 1 or "百" in hundreds or len(tens) > 1 or "十" in tens:
        return None
    total = 100 * _DIGITS.get(hundreds, 1) if "百" in text else 0
    total += 10 * _DIGITS.get(tens, 1) if "十" in rest else 0
    # 两三天 is no number of two digits: the later of the two counts.
    return float(total + (_DIGITS[ones[-1]] if ones else 0))


def _dated(text: str, said: datetime) -> datetime | date | None:
    match = _MONTH_DAY.search(text)
    day: date | None = None
    if match and "月" in match.group(0):
        day = _day(said.year, int(match.group(1)), int(match.group(2)))
        if day and day < said.date() - timedelta(days=180):
            day = _day(said.year + 1, day.month, day.day)
    else:
        match = _DAY_OF_MONTH.search(text)
        if match:
            day = _day(said.year, said.month, int(match.group(1)))
            if _NEXT_MONTH.search(text[: match.start()]) or (day and day < said.date()):
                following = (said.replace(day=1) + timedelta(days=32)).date()
                day = _day(following.year, following.month, int(match.group(1)))
    if day is None or match is None:
        return None
    return _with_clock(text[match.end() :], day) or day


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _span(text: str, said: datetime) -> datetime | date | None:
    """``48小时内``, ``1-3个工作日``, ``半小时后``, ``三天内``; a span that names no end of its own
    act (下单满一年) is the classifier's business, not ours."""
    match = _SPAN.search(text)
    if not match:
        return None
    number = _number(match.group(2))
    if number is None:
        return None
    if match.group(3) or match.group(5):
        number += 0.5
    unit = match.group(4)
    if unit in ("小时", "钟头", "h", "H"):
        return said + timedelta(hours=number)
    if unit == "分钟":
        return said + timedelta(minutes=number)
    if unit == "工作日":
        return _working_days(said.date(), int(number))
    days = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}.get(unit, 30)
    return said.date() + timedelta(days=round(number * days))


def _working_days(start: date, count: int) -> date:
    calendar = work_calendar()
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= calendar.works(day)
    return day


def _midnight(text: str, said: datetime) -> datetime | None:
    if _MIDNIGHT.search(text) and not re.search(r"明|后天", text):
        return said.replace(hour=23, minute=59, second=0, microsecond=0)
    if re.search(r"今[天日]?(?:之?内|以内)", text):
        return said.replace(hour=23, minute=59, second=0, microsecond=0)
    return None


def _week(text: str, said: datetime) -> datetime | date | None:
    match = _WEEKDAY.search(text)
    if not match:
        return None
    name = match.group(2).replace("天", "日").replace("末", "日")
    wanted = _WEEKDAYS.index(name)
    monday = said.date() - timedelta(days=said.weekday())
    day = monday + timedelta(days=wanted, weeks=len(match.group(1)))
    if not match.group(1) and day < said.date():
        day += timedelta(weeks=1)
    return _with_clock(text[match.end() :], day) or day


def _month_end(text: str, said: datetime) -> date | None:
    match = _MONTH_END.search(text)
    if not match:
        return None
    day = said.date().replace(day=1)
    for _month in range(2 if match.group(1) else 1):
        day = (day + timedelta(days=32)).replace(day=1)
    return day - timedelta(days=1)


def _relative_day(text: str, said: datetime) -> datetime | date | None:
    for pattern, days in _DAYS:
        match = re.search(pattern, text)
        if match:
            day = said.date() + timedelta(days=days)
            tail = text[match.start() :]
            at = _with_clock(tail if days == 0 or "晚" in tail[:2] else text[match.end() :], day)
            if at:
                named = days or re.search(r"今|当[天日]|本日", text)
                return at if named or at > said else at + timedelta(days=1)
            if days == 0 and not re.search(r"今|当[天日]|下班", match.group(0)):
                continue
            return day
    return _clock_today(text, said)


def _clock_today(text: str, said: datetime) -> datetime | None:
    at = _with_clock(text, said.date())
    if at is None or not re.search(r"前|之内|以内|左右|到账|答复|回复|给|发|充|补|退|处理", text):
        return None
    if at > said:
        return at
    later = at + timedelta(hours=12)  # 八点前, said at two in the afternoon, is tonight
    return later if at.hour < 12 and later > said else at + timedelta(days=1)


def _with_clock(text: str, day: date) -> datetime | None:
    match = _CLOCK.search(text)
    if not match:
        return None
    part, hours, minutes, colon_hour, colon_minute = match.groups()
    if colon_hour is not None:
        hour, minute = float(colon_hour), int(colon_minute)
    else:
        read = _number(hours)
        if read is None:
            return None
        hour = read
        minute = 30 if minutes == "半" else int(minutes) if minutes and minutes.isdigit() else 0
    afternoon = part in ("下午", "傍晚", "晚上", "今晚", "明晚", "晚")
    if afternoon and hour < 12:
        hour += 12
    if part in ("中午", "午间") and hour < 4:
        hour += 12
    if hour == 24 or (hour == 12 and part in ("晚上", "今晚", "明晚", "晚")):
        hour, minute = 23, 59
    if not (0 <= hour < 24 and minute < 60):
        return None
    return datetime(day.year, day.month, day.day, int(hour), minute, tzinfo=BEIJING)
