"""Deadlines with stable keys, and what a corrected calendar does to them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from tests.evidence.dossier_kit import FULL, SILENT, Story, at, contact

from gongdao.casework.follow.deadlines import (
    WHEN_PASSED,
    WHOSE,
    Change,
    DeadlineView,
    StoredDeadline,
    compare_deadlines,
    find_deadlines,
)
from gongdao.channels.clocks import find_clocks
from gongdao.core.language import language, use_language
from gongdao.rules.load import DATA, Rules, load_rules
from gongdao.rules.model import Deadline

AS_OF = at("11-12 10:00:00")
COMPLAINT = contact("11-10 09:00:00", "regulator", "no_answer", "form")


def views(*contacts, as_of=AS_OF, rules: Rules | None = None) -> dict[str, DeadlineView]:
    """Deadlines of the usual story by code."""
    story = Story(pages=FULL, contacts=(*SILENT, *contacts), as_of=as_of)
    found = find_deadlines(find_clocks(story.dossier()), as_of=as_of, rules=rules)
    return {view.code: view for view in found}


@pytest.fixture
def corrected(tmp_path: Path) -> Rules:
    """The published rules with a corrected calendar of 2026: two more days off in November."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / "calendar.toml"
    text = path.read_text(encoding="utf-8")
    begin = text.index('[[calendar]]\nid = "calendar/2026"')
    entry = text[begin:].replace('id = "calendar/2026"', 'id = "calendar/2026"\nversion = 2', 1)
    more = '  { first = 2026-11-16, last = 2026-11-17, name = "补假", name_en = "Extra" },\n]\nwork'
    path.write_text(text + "\n" + entry.replace("]\nwork", more, 1), encoding="utf-8")
    return load_rules(folder)


def test_a_deadline_says_all_there_is():
    """Whose move, how counted in both languages, law or policy, and what opens when it passes."""
    found = views(COMPLAINT)
    one = found["regulator_acceptance"]
    assert (one.acts, one.policy, one.overdue, one.estimated) == ("regulator", False, False, False)
    assert one.basis and all("第" in cite for cite in one.basis)
    assert "工作日" in one.counted.zh() and "working" in one.counted.english
    assert one.due == at("11-19 23:59:59") and not one.by_hours
    silent = found["platform_answer"]
    assert silent.policy and silent.overdue and silent.by_hours and not silent.basis
    assert "management" in silent.opens and silent.then
    assert found["limitation"].buyer_acts


def test_counting_leaves_the_language_alone():
    """Both languages are counted without changing the one in use."""
    use_language("en")
    try:
        counted = views(COMPLAINT)["regulator_acceptance"].counted
        assert language() == "en" and str(counted) == counted.english
    finally:
        use_language("zh")


def test_keys_are_stable():
    """The key stays while channel, rule and start stay, whatever the zone or the day of looking."""
    clocks = find_clocks(Story(pages=FULL, contacts=(*SILENT, COMPLAINT)).dossier())
    moved = [replace(clock, since=clock.since.astimezone(UTC)) for clock in clocks]
    keys = [view.key for view in find_deadlines(clocks, as_of=AS_OF)]
    assert keys == [view.key for view in find_deadlines(moved, as_of=at("11-15 10:00:00"))]
    assert len(keys) == len(set(keys)) and all(len(key) <= 120 for key in keys)
    assert len(find_deadlines([*clocks, *clocks], as_of=AS_OF)) == len(keys)


def test_every_deadline_names_who_acts():
    """Each code of the rule data has its words."""
    rules = [entry for entry in load_rules().all() if isinstance(entry, Deadline)]
    assert {rule.acts for rule in rules} <= set(WHOSE)
    assert set(WHEN_PASSED) <= {rule.code for rule in rules}


def test_a_corrected_calendar_moves_nothing_silently(corrected: Rules):
    """Working days are counted anew, and the change says old, new and which data."""
    stored = [view.stored() for view in views(COMPLAINT).values()]
    fresh = views(COMPLAINT, rules=corrected)
    assert fresh["regulator_acceptance"].due == at("11-23 23:59:59")
    [change] = compare_deadlines(stored, fresh.values())
    assert change.change is Change.MOVED
    assert change.key == fresh["regulator_acceptance"].key
    assert (change.before, change.after) == (at("11-19 23:59:59"), at("11-23 23:59:59"))
    said = change.why.zh()
    assert "2026-11-19" in said and "2026-11-23" in said
    assert fresh["limitation"].rules[:8] in said and stored[0].rules[:8] in said


def test_the_same_calendar_changes_nothing():
    """Control: with the published data nothing moves, however often it is compared."""
    found = views(COMPLAINT)
    assert compare_deadlines([v.stored() for v in found.values()], found.values()) == ()


def test_new_and_over_are_told():
    """A deadline that began and one that no longer follows."""
    before, after = views(), views(COMPLAINT)
    [new] = compare_deadlines(
        [v.stored() for v in before.values()], [after["regulator_acceptance"], *before.values()]
    )
    assert (new.change, new.before) == (Change.NEW, None)
    [over] = compare_deadlines([after["regulator_acceptance"].stored()], [])
    assert (over.change, over.after) == (Change.OVER, None)


def test_an_estimate_becomes_firm():
    """When the year is published, the same day is said to be firm, another one to have moved."""
    view = views(COMPLAINT)["regulator_acceptance"]
    guess = replace(view.stored(), estimated=True, rules="0" * 64)
    [firm] = compare_deadlines([guess], [view])
    assert firm.change is Change.FIRM
    [moved] = compare_deadlines([replace(guess, due=at("11-18 23:59:59"))], [view])
    assert moved.change is Change.MOVED and "估算" in moved.why.zh()


def test_a_new_version_of_the_rule_is_named():
    """Where another version of the rule counts now, the reason is the rule, not the calendar."""
    view = views(COMPLAINT)["regulator_acceptance"]
    old = StoredDeadline(view.key, at("11-18 23:59:59"), view.rule[:-1] + "1", "0" * 64)
    [moved] = compare_deadlines([old], [view])
    assert "新版本" in moved.why.zh() and "@1" in moved.why.zh()
