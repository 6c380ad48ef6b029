"""`gongdao-verify` with the public log: receipts, case files that carry one, forks, bad input."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.casework.local_tsa import make_certificate, make_key, pem
from tests.verify.forge_token import forge
from tests.verify.log_kit import Signer, SmallLog, b64, naive_root
from tests.verify.make_receipt_vectors import PLACE
from tests.verify.vector_kit import LOG, POLICIES, SIZE, cosigned, make_receipt
from tests.verify.vector_leaves import dump

from gongdao_verify.check import ALTERED, INTACT, Verdict, verify
from gongdao_verify.log_verdict import LogState, judge_receipt
from gongdao_verify.main import main, read_policy
from gongdao_verify.tlog_policy import Policy

NOTARY, SCHOOL = Signer("witness.notary.example"), Signer("witness.school.example")
AT = 1_795_341_700
ROOT_KEY, TSA_KEY = make_key(), make_key()
ROOT = make_certificate("root", ROOT_KEY, ca=True)
TSA = make_certificate("tsa", TSA_KEY, (ROOT, ROOT_KEY))
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: exit code, standard output, standard error."""

    def run_it(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run_it


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policy that knows the test log and its witnesses."""
    path = tmp_path / "policy.txt"
    path.write_text(POLICIES["full"], "utf-8")
    return path


def _save(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_receipt_in_words_and_in_json(run: Run, tmp_path: Path, policy: Path) -> None:
    """State, place, leaf, opened value, witnesses with organisation, and what is not proven."""
    receipt = _save(tmp_path / "r.tlog-proof", make_receipt(cosigned(NOTARY, SCHOOL)))
    code, out, err = run(receipt, "--policy", policy, "--lang", "en")
    assert (code, err) == (0, "")
    assert out.startswith("WITNESSED: 2 organisations that are not the operator")
    for part in (
        "gongdao.example/log (leaf number 5, in a checkpoint of 13)",
        "order.state",
        'opened values: amount = {"currency":"CNY","minor":9800}',
        "witness: notary (示例公证处) 2026-11-22T10:00:00Z",
        "What is NOT proven:",
        "no independent auditor",
    ):
        assert part in out
    code, out, err = run(receipt, "--policy", policy, "--json")
    found = json.loads(out)
    assert (code, found["state"], found["organisations"]) == (
        0,
        "WITNESSED",
        ["示例公证处", "示例大学"],
    )
    assert found["sentences"]["state"].startswith("已见证")


def test_without_a_policy_nothing_is_green(run: Run, tmp_path: Path) -> None:
    """Consistent, unwitnessed, and said to be because the log's key is not known."""
    receipt = _save(tmp_path / "r.tlog-proof", make_receipt(cosigned(NOTARY, SCHOOL)))
    code, out, _ = run(receipt, "--lang", "en")
    assert code == 0 and out.startswith("CONSISTENT_UNWITNESSED")
    assert "The log's key is not known" in out and "its key was not checked" in out


def test_exit_codes_of_receipts(run: Run, tmp_path: Path, policy: Path) -> None:
    """Invalid is 1, what cannot be read is 2, in words and in JSON."""
    good = make_receipt(cosigned(NOTARY, SCHOOL))
    other = _save(tmp_path / "other", good.replace("index 5", "index 4"))
    assert run(other, "--policy", policy, "--lang", "en")[0] == 1
    assert "INVALID" in run(other, "--policy", policy, "--lang", "en")[1]
    cut = _save(tmp_path / "cut", good[:60])
    code, out, _ = run(cut, "--json")
    assert (code, json.loads(out)["problem"]) == (2, "no_receipt")
    strange = _save(tmp_path / "strange", "hello")
    assert run(strange)[0] == 2
    assert run(tmp_path / "nothing")[0] == 2
    assert run(tmp_path)[0] == 2


def test_bad_policies_and_wrong_use(run: Run, tmp_path: Path) -> None:
    """An unreadable policy stops with its line; neither or both of FILE and --fork is an error."""
    receipt = _save(tmp_path / "r", make_receipt(LOG.note(SIZE)))
    for text in ("quorum\n", "quorum none\n\x1b[2J"):
        bad = _save(tmp_path / "p", text)
        code, out, err = run(receipt, "--policy", bad, "--lang", "en")
        assert (code, out) == (2, "") and "The policy cannot be read" in err and "line" in err
        assert "\x1b" not in err
    assert run(receipt, "--policy", tmp_path / "none")[0] == 2
    for words in ([], [receipt, "--fork", receipt, receipt]):
        with pytest.raises(SystemExit) as stopped:
            run(*words)
        assert stopped.value.code == 2


def test_a_policy_in_other_bytes_is_read(tmp_path: Path) -> None:
    """Names and comments need not be UTF-8 (the specification calls them opaque)."""
    path = tmp_path / "p"
    line = f"witness \xff {NOTARY.vkey(4)}\nquorum \xff\n# \xfe\n"
    path.write_bytes(line.encode("latin-1"))
    assert len(read_policy(path).witnesses) == 1


def test_hostile_values_do_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    """Escape codes in an opened value, in a leaf and in a key name are shown, not sent."""
    salt, value = bytes(32), "\x1b[2J\u202e\u2028"
    digest = hashlib.sha256(b"gongdao-commit/v1\x00" + salt + dump(value)).hexdigest()
    entry = dump(
        {
            "at": "2026-11-22T10:00:00.000Z",
            "d": {"c": digest, "x": "\u202egnp"},
            "prev": None,
            "sub": "case:" + "0" * 32,
            "t": "case.sealed",
            "v": 1,
        }
    )
    log = SmallLog("evil\u202e.example/log", [entry])
    extra = {"entry": b64(entry), "openings": {"c": {"salt": salt.hex(), "value": value}}, "v": 1}
    receipt = _save(tmp_path / "r", log.receipt(0, log.note(), dump(extra)))
    code, out, _ = run(receipt)
    assert code == 0 and all(ch.isprintable() or ch == "\n" for ch in out)
    notes = [_save(tmp_path / name, note) for name, note in _fork_of("evil\u202e")]
    code, out, _ = run("--fork", *notes)
    assert code == 1 and all(ch.isprintable() or ch == "\n" for ch in out)


def _fork_of(origin: str) -> list[tuple[str, str]]:
    logs = [SmallLog(origin, [b"a", last]) for last in (b"b", b"c")]
    return [(f"note{n}", log.note()) for n, log in enumerate(logs)]


def test_a_fork_shows_both_notes(run: Run, tmp_path: Path, policy: Path) -> None:
    """Whole and in full, so that they can be published; without a policy it is no proof yet."""
    other = SmallLog(LOG.origin, [b"x", *LOG.entries[1:]])
    one, two = (_save(tmp_path / n, log.note(SIZE)) for n, log in (("1", LOG), ("2", other)))
    code, out, _ = run("--fork", one, two, "--policy", policy, "--lang", "en")
    assert code == 1 and out.startswith("FORK: the log signed two checkpoints")
    for path in (one, two):
        assert path.read_text("utf-8") in out
    code, out, _ = run("--fork", one, two, "--lang", "en")
    assert code == 1 and "no proof yet" in out
    found = json.loads(run("--fork", one, two, "--policy", policy, "--json")[1])
    assert (found["state"], found["signed"]) == ("fork", True)
    assert found["notes"] == [path.read_text("utf-8") for path in (one, two)]


def test_checkpoints_of_two_sizes_need_the_tiles(run: Run, tmp_path: Path, policy: Path) -> None:
    """With the exported folder: one log that grew is consistent, a rewritten one is a fork; with
    tiles of something else, or broken ones, nothing is concluded."""
    LOG.write(tmp_path / "log")
    other = SmallLog(LOG.origin, [b"x", *LOG.entries[1:]])
    old, new, forged = (
        _save(tmp_path / name, note)
        for name, note in (("o", LOG.note(7)), ("n", LOG.note()), ("f", other.note(7)))
    )
    receipt = _save(tmp_path / "r", make_receipt(LOG.note(SIZE)))
    with_tiles = ("--policy", policy, "--tiles", tmp_path / "log")
    assert run("--fork", old, new)[0] == 2
    assert run("--fork", old, new, *with_tiles)[0] == 0
    assert run("--fork", new, old, *with_tiles)[0] == 0
    assert run("--fork", receipt, old, *with_tiles)[0] == 2  # of SIZE leaves: other partial tiles
    assert run("--fork", receipt, new, *with_tiles)[0] == 0
    code, out, _ = run("--fork", forged, new, *with_tiles, "--lang", "en")
    assert code == 1 and "FORK" in out
    tile = next((tmp_path / "log/tile/0").iterdir())
    next(tile.iterdir()).write_bytes(bytes(17 * 32))
    code, out, _ = run("--fork", old, new, *with_tiles, "--lang", "en")
    assert code == 2 and "right edge" in out
    assert run("--fork", old, tmp_path / "log/vkey")[0] == 2
    assert run("--fork", old, tmp_path / "nothing")[0] == 2


@pytest.fixture
def logged(sealed: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a copy of the sealed case file with a receipt of its digests in it."""

    def make(*, log: SmallLog | None = None, stamped: bool = False, **changes: Any) -> Path:
        with zipfile.ZipFile(sealed) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        found = log or SmallLog(LOG.origin, list(LOG.entries))
        found.entries = [*found.entries, _sealed_leaf(members, **changes)]
        members["seal.tlog-proof"] = _receipt_of_last(found, stamped)
        out = tmp_path / "logged.zip"
        with zipfile.ZipFile(out, "w") as archive:
            for name in sorted(members, key=str.encode):
                archive.writestr(name, members[name])
        return out

    return make


def _sealed_leaf(members: dict[str, bytes], **changes: Any) -> bytes:
    data = {
        "manifest_sha256": hashlib.sha256(members["manifest.sha256"]).hexdigest(),
        "manifest_sm3": hashlib.new("sm3", members["manifest.sm3"]).hexdigest(),
        "seal_sha256": hashlib.sha256(members["seal.sha256"]).hexdigest(),
    }
    leaf = {
        "at": "2026-11-22T10:01:00.000Z",
        "d": {**data, **changes.pop("data", {})},
        "prev": None,
        "sub": "case:" + "0" * 32,
        "t": "case.sealed",
        "v": 1,
    }
    return dump({**leaf, **changes})


def _receipt_of_last(log: SmallLog, stamped: bool) -> bytes:
    text, size = log.text(), len(log.entries)
    anchors = []
    if stamped:
        token = forge(text.encode(), TSA_KEY, TSA)
        root = naive_root(log.leaves()).hex()
        anchors = [
            {"kind": "rfc3161", "size": size, "root": root, "token": b64(token)}
            | {"checkpoint": log.note(), "consistency": []}
        ]
    note = log.note(None, NOTARY.cosign(text, AT), SCHOOL.cosign(text, AT))
    extra = {"anchors": anchors, "entry": b64(log.entries[-1]), "v": 1}
    return log.receipt(size - 1, note, dump(extra))


def _found(verdict: Verdict) -> set[tuple[str, str, str]]:
    return {(one.name, one.kind, one.detail) for one in verdict.findings}


def test_a_case_file_with_its_receipt(logged: Callable[..., Path]) -> None:
    """Intact either way; witnessed by the reader's policy, and not without one."""
    path = logged()
    verdict = verify(path)
    assert verdict.state == INTACT and verdict.log is not None
    assert (verdict.log.state, verdict.log.reason) == (
        LogState.CONSISTENT_UNWITNESSED,
        "no_policy",
    )
    verdict = verify(path, policy=Policy.parse(POLICIES["full"]))
    assert verdict.state == INTACT and verdict.log is not None
    assert verdict.log.state is LogState.WITNESSED
    strange = verify(path, policy=Policy.parse(POLICIES["another log"]))
    assert strange.state == INTACT and strange.log is not None
    assert (strange.log.state, strange.log.reason) == (LogState.INVALID, "unknown_log")


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"manifest_sha256": "0" * 64}},
        {"data": {"manifest_sm3": "0" * 64}},
        {"data": {"seal_sha256": "0" * 64}},
        {"t": "case.shared"},
    ],
)
def test_a_receipt_of_something_else_is_an_alteration(
    logged: Callable[..., Path], changes: dict[str, Any]
) -> None:
    """Sound in itself, but its leaf has another digest or is of another type."""
    verdict = verify(logged(**changes), policy=Policy.parse(POLICIES["full"]))
    assert verdict.state == ALTERED
    assert _found(verdict) == {("seal.tlog-proof", "bad_receipt", "other_seal")}
    assert verdict.log is not None and verdict.log.state is LogState.INVALID


def test_a_damaged_receipt_is_an_alteration(logged: Callable[..., Path], tmp_path: Path) -> None:
    """No receipt at all, a wrong path, a signature that does not hold: each is named."""
    with zipfile.ZipFile(logged()) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    good = members["seal.tlog-proof"]
    moved = good.replace(b"\nindex 17\n", b"\nindex 16\n")
    at = good.index(b"witness.notary.example ") + 70
    forged = good[:at] + (b"A" if good[at : at + 1] != b"A" else b"B") + good[at + 1 :]
    policy = Policy.parse(POLICIES["full"])
    cases = ((b"", "no_receipt"), (b"x" * (5 << 20), "no_receipt"), (moved, "not_included"))
    for data, code in (*cases, (forged, "bad_signature")):
        out = tmp_path / "x.zip"
        with zipfile.ZipFile(out, "w") as archive:
            for name in members:
                archive.writestr(name, data if name == "seal.tlog-proof" else members[name])
        verdict = verify(out, policy=policy)
        assert _found(verdict) == {("seal.tlog-proof", "bad_receipt", code)}


def test_a_changed_case_file_does_not_fit_its_receipt(
    logged: Callable[..., Path], tmp_path: Path
) -> None:
    """A forger who seals anew cannot take the old receipt along."""
    with zipfile.ZipFile(logged()) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["seal.sha256"] = members["seal.sha256"].replace(b"a", b"b")
    out = tmp_path / "x.zip"
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert ("seal.tlog-proof", "bad_receipt", "other_seal") in _found(verify(out))


def test_a_stamped_receipt_dates_the_case_file(
    run: Run, logged: Callable[..., Path], tmp_path: Path, policy: Path
) -> None:
    """The command says since when, and no longer that anybody could have sealed it anew."""
    path = logged(stamped=True)
    roots = _save(tmp_path / "roots.pem", pem(ROOT))
    code, out, _ = run(path, "--policy", policy, "--tsa-roots", roots, "--lang", "en")
    assert code == 0 and "this leaf existed at 2026-11-20 02:00:00 UTC, by tsa" in out
    assert "UNANCHORED" not in out and "sealed anew" not in out and "not revoked" in out
    code, out, _ = run(path, "--policy", policy, "--lang", "en")
    assert "UNANCHORED" in out and "no trusted root was named" in out and "WITNESSED" in out
    found = json.loads(run(path, "--policy", policy, "--tsa-roots", roots, "--json")[1])
    assert found["log"]["state"] == "ANCHORED" and found["log"]["anchors"] == ["rfc3161"]
    plain = json.loads(run(path, "--json")[1])
    assert plain["log"]["reason"] == "no_policy" and plain["state"] == "intact"


def test_a_case_file_without_receipt_has_no_log_part(run: Run, sealed: Path) -> None:
    """Nothing is said of a log that the file does not mention."""
    assert json.loads(run(sealed, "--json")[1])["log"] is None
    assert "公共日志" not in run(sealed)[1]


def test_the_command_stands_alone(tmp_path: Path) -> None:
    """A fresh process in a folder that has nothing of ours checks a receipt with its policy."""
    receipt = _save(tmp_path / "r.tlog-proof", make_receipt(cosigned(NOTARY, SCHOOL)))
    policy = _save(tmp_path / "p", POLICIES["full"])
    command = [sys.executable, "-m", "gongdao_verify", str(receipt), "--policy", str(policy)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "WITNESSED" in done.stdout and done.stderr == ""


def test_one_receipt_is_quickly_checked() -> None:
    """After start, a receipt with witnesses and three time-stamps takes far less than a second."""
    vectors = json.loads(PLACE.read_text("utf-8"))
    case = next(c for c in vectors["receipts"] if c["verdict"]["state"] == "ANCHORED")
    policy = Policy.parse(vectors["policies"]["full"])
    times = []
    for _ in range(20):
        start = time.perf_counter()
        judge_receipt(case["receipt"].encode(), policy=policy)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1, f"{1000 * min(times):.1f} ms"
