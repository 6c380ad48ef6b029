"""`gongdao case seal --log` as a command: its options, its words, its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.casework.case_kit import make_case
from tests.casework.fake_log import FakeLog
from tests.forked import run_forked

from gongdao_verify.check import INTACT, verify

pytestmark = pytest.mark.slow
AS_OF = ("--as-of", "2026-11-20T10:00:00+08:00")


@pytest.fixture
def fake():
    """A log that behaves well until told otherwise."""
    opened = FakeLog()
    yield opened
    opened.close()


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A small case."""
    return make_case(tmp_path / "case")


def _seal(case: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_forked("case", "seal", case, "--out", out, *AS_OF, *words, env=os.environ)


def test_the_key_is_named_and_the_state_is_said(fake, case, tmp_path):
    """Entry number, what it is worth, and nothing of a key that was named."""
    out = tmp_path / "a.zip"
    done = _seal(case, out, "--log", fake.url, "--log-key", fake.vkey)
    assert done.returncode == 0 and "第 1 条" in done.stdout
    assert "CONSISTENT_UNWITNESSED" in done.stdout and fake.vkey not in done.stdout
    assert verify(out).state == INTACT and verify(out).log is not None


def test_a_key_that_was_not_named_is_shown(fake, case, tmp_path):
    """So that it can be checked by other means and named next time."""
    done = _seal(case, tmp_path / "a.zip", "--log", fake.url)
    assert done.returncode == 0 and fake.vkey in done.stdout and "--log-key" in done.stdout
    told = json.loads(_seal(case, tmp_path / "b.zip", "--log", fake.url, "--json").stdout)
    assert told["log"]["vkey"] == fake.vkey and told["log"]["key_named"] is False
    assert (told["log"]["index"], told["log_problem"]) == (1, "")


def test_a_policy_names_the_log_and_its_witnesses(fake, case, tmp_path):
    """The file of the reader decides whom to trust; one that does not know the log refuses it."""
    policy = tmp_path / "policy.txt"
    policy.write_text(fake.policy(), "utf-8")
    named = ("--log", fake.url, "--log-policy", str(policy))
    assert _seal(case, tmp_path / "a.zip", *named).returncode == 0
    policy.write_text(fake.policy().replace("log.example.org", "other.example.org"), "utf-8")
    done = _seal(case, tmp_path / "b.zip", *named)
    assert done.returncode == 2 and "公钥" in done.stderr


def test_failure_leaves_no_file_unless_that_was_allowed(fake, case, tmp_path):
    """One sentence and exit code 2; with --unanchored-ok a file, and the sentence beside it."""
    fake.mode, out = "other", tmp_path / "a.zip"
    named = ("--log", fake.url, "--log-key", fake.vkey)
    done = _seal(case, out, *named)
    assert done.returncode == 2 and "不是这份卷宗的" in done.stderr and not out.exists()
    done = _seal(case, out, *named, "--unanchored-ok")
    assert done.returncode == 0 and "! " in done.stdout and verify(out).state == INTACT


def test_options_that_make_no_sense_are_refused_at_once(fake, case, tmp_path):
    """Before anything is read or sent."""
    for words in (
        ("--log-key", fake.vkey),
        ("--log-policy", str(tmp_path / "p")),
        ("--log", "log.example"),
        ("--log", fake.url, "--log-key", "x"),
        ("--log", fake.url, "--log-key", fake.vkey, "--log-policy", str(tmp_path / "p")),
    ):
        assert _seal(case, tmp_path / "a.zip", *words).returncode == 2, words
    assert fake.asked == []
