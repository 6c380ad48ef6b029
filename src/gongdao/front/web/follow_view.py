"""What the page "Follow" shows: whose move it is, deadlines, filings, reminders, the story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.urls import reverse

from gongdao.casework.follow.deadlines import DeadlineView, find_deadlines
from gongdao.casework.follow.moves import Move, find_move
from gongdao.casework.follow.plan_reminders import PlannedReminder
from gongdao.casework.follow.story import Telling, tell_story
from gongdao.casework.online.deadlines import (
    ShownDeadline,
    deadline_rows,
    moved_ones,
    show_deadlines,
)
from gongdao.casework.online.filings import RecordedFiling
from gongdao.casework.online.follow_case import plan_of
from gongdao.casework.online.outcomes import KeptResult, results_of
from gongdao.casework.words import OUTCOME_NAMES, STEP_NAMES
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.web.exhibit_links import ExhibitLink, link_exhibits
from gongdao.front.web.report import SeenCase

MOST_AT_ONCE = 50
"""Points of the story on one page."""


@dataclass(frozen=True)
class FollowedPage:
    """All that the page needs beside the report."""

    deadlines: tuple[DeadlineView, ...]
    shown: tuple[ShownDeadline, ...]
    planned: tuple[PlannedReminder, ...]
    results: tuple[KeptResult, ...]
    move: Move | None


def look(seen: SeenCase) -> FollowedPage:
    """Find deadlines, reminders and results of the case; two queries."""
    assembled, at = seen.assembled, seen.as_of
    judgement, row = assembled.judgement, assembled.case.row
    fresh = find_deadlines(judgement.routes.clocks, as_of=at)
    shown = show_deadlines(rows=deadline_rows(row.id), fresh=fresh, at=at)
    closed = row.closed_at is not None
    return FollowedPage(
        deadlines=fresh,
        shown=() if closed else shown,
        planned=plan_of(assembled=assembled, deadlines=fresh, at=at),
        results=results_of(assembled.case),
        move=find_move(fresh, judgement.steps, closed=closed),
    )


def move_card(move: Move | None, link: str) -> dict[str, Any] | None:
    """The part ``move``: whose move it is, and the way on where it is the buyer's."""
    if move is None:
        return None
    card: dict[str, Any] = {
        "who": move.who,
        "what": move.what,
        "due": move.due,
        "then": move.then,
        "also": None,
    }
    if move.step is not None:
        href = reverse("case", args=[link])
        in_channel = move.step.code in _CHANNELS
        way = {
            "name": translated(STEP_NAMES[move.step.code]),
            "why": move.step.why,
            "href": f"{href}channels/#channel-{move.step.code}" if in_channel else href,
        }
        if move.acts == "buyer":
            card |= {"href": way["href"], "link": _("去办")}
        else:
            card["also"] = way
    return card


_CHANNELS = frozenset(
    {
        "in_platform",
        "management",
        "social",
        "payment",
        "board",
        "consumer_association",
        "regulator_complaint",
        "regulator_report",
        "court",
        "police",
    }
)


def deadline_card(one: ShownDeadline, at: datetime) -> dict[str, Any]:
    """One deadline: the part ``clock``, whose it is, what it rests on, what opens when it ends."""
    view = one.view
    return {
        "clock": {
            "name": view.name,
            "since": view.since,
            "due": view.due,
            "at": at,
            "policy": view.policy,
            "estimated": view.estimated,
        },
        "counted": view.counted,
        "whose": view.whose,
        "mine": view.buyer_acts,
        "then": view.then,
        "basis": _("；").join(view.basis),
        "readings": view.readings,
        "opens": _("、").join(
            translated(STEP_NAMES[code]) for code in view.opens if code in STEP_NAMES
        ),
        "overdue": view.overdue,
        "before": one.before,
        "why": one.why,
        "moved_at": one.moved_at,
    }


def deadline_cards(shown: Iterable[ShownDeadline], at: datetime) -> list[dict[str, Any]]:
    """Every deadline, those still running first, the nearest first."""
    order = sorted(shown, key=lambda one: (one.view.overdue, one.view.due, one.view.key))
    return [deadline_card(one, at) for one in order]


def filing_card(one: RecordedFiling, exhibits: Mapping[str, ExhibitLink]) -> dict[str, Any]:
    """One filing: where, when, its number and receipt, what came of it."""
    filing = one.filing
    return {
        "id": one.id,
        "channel": translated(STEP_NAMES[filing.channel]),
        "filed_at": filing.filed_at,
        "number": filing.number,
        "note": filing.note,
        "receipt": exhibits.get(filing.receipt),
        "outcome": translated(OUTCOME_NAMES[filing.outcome]) if filing.outcome else "",
        "outcome_at": filing.outcome_at,
        "returned": filing.returned,
    }


def story_page(seen: SeenCase, page: FollowedPage, asked: str | None) -> Page[Telling]:
    """One page of the story: the one asked for, else the one on which the present lies."""
    told = tell_story(
        dossier=seen.assembled.judgement.dossier,
        stated=seen.assembled.statement,
        filings=[one.filing for one in seen.assembled.filings],
        deadlines=page.deadlines if page.shown else (),
        results=[kept.said for kept in page.results],
        moved=moved_ones(page.shown),
        as_of=seen.as_of,
    )
    paginator = Paginator(told, MOST_AT_ONCE)
    past = sum(not one.later for one in told)
    present = max(1, -(-past // MOST_AT_ONCE))
    return paginator.get_page(asked if asked else present)


def story_events(
    told: Sequence[Telling], exhibits: Mapping[str, ExhibitLink]
) -> list[dict[str, Any]]:
    """The part ``timeline``; the last point that has come is where the case stands."""
    past = [index for index, one in enumerate(told) if not one.later]
    events = []
    for index, one in enumerate(told):
        exhibit = exhibits.get(one.exhibit)
        event: dict[str, Any] = {
            "at": one.at,
            "who": one.who,
            "what": one.what,
            "later": one.later,
            "now": bool(past) and index == past[-1] and any(t.later for t in told),
        }
        if exhibit is not None:
            event |= {"no": exhibit.no, "href": exhibit.href, "name": exhibit.name}
        events.append(event)
    return events


def soon(planned: Sequence[PlannedReminder], at: datetime) -> list[PlannedReminder]:
    """Reminders of the next eight weeks, at most five: what lies years ahead helps nobody."""
    return [one for one in planned if one.at <= at + timedelta(weeks=8)][:5]


def exhibits_of(seen: SeenCase) -> dict[str, ExhibitLink]:
    """Every exhibit by its path."""
    return link_exhibits(seen)
