"""A verdict in words: rule, facts with their source, money and ways, in both languages."""

from __future__ import annotations

import re

import pytest
from tests.disputes.facts_kit import AT, ON, facts
from tests.scenarios.pure_half import run_story
from tests.scenarios.scenario_book import stories

from gongdao.core.language import translated
from gongdao.disputes.decide_liability import Mode, Party, Remedy
from gongdao.disputes.explain import explain, explain_both, say_condition, say_fault, say_row
from gongdao.disputes.facts import FACTS, FactType, Source
from gongdao.disputes.rule_words import (
    BASIS_WORDS,
    CHOICE_WORDS,
    FAULT_WORDS,
    MODE_WORDS,
    OUTCOME_WORDS,
    PARTY_WORDS,
    REASON_WORDS,
    REMEDY_WORDS,
    SOURCE_WORDS,
)
from gongdao.disputes.states import Outcome, ReasonCode
from gongdao.disputes.verdict_file import Basis
from gongdao.rules.dispute_kinds import Condition
from gongdao.rules.dispute_queries import liability

TOLD = [story for story in stories() if run_story(story).verdict is not None]


def test_every_code_has_its_word():
    """Reasons, remedies, parties, sources, modes, bases, outcomes and choices all have a name."""
    for table, codes in (
        (REASON_WORDS, ReasonCode),
        (REMEDY_WORDS, Remedy),
        (PARTY_WORDS, Party),
        (SOURCE_WORDS, Source),
        (MODE_WORDS, Mode),
        (BASIS_WORDS, Basis),
        (OUTCOME_WORDS, Outcome),
    ):
        assert set(table) == set(codes)
    choices = {(n, c) for n, k in FACTS.items() if k.type is FactType.CHOICE for c in k.choices}
    assert set(CHOICE_WORDS) == choices


@pytest.mark.parametrize("story", TOLD, ids=lambda story: story.id)
def test_every_story_can_be_explained(story):
    """Each verdict of the book is told in both languages with its rule, its money and the ways
    that stay open, and never calls itself arbitration."""
    file = run_story(story).verdict
    said = explain(file)
    both = explain_both(file)
    assert said.lines[0].startswith("处理：")
    assert "不妨碍" in said.ways[-1]
    assert "仲裁" not in both.chinese
    if file.result.amount_minor:
        amount = f"{file.result.amount_minor // 100}.{file.result.amount_minor % 100:02d} CNY"
        assert amount in said.result[0]
        assert amount in both.english
    if file.finding.row:
        assert say_row(file.table, file.finding.row) in "".join(said.why)
        row = next(r for r in file.table.rows if r.code == file.finding.row)
        assert row.says_en in both.english


def test_a_condition_is_said_with_its_source():
    """A fact is told with value and source, a comparison with what it was compared to."""
    known = facts(test_told_at=AT, revealed_at=AT)
    one = Condition("test_told_at", not_over="revealed_at", plus=30)
    said = say_condition(one, known)
    assert said == (
        "买家记录测试结果的时间：2026-11-20 12:00:00（平台记录），"
        "不晚于、不高于提卡时间 2026-11-20 12:00:00再加 30 分钟"
    )
    assert say_condition(Condition("delivered", one_of=("no",)), facts()).endswith("不知道")


def test_faults_are_said():
    """Each thing that can differ has its sentence; a rule is named."""
    for code in FAULT_WORDS:
        assert say_fault(code) == translated(FAULT_WORDS[code])
    assert "liability/late@1" in say_fault("rule:liability/late@1")


def test_texts_of_tables_keep_their_words():
    """No published sentence promises arbitration or bars a way; each has both languages."""
    for reason in (*ReasonCode, "silence"):
        for row in liability(reason, ON).rows:
            assert "仲裁" not in row.says and not re.search("不得投诉|不得起诉", row.says)
            assert row.says.endswith("。") and row.says_en.endswith(".")
            assert not re.search("[\u4e00-\u9fff]", row.says_en)
