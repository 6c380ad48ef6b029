"""Reminders by day, never at night, never doubled, without a word about the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.dossier_kit import FULL, SILENT, Story, at, contact

from gongdao.casework.follow.deadlines import DeadlineView, find_deadlines
from gongdao.casework.follow.filings import Filing
from gongdao.casework.follow.plan_reminders import (
    LINK,
    PlannedReminder,
    Why,
    fit_daytime,
    plan_reminders,
    say_reminder,
)
from gongdao.channels.clocks import find_clocks
from gongdao.core.clock import beijing
from gongdao.core.codes import Outcome
from gongdao.evidence.statement import Contact

AS_OF = at("11-12 10:00:00")
BEGUN = at("11-03 12:00:00")


def views(*contacts: Contact, as_of: datetime = AS_OF) -> tuple[DeadlineView, ...]:
    """Deadlines of the usual story."""
    story = Story(pages=FULL, contacts=(*SILENT, *contacts), as_of=as_of)
    return find_deadlines(find_clocks(story.dossier()), as_of=as_of)


def plan(
    deadlines: Sequence[DeadlineView] = (),
    filings: Sequence[Filing] = (),
    *,
    as_of: datetime = AS_OF,
    known: bool = False,
    most: int = 2,
) -> tuple[PlannedReminder, ...]:
    """A plan of the usual case."""
    return plan_reminders(
        deadlines=deadlines,
        filings=filings,
        begun_at=BEGUN,
        outcome_known=known,
        as_of=as_of,
        most_a_day=most,
    )


def times(found: tuple[PlannedReminder, ...], why: Why) -> list[datetime]:
    """When the reminders of one kind come."""
    return [one.at for one in found if one.why is why]


def test_before_a_deadline_of_the_buyer():
    """Seven days and one day ahead, at nine."""
    [view] = [v for v in views() if v.code == "limitation"]
    near = replace(view, due=at("11-30 23:59:59"))
    assert times(plan([near]), Why.BEFORE) == [at("11-23 09:00:00"), at("11-29 09:00:00")]
    assert not times(plan([replace(near, overdue=True)]), Why.BEFORE)


def test_after_a_deadline_of_the_other_side():
    """The next morning, also where it ran out at night or by the hour."""
    [view] = [v for v in views(contact("11-10 09:00:00", "regulator", "no_answer"))
              if v.code == "regulator_acceptance"]  # fmt: skip
    assert times(plan([view]), Why.PASSED) == [at("11-20 09:00:00")]
    for due, wanted in (
        ("11-15 08:59:59", "11-15 09:00:00"),
        ("11-15 09:00:00", "11-16 09:00:00"),
        ("11-15 22:10:00", "11-16 09:00:00"),
    ):
        assert times(plan([replace(view, due=at(due))]), Why.PASSED) == [at(wanted)]


def test_filings_without_answer_are_asked_after():
    """A week on, unless an outcome is known or a deadline of the other side does it."""
    waiting = Filing("consumer_association", at("11-10 15:00:00"))
    assert times(plan(filings=[waiting]), Why.ANSWER) == [at("11-18 09:00:00")]
    heard = replace(waiting, outcome=Outcome.ACCEPTED)
    assert not times(plan(filings=[heard]), Why.ANSWER)
    counted = Filing("regulator_complaint", at("11-10 09:00:00"))
    running = views(contact("11-10 09:00:00", "regulator", "no_answer"))
    assert not times(plan(running, [counted]), Why.ANSWER)
    ticket = Filing("in_platform", SILENT[1].at)
    assert not times(plan(views(), [ticket], as_of=at("11-03 12:00:00")), Why.ANSWER)


def test_four_weeks_later():
    """After the last filing, or after the case was begun if nothing was filed."""
    assert times(plan(), Why.OUTCOME) == [at("12-02 09:00:00")]
    filings = [Filing("court", at("11-10 15:00:00")), Filing("board", at("11-05 15:00:00"))]
    assert times(plan(filings=filings), Why.OUTCOME) == [at("12-09 09:00:00")]


def test_a_later_filing_asks_anew():
    """Its question has its own key, so that one already asked does not stand for it."""
    [first] = [one for one in plan() if one.why is Why.OUTCOME]
    filings = [Filing("court", at("11-10 15:00:00"))]
    [second] = [one for one in plan(filings=filings) if one.why is Why.OUTCOME]
    assert first.key != second.key


def test_a_known_outcome_ends_it():
    """Nothing is planned once the case is closed."""
    assert plan(views(), [Filing("court", at("11-10 15:00:00"))], known=True) == ()


def test_planning_again_never_doubles():
    """The keys of tomorrow are those of today; a moved deadline keeps its key at another time."""
    [view] = [v for v in views(contact("11-10 09:00:00", "regulator", "no_answer"))
              if v.code == "regulator_acceptance"]  # fmt: skip
    today, tomorrow = plan([view]), plan([view], as_of=AS_OF + timedelta(days=1))
    assert {one.key for one in today} == {one.key for one in tomorrow}
    later = plan([replace(view, due=view.due + timedelta(days=4))])
    assert {one.key for one in later} == {one.key for one in today}
    assert times(later, Why.PASSED) == [at("11-24 09:00:00")]


def test_deadlines_of_one_day_are_one_reminder():
    """Two that end on one day make one message under the key of the first, which counts them and
    names both for the page alone; a third, a day later, has its own."""
    buyers, others = _two()
    mine = [
        replace(buyers, key=f"k{n}", due=at(due), overdue=False)
        for n, due in enumerate(("11-30 23:59:59", "11-30 18:00:00", "12-01 23:59:59"))
    ]
    theirs = [replace(others, key=f"o{n}", due=at("11-25 12:00:00")) for n in range(2)]
    for order in ([*mine, *theirs], [*reversed(mine), *reversed(theirs)]):
        found = [one for one in plan(order) if one.why is not Why.OUTCOME]
        told = [(one.key, one.at, len(one.names)) for one in found]
        assert told == [
            ("before-7/k0", at("11-23 09:00:00"), 2),
            ("before-7/k2", at("11-24 09:00:00"), 1),
            ("passed/o0", at("11-26 09:00:00"), 2),
            ("before-1/k0", at("11-29 09:00:00"), 2),
            ("before-1/k2", at("11-30 09:00:00"), 1),
        ]
    assert found[0].deadlines == ("k1", "k0")
    assert found[0].title.zh() == "公道：七天后有 2 件事到期"
    assert found[1].title.zh() == "公道：七天后有一件事到期"
    for one in found:
        title, body = say_reminder(one, link="https://a.example/c/x/")
        assert "https://a.example/c/x/" in body and "{" not in title + body
        assert not any(str(name) in title + body for name in one.names)


def test_what_is_long_past_is_not_planned():
    """A day late is still sent, more is not: the page says it."""
    [view] = [v for v in views() if v.code == "platform_answer"]
    ran_out = at("11-06 09:00:00")
    assert times(plan([view], as_of=ran_out + timedelta(days=1)), Why.PASSED) == [ran_out]
    assert not times(plan([view], as_of=ran_out + timedelta(days=1, hours=1)), Why.PASSED)


def test_texts_tell_nothing():
    """Neither product, party, number, amount nor channel; the link stands once."""
    found = plan(
        views(contact("11-10 09:00:00", "regulator", "no_answer")),
        [Filing("consumer_association", at("11-10 15:00:00"), "N123", note="退款 98 元")],
    )
    assert {one.why for one in found} == set(Why)
    near = [replace(v, due=at("11-30 23:59:59")) for v in views() if v.buyer_acts]
    for one in (*found, *plan(near)):
        assert len(one.key) <= 160
        assert one.body.zh().count(LINK) == 1
        title, body = say_reminder(one, link="https://a.example/c/{x}/")
        assert "https://a.example/c/{x}/" in body and LINK not in body
        for word in ("卡", "98", "KM", "N123", "12315", "协会", "法院", "示例", "退款"):
            assert word not in title + body.replace("{x}", "")


def _at(minutes: int) -> datetime:
    return AS_OF + timedelta(minutes=minutes)


@cache
def _two() -> tuple[DeadlineView, DeadlineView]:
    """A deadline of the buyer and one of the other side."""
    found = views()
    return next(v for v in found if v.buyer_acts), next(v for v in found if not v.buyer_acts)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 60 * 24 * 40)), max_size=12),
    st.integers(1, 3),
)
def test_never_at_night_never_too_many(raw, most):
    """Whatever runs: at nine, at most so many a day, one per key, warnings before their end."""
    buyers, others = _two()
    running = [
        replace(buyers if mine else others, key=f"k{i}", due=_at(due), overdue=False)
        for i, (mine, due) in enumerate(raw)
    ]
    found = plan(running, most=most)
    assert all(beijing(one.at).strftime("%H:%M") == "09:00" for one in found)
    assert len({one.key for one in found}) == len(found)
    days = [beijing(one.at).date() for one in found]
    assert all(days.count(day) <= most for day in days)
    ends = {view.key: view.due for view in running}
    warnings = [one for one in found if one.why is Why.BEFORE]
    assert all(one.at <= min(ends[key] for key in one.deadlines) for one in warnings)
    told = [key for one in found if one.why is Why.PASSED for key in one.deadlines]
    assert sorted(told) == sorted(v.key for v in running if not v.buyer_acts)
    assert sum(one.why is Why.OUTCOME for one in found) == 1


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("11-12 08:59:00", "11-12 09:00:00"),
        ("11-12 09:00:00", "11-12 09:00:00"),
        ("11-12 20:59:00", "11-12 20:59:00"),
        ("11-12 21:00:00", "11-13 09:00:00"),
        ("11-12 23:30:00", "11-13 09:00:00"),
    ],
)
def test_a_late_reminder_waits_for_the_day(now, wanted):
    """Between nine in the evening and nine in the morning nothing is sent."""
    assert fit_daytime(at(now)) == at(wanted)
