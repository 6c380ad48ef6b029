"""`gongdao rules` knows the rules of disputes: shown, dated, and checked with their tables."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gongdao.disputes import check_tables
from gongdao.front.cli.rules_commands import rules_app

IDS = [
    ("liability/late", "Liability"),
    ("liability/silence", "Liability"),
    ("excuse/upstream", "Excuse"),
    ("abuse/collusion", "AbuseRule"),
    ("dispute_clock/answer", "DisputeClock"),
    ("dispute_stop/legal_hold", "DisputeStop"),
]


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of `gongdao rules …`."""
    result = CliRunner().invoke(rules_app, list(arguments))
    return result.exit_code, result.output


@pytest.mark.parametrize(("id", "kind"), IDS)
def test_each_kind_is_shown_and_dated(id, kind):
    """Every kind has its versions, and the one in force on a day, as text and as JSON."""
    code, said = run("show", id, "--json")
    assert code == 0
    assert {one["kind"] for one in json.loads(said)} == {kind}
    code, said = run("at", id, "--on", "2026-11-20")
    assert code == 0
    assert id in said and "digest" in said


def test_a_table_is_printed_a_row_a_line():
    """In text a table has a line for each row, without what is empty."""
    _code, said = run("at", "liability/late", "--on", "2026-11-20")
    rows = [line for line in said.splitlines() if line.startswith("  - ")]
    assert [json.loads(line[4:])["code"] for line in rows][:2] == ["not_yet", "overdue"]
    assert "null" not in said


def test_the_check_looks_at_the_tables(monkeypatch):
    """A gap in a table makes the check fail, like any other fault of the data."""
    assert run("check")[0] == 0
    monkeypatch.setattr(check_tables, "check_tables", lambda: ("liability/late@1: a gap",))
    code, said = run("check")
    assert code == 1
    assert "a gap" in said
