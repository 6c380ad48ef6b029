"""Limits against abuse are published, counted, bounded in time, appealable; they judge no case."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.disputes.facts_kit import AT, ON, facts

from gongdao.disputes import decide_liability
from gongdao.disputes.decide_abuse import Measure, decide_abuse
from gongdao.disputes.facts import FACTS, FactName
from gongdao.rules.dispute_faults import dispute_faults
from gongdao.rules.dispute_queries import abuse_rules

RULES = {rule.code: rule for rule in abuse_rules(ON)}
AT_LIMIT = {
    "serial_claims": ({"buyer_claims_30d": 10}, Measure.PERSON_FIRST),
    "use_then_complain": ({"buyer_used_claims_90d": 3}, Measure.ASK_RECORDING),
    "disproved_claims": ({"buyer_disproved_180d": 3}, Measure.PERSON_FIRST),
    "merchant_silence": ({"merchant_silences_30d": 5}, Measure.HOLD),
    "empty_answers": ({"merchant_empty_answers_30d": 5}, Measure.WARN),
    "fallen_excuses": ({"merchant_excuses_fallen_90d": 10}, Measure.WARN),
    "used_secrets_merchant": (
        {"merchant_used_upheld_90d": 3, "merchant_orders_90d": 299},
        Measure.HOLD,
    ),
    "collusion": ({"parties_linked": True, "linked_orders_30d": 5}, Measure.HOLD),
}


def reached(**known: object) -> list[str]:
    """The codes of the limits that these facts reach."""
    found = decide_abuse(facts=facts(**known), rules=RULES.values(), at=AT)
    return [one.rule.partition("/")[2].partition("@")[0] for one in found]


def test_every_rule_is_tried():
    """Each published limit has its line in this test."""
    assert set(AT_LIMIT) == set(RULES)


@pytest.mark.parametrize("code", sorted(AT_LIMIT))
def test_the_limit_is_exact(code):
    """At the published number it is reached; one less (or the other way) it is not."""
    known, measure = AT_LIMIT[code]
    assert reached(**known) == [code]
    found = decide_abuse(facts=facts(**known), rules=RULES.values(), at=AT)[0]
    assert found.measure is measure
    assert found.until == AT + timedelta(hours=RULES[code].hours)
    assert {fact.name for fact in found.facts} == set(known)
    for name, value in known.items():
        below = name == "merchant_orders_90d"
        other = (not value) if isinstance(value, bool) else value + (1 if below else -1)
        assert reached(**{**known, name: other}) == []


def test_what_is_not_known_reaches_nothing():
    """Without the counts no limit applies."""
    assert reached() == []


def test_each_ground_can_be_appealed():
    """What the person concerned reads names the count and the appeal, in both languages."""
    for rule in RULES.values():
        assert "申诉" in rule.says and "appeal" in rule.says_en
        assert any(char.isdigit() for char in rule.says)
        assert FACTS[FactName(rule.when[0].fact)].automatic


def test_a_measure_without_an_end_is_refused():
    """A limit without hours, without a condition or with an unknown measure is a fault."""
    rule = RULES["collusion"]
    for wrong in (replace(rule, hours=0), replace(rule, when=()), replace(rule, measure="score")):
        assert list(dispute_faults(wrong))


def test_liability_never_asks_for_abuse():
    """The module that decides liability imports nothing of this one."""
    tree = ast.parse(Path(decide_liability.__file__).read_text("utf-8"))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any("abuse" in (name or "") for name in names)
