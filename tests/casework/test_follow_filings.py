"""A filing moves routes, clocks and recommendations as a contact of case.toml does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.evidence.dossier_kit import FULL, ORDER, SILENT, Judged, Story, at, contact, demand_talk

from gongdao.casework.folder import load_case_folder
from gongdao.casework.follow.filings import (
    CHANNELS,
    Filing,
    check_filing,
    contacts_of,
    with_filings,
)
from gongdao.casework.follow.outcomes import NextKind, choices, find_next, record_outcome
from gongdao.channels.clocks import find_clocks
from gongdao.channels.recommend import recommend
from gongdao.channels.route import State, find_routes
from gongdao.core.codes import Outcome, Party
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.core.money import Money
from gongdao.evidence.closure import check_closure
from gongdao.evidence.statement import Statement

STORY = Story(pages=FULL, talks=(demand_talk(),), contacts=SILENT, as_of=at("11-12 10:00:00"))


def judged(*filings: Filing, as_of: datetime = STORY.as_of) -> Judged:
    """The usual story with these filings."""
    dossier = replace(STORY, as_of=as_of).dossier()
    dossier = replace(dossier, statement=with_filings(dossier.statement, filings))
    closure = check_closure(dossier)
    routes = find_routes(dossier, closure)
    return Judged(dossier, closure, routes, recommend(dossier, closure, routes))


def clocks(found: Judged) -> set[tuple[str, str]]:
    """Channel and deadline of each clock."""
    return {(c.channel, c.deadline.rpartition("/")[2]) for c in found.routes.clocks}


def filing(channel: str, outcome: str = "", when: str = "11-10 09:00:00") -> Filing:
    """A filing."""
    return Filing(channel, at(when), "N1", outcome=Outcome(outcome) if outcome else None)


def test_a_filing_becomes_a_contact():
    """Party, moment and outcome of each; the same filing twice is one."""
    [one, other] = contacts_of((filing("court"), filing("regulator_report"), filing("court")))
    assert {one.party, other.party} == {Party.COURT, Party.REGULATOR}
    assert one.outcome is Outcome.NO_ANSWER
    with_outcome = replace(filing("court", "accepted"), outcome_at=at("11-11 09:00:00"))
    assert contacts_of((with_outcome,))[0].settled_at == at("11-11 09:00:00")


def test_filed_is_as_if_written_down(tmp_path: Path):
    """A [[contact]] with its channel in case.toml is read as the same contact."""
    (tmp_path / "case.toml").write_text(
        'version = 1\n[[contact]]\nat = 2026-11-10T09:00:00+08:00\nwith = "regulator"\n'
        'by = "form"\nchannel = "regulator_report"\noutcome = "accepted"\nnote = "N1"\n'
        "outcome_at = 2026-11-11T09:00:00+08:00\n",
        encoding="utf-8",
    )
    filed = replace(filing("regulator_report", "accepted"), outcome_at=at("11-11 09:00:00"))
    assert load_case_folder(tmp_path).statement.contacts == contacts_of((filed,))


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('channel = "court"', "channel"),
        ('channel = "nowhere"', "channel"),
        ("outcome_at = 2026-11-09T09:00:00+08:00", "outcome_at"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, line, field):
    """A channel of another party, or an outcome before the filing, names its line."""
    (tmp_path / "case.toml").write_text(
        f'version = 1\n[[contact]]\nat = 2026-11-10T09:00:00+08:00\nwith = "regulator"\n{line}\n',
        encoding="utf-8",
    )
    with pytest.raises(CaseFolderError) as caught:
        load_case_folder(tmp_path)
    assert field in str(caught.value) and ":5" in str(caught.value)


@pytest.mark.parametrize("channel", [c for c in CHANNELS if c != "in_platform"])
def test_a_filed_channel_is_no_longer_open(channel):
    """After "I filed it" the map does not offer the same form again."""
    before, after = judged(), judged(filing(channel))
    assert before.routes.state(channel) in (State.OPEN, State.LATER)
    if before.routes.state(channel) is State.OPEN:
        assert after.routes.state(channel) is State.SPENT
    assert channel not in after.next


def test_a_withdrawn_filing_leaves_things_as_they_were():
    """Withdrawn is as not filed: same states, same clocks but for the limitation it restarted."""
    before, after = judged(), judged(filing("payment", "withdrawn"))
    assert [r.state for r in before.routes.routes] == [r.state for r in after.routes.routes]
    assert clocks(before) == clocks(after)


def test_report_and_complaint_stay_apart():
    """A report at 12315 starts its own clock and leaves the complaint open, and the reverse."""
    report = judged(filing("regulator_report"))
    assert ("regulator_report", "regulator_report_check") in clocks(report)
    assert ("regulator_complaint", "regulator_acceptance") not in clocks(report)
    assert report.routes.state("regulator_complaint") is State.OPEN
    assert report.routes.state("regulator_report") is State.SPENT
    assert "wait_for_regulator" not in report.next
    complaint = judged(filing("regulator_complaint"))
    assert ("regulator_complaint", "regulator_acceptance") in clocks(complaint)
    assert complaint.routes.state("regulator_report") is State.OPEN
    assert complaint.next[0] == "wait_for_regulator"


def test_an_accepted_report_bars_nothing():
    """Only an accepted complaint bars complaining again; the control shows that it does."""
    report = judged(filing("regulator_report", "accepted"))
    assert report.routes.state("consumer_association") is State.OPEN
    complaint = judged(filing("regulator_complaint", "accepted"))
    assert complaint.routes.state("regulator_complaint") is not State.OPEN


def test_mediation_runs_from_acceptance():
    """Not from the filing, where the day of acceptance was recorded."""
    accepted = replace(filing("regulator_complaint", "accepted"), outcome_at=at("11-11 16:00:00"))
    [clock] = [c for c in judged(accepted).routes.clocks if "mediation" in c.deadline]
    assert clock.since == at("11-11 16:00:00")


def test_a_platform_that_took_it_on_owes_since_the_filing():
    """That it accepted the ticket later does not give it more time."""
    taken = replace(filing("in_platform", "accepted"), outcome_at=at("11-11 09:00:00"))
    dossier = replace(STORY, contacts=()).dossier()
    dossier = replace(dossier, statement=with_filings(dossier.statement, (taken,)))
    [clock] = [c for c in find_clocks(dossier) if c.deadline.endswith("platform_answer")]
    assert clock.since == taken.filed_at


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        ("", {"court_filing"}),
        ("accepted", {"court_service", "small_claims_trial"}),
        ("rejected", set()),
    ],
)
def test_clocks_of_a_court(outcome, wanted):
    """Filing first, then service and judgement, then none."""
    found = {code for channel, code in clocks(judged(filing("court", outcome)))}
    assert found & {"court_filing", "court_service", "small_claims_trial"} == wanted


def test_a_report_does_not_restart_the_limitation():
    """It asks the other side for nothing; a complaint does."""

    def since(*filings: Filing) -> datetime:
        [clock] = [c for c in judged(*filings).routes.clocks if c.deadline.endswith("/limitation")]
        return clock.since

    assert since(filing("regulator_report")) == since()
    assert since(filing("regulator_complaint")) == at("11-10 09:00:00")


def test_solved_counts_by_when_it_was_solved():
    """A filing solved last ends the matter, though another was filed after it."""
    solved = replace(filing("payment", "solved"), outcome_at=at("11-11 20:00:00"))
    later = filing("board", when="11-11 09:00:00")
    assert judged(solved, later).next == ["do_not_escalate"]
    withdrawn = replace(later, outcome=Outcome.WITHDRAWN, outcome_at=at("11-11 21:00:00"))
    assert judged(solved, withdrawn).next == ["do_not_escalate"]


def test_a_filing_replaces_the_same_contact():
    """What the buyer both stated and filed counts once."""
    stated = Statement(contacts=contacts_of((filing("court"),)))
    assert len(with_filings(stated, (filing("court", "accepted"),)).contacts) == 1
    other = Statement(contacts=(contact("11-10 09:00:00", "merchant", "refused"),))
    assert len(with_filings(other, (filing("court"),)).contacts) == 2


@pytest.mark.parametrize(
    "bad",
    [
        replace(filing("court"), channel="nowhere"),
        replace(filing("court"), filed_at=at("11-10 09:00:00").replace(tzinfo=None)),
        filing("court", when="11-13 09:00:00"),
        replace(filing("court", "accepted"), outcome_at=at("11-09 09:00:00")),
        replace(filing("court", "accepted"), outcome_at=at("11-13 09:00:00")),
    ],
)
def test_impossible_filings_are_refused(bad):
    """An unknown channel, a time without zone or not yet come, an outcome before its filing."""
    with pytest.raises(InputError):
        check_filing(bad, as_of=STORY.as_of)
    assert check_filing(filing("court"), as_of=STORY.as_of) == filing("court")


def record(one: Filing, outcome: Outcome, returned: Money | None = None) -> Filing:
    """Record an outcome a day later."""
    when = at("11-11 09:00:00")
    return record_outcome(one, outcome=outcome, at=when, as_of=STORY.as_of, returned=returned)


def test_outcomes_are_recorded_with_their_amount():
    """A part needs its amount, a rejection has none, a report pays nothing."""
    assert record(filing("payment"), Outcome.PARTIAL, Money(5000)).returned == Money(5000)
    assert record(filing("payment"), Outcome.SOLVED).outcome is Outcome.SOLVED
    bad = [
        ("payment", Outcome.PARTIAL, None),
        ("payment", Outcome.REJECTED, Money(1)),
        ("payment", Outcome.SOLVED, Money(0)),
        ("regulator_report", Outcome.SOLVED, None),
        ("court", Outcome.PROMISED, None),
    ]
    for channel, outcome, returned in bad:
        with pytest.raises(InputError):
            record(filing(channel), outcome, returned)


def test_every_channel_has_its_outcomes():
    """Each can be left unanswered or withdrawn, once each in the list."""
    for channel in CHANNELS:
        found = [choice.outcome for choice in choices(channel)]
        assert {Outcome.NO_ANSWER, Outcome.WITHDRAWN} <= set(found)
        assert len(found) == len(set(found))
    with pytest.raises(InputError):
        choices("nowhere")


def test_what_an_outcome_opens():
    """A rejected ticket opens the management; the lines say what opened, closed and stopped."""
    story = replace(STORY, contacts=SILENT[:1], as_of=at("11-10 12:00:00"), order=ORDER)

    def see(one: Filing) -> Judged:
        dossier = story.dossier()
        dossier = replace(dossier, statement=with_filings(dossier.statement, (one,)))
        closure = check_closure(dossier)
        routes = find_routes(dossier, closure)
        return Judged(dossier, closure, routes, recommend(dossier, closure, routes))

    before, after = see(filing("in_platform")), see(filing("in_platform", "rejected"))
    lines = find_next(
        before=before.routes,
        after=after.routes,
        steps_before=before.steps,
        steps_after=after.steps,
        as_of=story.as_of,
    )
    found = {(line.kind, line.code) for line in lines}
    assert (NextKind.OPENED, "management") in found
    assert (NextKind.CLOSED, "in_platform") in found
    assert (NextKind.STOPPED, "deadline/platform_answer") in found
    assert all(str(line.says) for line in lines)
    same = find_next(before=after.routes, after=after.routes, as_of=story.as_of)
    assert same == ()
