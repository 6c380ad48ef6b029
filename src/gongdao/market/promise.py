"""When goods are promised for: the listing's words, computed for the moment of the order (A6).

Pure. Times are Beijing time. A day's service hours may go past midnight by being two spans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from gongdao.core.clock import BEIJING

_MIDNIGHT = time(0, 0)
_FARTHEST_DAYS = 60


@dataclass(frozen=True)
class Span:
    """From ``start`` to ``end`` on one day; ``end`` 00:00 is the day's end."""

    start: time
    end: time


@dataclass(frozen=True)
class ServiceHours:
    """Spans for each weekday, Monday first; ``closed`` days have none, whatever their weekday."""

    week: tuple[tuple[Span, ...], ...]
    closed: frozenset[date] = frozenset()

    def is_ever_open(self) -> bool:
        """Whether any weekday has a span."""
        return len(self.week) == 7 and any(self.week)

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The spans of ``day`` as instants, in order."""
        if day in self.closed:
            return []
        return sorted(
            (
                datetime.combine(day, span.start, BEIJING),
                datetime.combine(day + timedelta(days=span.end == _MIDNIGHT), span.end, BEIJING),
            )
            for span in self.week[day.weekday()]
        )

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        week = [
            [[span.start.strftime("%H:%M"), span.end.strftime("%H:%M")] for span in day]
            for day in self.week
        ]
        return {"week": week, "closed": sorted(day.isoformat() for day in self.closed)}


def hours_of(plain: Mapping[str, Any]) -> ServiceHours:
    """The hours that `ServiceHours.plain` wrote."""
    week = tuple(
        tuple(Span(time.fromisoformat(a), time.fromisoformat(b)) for a, b in day)
        for day in plain["week"]
    )
    return ServiceHours(week, frozenset(date.fromisoformat(day) for day in plain["closed"]))


ALWAYS = ServiceHours(tuple((Span(_MIDNIGHT, _MIDNIGHT),) for _ in range(7)))
"""Around the clock, every day."""


@dataclass(frozen=True)
class Promise:
    """Delivered within ``minutes`` of service time after payment. ``instant`` says so on the
    listing, and holds inside the service hours alone."""

    minutes: int
    instant: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"minutes": self.minutes, "instant": self.instant}


def promise_of(plain: Mapping[str, Any]) -> Promise:
    """The promise that `Promise.plain` wrote."""
    return Promise(plain["minutes"], plain["instant"])


def deliver_by(promise: Promise, hours: ServiceHours, at: datetime) -> datetime:
    """The moment by which goods ordered and paid ``at`` are promised: only service time counts.

    ValueError where no service time follows within sixty days.
    """
    left = timedelta(minutes=promise.minutes)
    local = at.astimezone(BEIJING)
    for offset in range(-1, _FARTHEST_DAYS):
        for start, end in hours.spans(local.date() + timedelta(days=offset)):
            begin = max(start, local)
            if begin >= end:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
    raise ValueError("no service time within sixty days")


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """``spans`` of one day in order, overlapping ones joined: service time counts once."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if joined and (joined[-1].end == _MIDNIGHT or span.start <= joined[-1].end):
            later = _MIDNIGHT in (joined[-1].end, span.end)
            end = _MIDNIGHT if later else max(joined[-1].end, span.end)
            joined[-1] = Span(joined[-1].start, end)
        else:
            joined.append(span)
    return tuple(joined)
