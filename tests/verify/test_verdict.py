"""Verdict files, checked as a stranger would: equal, different, unreadable, or not recomputed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.scenarios.pure_half import run_story
from tests.scenarios.scenario_book import stories

from gongdao.core.language import use_language
from gongdao.disputes.verdict_json import write_verdict
from gongdao_verify.canonical import canonical
from gongdao_verify.main import main
from gongdao_verify.verdict_check import check_verdict, is_verdict, verdict_json, verdict_lines

TOLD = {s.id: run.verdict for s in stories() if (run := run_story(s)).verdict is not None}
DATA = write_verdict(TOLD["overdue"])


@pytest.fixture(autouse=True)
def _chinese():
    """The verifier chooses the language of the process: put it back."""
    yield
    use_language("zh")


def altered(**changes) -> bytes:
    """The verdict with other plain values, canonical again."""
    return canonical({**json.loads(DATA), **changes})


@pytest.mark.parametrize("name", sorted(TOLD))
def test_every_story_of_the_book_is_equal(name):
    """Each verdict of the scenario book is recognised by its first bytes and recomputes."""
    data = write_verdict(TOLD[name])
    assert is_verdict(data)
    found = check_verdict(data, "zh")
    assert (found.state, found.exit_code, found.problems) == ("equal", 0, ())
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.explanation and all(known for _ref, known in found.rules)


def test_a_file_of_the_first_form_is_still_judged_anew():
    """Verdicts written before pieces were named keep their worth."""
    found = check_verdict((Path(__file__).parent / "verdict_vector_1.json").read_bytes(), "zh")
    assert (found.state, found.exit_code, found.problems) == ("equal", 0, ())


def test_without_gongdao_it_says_what_it_needs():
    """Alone the verifier checks form, digests and sums, and says that it did not judge anew."""
    found = check_verdict(DATA, "en", with_gongdao=False)
    assert (found.state, found.exit_code) == ("not_recomputed", 2)
    assert "install gongdao" in verdict_lines(found, "en")[0]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"result": {"remedy": "refund_full", "amount_minor": 1, "parts": [], "units": 0}},
            "parts",
        ),
        (
            {
                "result": {
                    "remedy": "refund_full",
                    "amount_minor": 9900,
                    "parts": [{"party": "merchant", "percent": 100, "minor": 9900}],
                    "units": 0,
                }
            },
            "over_paid",
        ),
        (
            {
                "result": {
                    "remedy": "refund_full",
                    "amount_minor": 9800,
                    "parts": [{"party": "merchant", "percent": 90, "minor": 9800}],
                    "units": 0,
                }
            },
            "percent_sum",
        ),
    ],
)
def test_wrong_sums_are_seen_alone(changes, problem):
    """Sums that do not hold are seen without gongdao."""
    found = check_verdict(altered(**changes), "zh", with_gongdao=False)
    assert found.state == "different"
    assert any(problem in one for one in found.problems)


def test_a_rule_with_another_digest_is_seen_alone():
    """A rule whose text was changed does not have the digest that it states."""
    plain = json.loads(DATA)
    plain["rules"][0]["table"]["rows"][2]["amount"]["percent"] = 50
    found = check_verdict(canonical(plain), "zh", with_gongdao=False)
    assert found.problems == ("rule_digest",)
    assert "摘要不符" in verdict_lines(found, "zh")[1]


def test_another_fact_gives_another_result():
    """One fact changed, all sums in order: recomputed, it differs."""
    plain = json.loads(DATA)
    for fact in plain["facts"]:
        if fact["name"] == "platform_incident":
            fact["value"] = True
    found = check_verdict(canonical(plain), "en")
    assert (found.state, found.exit_code) == ("different", 1)
    assert "finding" in found.problems
    assert len(found.said) == len(found.problems)


@pytest.mark.parametrize(
    "data",
    [
        b'{"basis":',
        b'{"basis":1}',
        b'{"basis":"rules","format":"gongdao-verdict/1"}',
        DATA + b"\n",
        DATA.replace(b"gongdao-verdict/2", b"gongdao-verdict/9"),
        b'{"basis":"' + b"x" * (1 << 20) + b'"}',
        b'{"basis":' + b"[" * 5000,
    ],
)
def test_rubbish_is_unreadable(data):
    """What is no verdict is called unreadable, never a crash."""
    found = check_verdict(data, "zh")
    assert (found.state, found.exit_code) == ("unreadable", 2)
    assert verdict_json(found, "zh")["state"] == "unreadable"


def test_wrong_types_are_unreadable_with_and_without():
    """Any value of another type in place of what belongs there is no crash either."""
    plain = json.loads(DATA)
    for key in plain:
        for other in (None, 1, "x", [], {}, [1], [{}]):
            data = canonical({**plain, key: other})
            for with_gongdao in (True, False):
                state = check_verdict(data, "zh", with_gongdao=with_gongdao).state
                assert state in ("unreadable", "different", "not_recomputed", "equal")
                opaque = key in ("case", "order") and other == "x"
                assert opaque or data == DATA or state != "equal"


def test_the_command(tmp_path, capsys):
    """`gongdao-verify FILE` recognises a verdict by itself, in words and as JSON."""
    path = tmp_path / "verdict.json"
    path.write_bytes(DATA)
    assert main([str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("一致：") and "全额退款 98.00 CNY" in said
    assert main([str(path), "--json", "--lang", "en"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["state"]) == ("verdict", "equal")
    path.write_bytes(DATA.replace(b'"currency":"CNY"', b'"currency":"cny"'))
    assert main([str(path), "--json"]) == 1
    path.write_bytes(altered(rules_on="2025-01-01"))
    assert main([str(path)]) == 1


def test_the_verifier_itself_imports_no_gongdao():
    """To be imported the command needs nothing of gongdao."""
    code = (
        "import sys, gongdao_verify.main\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('gongdao', 'django')]\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60
    )
