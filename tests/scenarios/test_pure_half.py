"""The scenario book through rules, steps and clocks: who moves when, the verdict, whose money."""

from __future__ import annotations

import pytest
from tests.scenarios.pure_half import Run, money_of, outcome_of, run_story
from tests.scenarios.scenario_book import Story, stories

from gongdao.disputes.states import ReasonCode, Step
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict, write_verdict

BOOK = stories()


@pytest.mark.parametrize("story", BOOK, ids=lambda story: story.id)
def test_a_story_ends_as_it_says(story: Story):
    """Each story leads to its end, with the rule, remedy and money that it names."""
    run = run_story(story)
    ends = story.ends
    if ends.waits:
        assert run.step == ends.waits
    assert outcome_of(run) == ends.outcome
    assert (run.verdict is None) == (not ends.basis)
    if run.verdict is not None:
        found = run.verdict
        assert (found.basis, found.result.remedy) == (ends.basis, ends.remedy)
        assert not ends.row or found.finding.row == ends.row
        assert (found.result.amount_minor, found.result.units) == (ends.money, ends.units)
        assert money_of(run) == dict(ends.bears)


@pytest.mark.parametrize("story", BOOK, ids=lambda story: story.id)
def test_its_first_clock_is_as_it_says(story: Story):
    """Where a story names when the first clock runs out, it does so then."""
    if story.until is None:
        return
    _step, clock = run_story(story).way[0]
    assert clock is not None
    assert clock.due_at == story.until


@pytest.mark.parametrize("story", BOOK, ids=lambda story: story.id)
def test_one_clock_or_an_end(story: Story):
    """After each move there is exactly one clock with a stated silence, or the case is closed."""
    for step, clock in run_story(story).way:
        assert (clock is None) == (step is Step.CLOSED)
        assert clock is None or (clock.due_at > clock.started_at and clock.counted.english)


@pytest.mark.parametrize("story", BOOK, ids=lambda story: story.id)
def test_its_verdict_recomputes(story: Story):
    """The verdict of a story reads back equal from its bytes and recomputes to itself."""
    verdict = run_story(story).verdict
    if verdict is not None:
        assert read_verdict(write_verdict(verdict)) == verdict
        assert differs(verdict) == ()


def test_the_book_is_whole():
    """At least sixty stories, each id once, both languages, every reason of complaint."""
    assert len(BOOK) >= 60
    assert len({story.id for story in BOOK}) == len(BOOK)
    assert all(story.zh.endswith("。") and story.en.endswith(".") for story in BOOK)
    assert {story.reason for story in BOOK} == set(ReasonCode)


def test_a_wrong_end_would_be_seen():
    """A story that is told another way ends another way: the runner can fail."""
    overdue = next(story for story in BOOK if story.id == "overdue")
    other = Run(overdue, more={"delivered": True, "delivered_units": 1})
    assert run_story(overdue).verdict.result != other.judged(overdue.at)
    assert not other.judged(overdue.at).grants
