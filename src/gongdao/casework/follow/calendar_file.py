"""Deadlines and reminders as one calendar file (RFC 5545). Pure.

Every event has a stable UID and a SEQUENCE that grows with the time of making, so that importing
the file again updates and never doubles. Events name the deadline, never a party, product, number
or amount: calendars are kept by third parties.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from gongdao.casework.follow.deadlines import DeadlineView, StoredDeadline
from gongdao.casework.follow.plan_reminders import PlannedReminder, say_reminder
from gongdao.core.clock import BEIJING, beijing
from gongdao.core.language import gettext as _

MEDIA_TYPE = "text/calendar; charset=utf-8"
_ZONE = ZoneInfo("Asia/Shanghai")
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_LAST_SECOND = time(23, 59, 59)


def calendar_file(
    *,
    deadlines: Iterable[DeadlineView],
    reminders: Sequence[PlannedReminder],
    case_id: str,
    link: str,
    made_at: datetime,
    gone: Iterable[StoredDeadline] = (),
) -> bytes:
    """The calendar file made at ``made_at``, in the language in use.

    ``case_id`` keeps the events of two cases apart and does not appear itself; ``link`` is what
    each event leads to. ``gone`` are deadlines of earlier files that no longer run: cancelled.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Gongdao//Follow//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("公道：案件期限"))
    shown = set()
    for deadline in deadlines:
        shown.add(deadline.key)
        mine = [one for one in reminders if deadline.key in one.deadlines[:1]]
        calendar.add_component(_deadline(deadline, mine, link, case_id, made_at))
    for reminder in reminders:
        if not shown.intersection(reminder.deadlines[:1]):
            calendar.add_component(_reminder(reminder, link, case_id, made_at))
    for old in gone:
        if old.key not in shown:
            calendar.add_component(_cancelled(old, case_id, made_at))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def sequence_at(made_at: datetime) -> int:
    """The SEQUENCE of a file made at ``made_at``: whole seconds since 2024, which only grow."""
    return max(0, (made_at - _FIRST) // timedelta(seconds=1))


def _event(key: str, case_id: str, made_at: datetime) -> Event:
    event = Event()
    uid = hashlib.sha256(f"{case_id}\n{key}".encode()).hexdigest()[:40]
    event.add("uid", f"{uid}@gongdao")
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("last-modified", made_at.astimezone(UTC))
    event.add("sequence", sequence_at(made_at))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _place(event: Event, due: datetime) -> datetime:
    """Set the event on ``due``: the whole day where it ends with the day. Return its start."""
    local = beijing(due)
    if local.time() != _LAST_SECOND:
        event.add("dtstart", local.astimezone(_ZONE))
        return due
    event.add("dtstart", local.date())
    event.add("dtend", local.date() + timedelta(days=1))
    return datetime.combine(local.date(), time(), BEIJING)


def _deadline(
    deadline: DeadlineView,
    reminders: Sequence[PlannedReminder],
    link: str,
    case_id: str,
    made_at: datetime,
) -> Event:
    event = _event(deadline.key, case_id, made_at)
    start = _place(event, deadline.due)
    doubt = _("（估算）") if deadline.estimated else ""
    event.add("summary", _("公道：{name}到期").format(name=deadline.name) + doubt)
    says = [
        _("轮到：{who}").format(who=deadline.whose),
        str(deadline.counted),
        str(deadline.then or ""),
        _("这是公道自己的规则，不是法定期限。") if deadline.policy else "",
        link,
    ]
    event.add("description", "\n".join(line for line in says if line))
    event.add("url", link)
    for reminder in reminders:
        title, _body = say_reminder(reminder, link=link)
        event.add_component(_alarm(title, reminder.at - start))
    return event


def _reminder(reminder: PlannedReminder, link: str, case_id: str, made_at: datetime) -> Event:
    event = _event(reminder.key, case_id, made_at)
    title, body = say_reminder(reminder, link=link)
    event.add("dtstart", reminder.at.astimezone(_ZONE))
    event.add("summary", title)
    event.add("description", body)
    event.add("url", link)
    event.add_component(_alarm(title, timedelta()))
    return event


def _alarm(says: str, after_start: timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", says)
    alarm.add("trigger", after_start)
    return alarm


def _cancelled(old: StoredDeadline, case_id: str, made_at: datetime) -> Event:
    event = _event(old.key, case_id, made_at)
    _place(event, old.due)
    event.add("status", "CANCELLED")
    event.add("summary", _("公道：这个期限不再适用"))
    return event
