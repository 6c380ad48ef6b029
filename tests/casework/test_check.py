"""Checking a folder: what cannot be read costs only itself, and the answer never wavers."""

from __future__ import annotations

import importlib.util
import json
import os
import stat
from pathlib import Path

import pytest
from tests.casework.case_kit import AS_OF, CASES, kept_readings, make_case, report_folder

from gongdao.casework.check import CACHE_FOLDER, cache_for, check_case
from gongdao.casework.report import report_case
from gongdao.core.clock import parse_iso


def test_an_unreadable_file_is_noted_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without permission becomes a warning; the chat beside it is read."""
    root = make_case(tmp_path)
    (root / "after/locked.txt").write_text("x")
    (root / "after/locked.txt").chmod(0)
    really = Path.open

    def guarded(path: Path, *args: str, **named: str):
        if not stat.S_IMODE(path.stat().st_mode):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *args, **named)  # type: ignore[call-overload]  # the signature of open() has many forms

    monkeypatch.setattr(Path, "open", guarded)
    case = check_case(root=root, as_of=AS_OF)
    assert [e.path for e in case.judgement.dossier.exhibits] == ["during/chat.txt"]
    assert any("locked.txt" in note and "没有权限" in note for note in case.notes)


def test_the_folder_is_not_touched(tmp_path: Path) -> None:
    """A check writes readings at most: every original keeps bytes and times."""
    root = make_case(tmp_path)

    def state() -> dict[str, tuple[bytes, int]]:
        return {
            str(p): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in root.rglob("*")
            if p.is_file() and CACHE_FOLDER not in p.parts
        }

    before = state()
    check_case(root=root, as_of=AS_OF)
    assert state() == before


def test_the_same_input_gives_the_same_report(tmp_path: Path) -> None:
    """Twice over one folder and once over its copy: one report, byte for byte."""
    reports = [json.dumps(report_folder(make_case(tmp_path / name))) for name in ("a", "b", "a")]
    assert len(set(reports)) == 1


def test_readings_are_kept_in_the_case_or_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the case, readable by the owner only; elsewhere where the case offers a link."""
    root, user = make_case(tmp_path / "case"), tmp_path / "user"
    monkeypatch.setenv("XDG_CACHE_HOME", str(user))
    assert cache_for(root) is not None
    assert stat.S_IMODE((root / CACHE_FOLDER / "readings").stat().st_mode) == 0o700
    other = make_case(tmp_path / "other")
    (other / CACHE_FOLDER).symlink_to(tmp_path / "elsewhere")
    assert cache_for(other) is not None
    assert not (tmp_path / "elsewhere").exists()
    assert (user / "gongdao" / "readings").is_dir()


def test_a_user_without_home_has_no_second_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither place can be had nothing is kept, and that is no error."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    root = make_case(tmp_path)
    (root / CACHE_FOLDER).write_text("in the way")
    assert cache_for(root) is None


@pytest.mark.slow
def test_the_example_cases_are_judged_as_expected(tmp_path: Path, readings: Path) -> None:
    """Every key of every expected.json is right on the example folders."""
    scorer = CASES / "score_cases.py"
    if not scorer.is_file():
        pytest.skip("shared/cases is not here")
    spec = importlib.util.spec_from_file_location("score_cases", scorer)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    wrong = []
    for expected in sorted(CASES.glob("*/expected.json")):
        wanted = json.loads(expected.read_text("utf-8"))
        root = tmp_path / expected.parent.name
        _copy(expected.parent, root)
        with kept_readings(root, readings):
            case = check_case(root=root, as_of=parse_iso(wanted["as_of"]))
        report = json.loads(json.dumps(report_case(case.judgement, notes=case.notes)))
        assert case.judgement.asks_identity == ("identity_demand" in report["letters"]), root
        wrong += [
            f"{root.name}: {key}: {message}"
            for key, right, message in module.compare(report, wanted)
            if not right
        ]
    assert not wrong, "\n".join(wrong)


def _copy(source: Path, target: Path) -> None:
    """The folder as handed in, without readings somebody may have left in it."""
    for path in sorted(source.rglob("*")):
        part = path.relative_to(source)
        if path.is_file() and CACHE_FOLDER not in part.parts:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            (target / part).write_bytes(path.read_bytes())
            times = path.stat()
            os.utime(target / part, ns=(times.st_atime_ns, times.st_mtime_ns))
