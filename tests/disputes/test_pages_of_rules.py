"""What is published about disputes says what the rules say."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from tests.disputes.facts_kit import ON, TABLES
from tests.verify.make_verdict_vector import VECTOR, make_vector

from gongdao.disputes.facts import FACTS
from gongdao.disputes.states import STEPS, TRANSITIONS, Silence
from gongdao.rules.dispute_queries import abuse_rules, dispute_clock, excuses

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference/disputes.md").read_text("utf-8")
FORMAT = (DOCS / "formats/verdict.md").read_text("utf-8")


def section(heading: str) -> str:
    """The text below a heading of the reference."""
    return REFERENCE.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]


def test_every_fact_is_published():
    """Each fact stands in the reference with its type and its meaning."""
    for name, kind in FACTS.items():
        row = next(x for x in section("## Facts").splitlines() if x.startswith(f"| `{name}` |"))
        assert kind.type in row and kind.meaning in row, name
        assert all(str(source) in row for source in kind.sources), name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_every_row_is_published(table):
    """Each row of each table is in the reference, with its mode, its limits and its shares."""
    text = REFERENCE.split(f"### `{table.id}`", 1)[1].split("\n### ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \|(.*)$", text.split("\n## ", 1)[0], flags=re.MULTILINE)
    assert [code for code, _ in rows] == [row.code for row in table.rows]
    for row, (_code, line) in zip(table.rows, rows, strict=True):
        assert line.rstrip(" |").endswith(row.mode)
        assert all(f"{share.party} {share.percent}" in line for share in row.fault)
        for one in row.when:
            assert f"`{one.fact}`" in line
            for limit in (one.at_least, one.below, one.plus or None):
                assert limit is None or re.search(rf"\b{limit}\b", line), (row.code, limit)


def test_every_clock_step_and_deed_is_published():
    """Each step with forum, mover, length and silence, and each way that a deed leads."""
    text = section("## Steps and clocks")
    for step, kind in STEPS.items():
        rule = dispute_clock(kind.clock, ON)
        line = next(x for x in text.splitlines() if x.startswith(f"| `{step}` | {kind.forum} "))
        assert f" {kind.mover} " in line and f"`{rule.silence}`" in line
        assert rule.length is None or f" {rule.length} " in line
    for (step, deed), after in TRANSITIONS.items():
        if deed not in ("say", "silence_untold"):
            line = [x for x in text.splitlines() if x.startswith(f"| `{step}` | ")][-1]
            assert f"{deed} → {after}" in line
    assert all(f"| `{silence}` |" in text for silence in Silence)


def test_excuses_and_limits_are_published():
    """Each excuse with its hours, each limit against abuse with its number and its measure."""
    for rule in excuses(ON):
        lines = [x for x in section("## Excuses").splitlines() if x.startswith(f"| `{rule.id}` ")]
        assert len(lines) == len(rule.proofs)
        assert all(line.endswith(f"| {rule.hours} |") for line in lines)
    for limit in abuse_rules(ON):
        text = section("## Limits against abuse")
        line = next(x for x in text.splitlines() if x.startswith(f"| `{limit.id}` "))
        assert line.endswith(f"| {limit.measure} | {limit.hours} |")
        assert all(f"`{one.fact}`" in line for one in limit.when)


def test_the_example_of_the_format_is_real():
    """The vector is what the story gives, its digest and length stand on the page, and what the
    page shows of it is in it."""
    data = VECTOR.read_bytes()
    assert data == make_vector()
    assert hashlib.sha256(data).hexdigest() in FORMAT
    assert f"{len(data):,} bytes" in FORMAT
    shown = json.loads(FORMAT.split("```json\n", 1)[1].split("```", 1)[0])
    whole = json.loads(data)
    assert set(shown) == set(whole)
    for key in set(shown) - {"facts", "rules"}:
        assert shown[key] == whole[key], key
    assert all(fact in whole["facts"] for fact in shown["facts"])
    assert shown["rules"][0]["digest"] == whole["rules"][0]["digest"]
