"""The scenario book through the database, with money: every story ends with the same verdict, the
ledger agrees, and exactly what the story says was paid back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import check_money
from tests.scenarios.money_half import begin, borne, finish, made_good, play_story
from tests.scenarios.scenario_book import Story, stories

from gongdao.disputes.models import Case, Verdict
from gongdao.disputes.states import Step
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.payments.models import Refund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.id)
def test_a_story_moves_the_money_that_it_says(story: Story, monkeypatch):
    """Each story, told with real orders: outcome, verdict, whose money, a ledger that agrees."""
    play = begin(story, monkeypatch)
    play_story(play, monkeypatch)
    last = story.moves[-1].at if story.moves else story.at
    finish(play, last + timedelta(minutes=1))
    case, ends = Case.objects.get(), story.ends
    if ends.waits and ends.waits != Step.EXECUTING:
        assert case.step == ends.waits
        return
    assert (case.state, case.outcome) == ("closed", ends.outcome)
    rows = list(Verdict.objects.order_by("number"))
    assert bool(rows) == bool(ends.basis)
    for row in rows:
        assert differs(read_verdict(row.file.encode())) == ()
    if rows:
        assert (rows[-1].remedy, rows[-1].amount_minor) == (ends.remedy, ends.money)
    if len(rows) < 2:
        assert borne(case) == dict(ends.bears)
    assert made_good(case) == ends.made_good
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) <= story.paid
    check_money()
