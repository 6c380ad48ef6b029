"""`gongdao-verify` with a log's promise: sound or not, kept, still open, or broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.verify.log_kit import Signer, SmallLog, leaf
from tests.verify.vector_kit import LOG, ORIGIN, POLICIES, SIZE

from gongdao_verify.main import main

ABSENT = "ab" * 32
LATE, EARLY = "2026-11-22T10:00:30Z", "2026-11-22T10:00:05Z"
"""After, and before, the newest leaf of the tree of SIZE leaves, which are a second apart."""


def _promise(digest: str = ABSENT, at: str = LATE, signer: Signer = LOG.signer) -> str:
    text = f"gongdao-promise/v1\n{ORIGIN}\n{digest}\n{at}\n"
    return f"{text}\n{signer.sign(text)}"


@pytest.fixture
def judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the command over a promise; exit code and JSON answer."""
    policy = tmp_path / "policy"
    policy.write_text(POLICIES["full"], "utf-8")
    SmallLog(ORIGIN, LOG.entries[:SIZE]).write(tmp_path / "log")

    def run(text: str, *words: str, known: bool = True, tiles: bool = False):
        place = tmp_path / "promise.txt"
        place.write_text(text, "utf-8")
        given = ["--policy", str(policy)] if known else []
        given += ["--tiles", str(tmp_path / "log")] if tiles else []
        code = main([str(place), "--json", *given, *words])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_promise_is_read_and_its_signature_checked(judge) -> None:
    """With the log's key it is a promise by a time; without a policy it is said to be unchecked."""
    code, found = judge(_promise())
    assert (code, found["state"], found["deadline"]) == (0, "PROMISED", LATE)
    assert (found["origin"], found["leaf_hash"]) == (ORIGIN, ABSENT)
    code, found = judge(_promise(), known=False)
    assert (code, found["state"]) == (0, "PROMISE_UNCHECKED")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_promise().replace(LATE, EARLY), "bad_signature"),
        (_promise(signer=Signer(ORIGIN, "new")), "unsigned"),
        (_promise().replace(f"\n{ORIGIN}\n", "\nother.example/log\n"), "unknown_log"),
    ],
)
def test_a_promise_of_nobody_is_invalid(judge, text: str, reason: str) -> None:
    """An altered one, one by another key, and one of an unknown log hold nothing."""
    code, found = judge(text)
    assert (code, found["state"], found["reason"]) == (1, "INVALID", reason)


def test_what_is_no_promise_has_no_verdict(judge) -> None:
    """A note with the header but another form is unreadable, not invalid."""
    for text in (
        _promise().replace(ABSENT, ABSENT[:-1]),
        _promise().replace(LATE, "2026-13-22T10:00:30Z"),
        _promise().replace(f"{LATE}\n", f"{LATE}\nmore\n"),
        _promise().split("\n\n")[0],
    ):
        code, found = judge(text)
        assert (code, found["state"], found["problem"]) == (2, "unreadable", "no_promise")


def test_kept_open_or_broken(judge) -> None:
    """With the log's tiles: the leaf is there; it is not, but the log's newest leaf is not past the
    deadline; it is past it, and both signed notes are shown."""
    code, found = judge(_promise(leaf(LOG.entries[7]).hex(), EARLY), tiles=True)
    assert (code, found["state"], found["index"]) == (0, "PROMISE_KEPT", 7)
    code, found = judge(_promise(), tiles=True)
    assert (code, found["state"], found["size"]) == (0, "PROMISE_OPEN", SIZE)
    broken = _promise(at=EARLY)
    code, found = judge(broken, tiles=True)
    assert (code, found["state"]) == (1, "PROMISE_BROKEN")
    assert found["notes"] == [broken, LOG.note(SIZE)]


def test_tiles_of_another_log_say_nothing(judge, tmp_path: Path) -> None:
    """A checkpoint that the log did not sign, or a tile that is not of its tree, proves nothing."""
    judge(_promise())
    place = tmp_path / "log/checkpoint"
    place.write_text(SmallLog(ORIGIN, LOG.entries, salt="new").note(SIZE), "utf-8")
    code, found = judge(_promise(at=EARLY), tiles=True)
    assert (code, found["problem"]) == (2, "bad_checkpoint")
    place.write_text(LOG.note(SIZE), "utf-8")
    tile = next((tmp_path / "log").rglob(f"tile/0/*.p/{SIZE}"))
    tile.write_bytes(b"\0" * 32 * SIZE)
    code, found = judge(_promise(at=EARLY), tiles=True)
    assert (code, found["problem"]) == (2, "bad_tiles")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str) -> None:
    """The deadline is said in both languages."""
    place = tmp_path / "promise.txt"
    place.write_text(_promise(), "utf-8")
    assert main([str(place), "--lang", language]) == 0
    assert "2026-11-22 10:00:30 UTC" in capsys.readouterr().out
