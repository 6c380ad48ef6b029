"""The calendar file: valid, stable on re-import, and silent about the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from tests.evidence.dossier_kit import FULL, SILENT, Story, at, contact

from gongdao.casework.follow.calendar_file import calendar_file
from gongdao.casework.follow.deadlines import DeadlineView, find_deadlines
from gongdao.casework.follow.filings import Filing
from gongdao.casework.follow.plan_reminders import plan_reminders
from gongdao.channels.clocks import find_clocks
from gongdao.core.clock import beijing

AS_OF = at("11-04 10:00:00")
LINK = "https://a.example/c/0123456789abcdef0123456789/"
STORY = Story(
    pages=FULL,
    contacts=(*SILENT, contact("11-03 12:00:00", "regulator", "no_answer")),
    as_of=AS_OF,
)


def views() -> tuple[DeadlineView, ...]:
    """Deadlines of the usual story."""
    return find_deadlines(find_clocks(STORY.dossier()), as_of=AS_OF)


def make(deadlines=None, *, made_at: datetime = AS_OF, **more) -> bytes:
    """A calendar file."""
    shown = views() if deadlines is None else deadlines
    reminders = plan_reminders(
        deadlines=shown,
        filings=[Filing("consumer_association", at("11-03 15:00:00"))],
        begun_at=at("11-03 12:00:00"),
        outcome_known=False,
        as_of=AS_OF,
    )
    given = {"case_id": "c1", "link": LINK, "reminders": reminders} | more
    return calendar_file(deadlines=shown, made_at=made_at, **given)


def events(raw: bytes) -> dict[str, Any]:
    """Events by UID."""
    calendar = icalendar.Calendar.from_ical(raw)
    found = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    assert len(found) == len(calendar.walk("VEVENT"))
    return found


def test_the_file_keeps_the_format():
    """CRLF, lines of at most 75 octets, version, product, zone, and an event for each."""
    raw = make()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n") and raw.endswith(b"END:VCALENDAR\r\n")
    raw.decode("utf-8")
    calendar = icalendar.Calendar.from_ical(raw)
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    assert len(events(raw)) == len(views()) + 2


def test_days_and_hours():
    """A day's end is an all-day event of that day, an hour is that hour in Shanghai."""
    starts = {str(e["SUMMARY"]): e["DTSTART"].dt for e in events(make()).values()}
    assert starts["公道：12315 受理决定到期"] == date(2026, 11, 12)
    hour = starts["公道：平台首次答复到期"]
    assert isinstance(hour, datetime) and hour == at("11-05 10:00:00")
    assert b"DTSTART;TZID=Asia/Shanghai:20261105T100000" in make()


def test_alarms_ring_when_reminded():
    """Each reminder of a deadline is an alarm of its event, at nine."""
    by_key = {view.code: view for view in views()}
    near = replace(by_key["limitation"], due=at("11-30 23:59:59"))
    [event] = [e for e in events(make([near])).values() if "诉讼时效" in e["SUMMARY"]]
    triggers = sorted(alarm["TRIGGER"].dt for alarm in event.walk("VALARM"))
    start = at("11-30 00:00:00")
    assert [start + t for t in triggers] == [at("11-23 09:00:00"), at("11-29 09:00:00")]
    assert all(beijing(start + t).hour == 9 for t in triggers)


def test_importing_again_updates():
    """Same UIDs, a higher SEQUENCE, also where the day moved; another case has other UIDs."""
    first = events(make())
    moved = [replace(view, due=view.due + timedelta(days=2)) for view in views()]
    second = events(make(moved, made_at=AS_OF + timedelta(hours=1)))
    assert set(first) == set(second)
    assert all(second[uid]["SEQUENCE"] > first[uid]["SEQUENCE"] for uid in first)
    assert not set(first) & set(events(make(case_id="c2")))


def test_what_is_over_is_cancelled():
    """A deadline of an earlier file that no longer runs is taken back under its UID."""
    old = events(make())
    gone = [view for view in views() if view.code == "regulator_acceptance"]
    kept = [view for view in views() if view.code != "regulator_acceptance"]
    again = events(make(kept, gone=[view.stored() for view in gone]))
    [cancelled] = [uid for uid, event in again.items() if event.get("STATUS") == "CANCELLED"]
    assert cancelled in old and set(again) == set(old)


def test_nothing_personal():
    """Neither shop, product, number, amount nor the case's id stands in it."""
    text = make().decode().replace("\r\n ", "")
    for word in ("示例", "点卡", "KM2026", "98.00", "c1\r", "N123"):
        assert word not in text
    assert LINK in text


def test_the_same_input_gives_the_same_file():
    """Made twice at one moment, the bytes are the same."""
    assert make() == make()


def test_a_link_with_breaks_is_refused():
    """A link that would begin another line makes no file."""
    with pytest.raises(ValueError):
        make(link="https://a.example/\r\nBEGIN:VALARM")
