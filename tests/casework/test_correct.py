"""Corrections: beside the reading, checked for sense, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.casework.case_kit import AS_OF, make_case, report_folder

from gongdao.casework.check import check_case, read_corrections
from gongdao.casework.correct import FIELDS, correct_field
from gongdao.core.errors import CaseFolderError, GongdaoError, InputError

FILE = "during/chat.txt"


def _correct(root: Path, field: str, value: str, file: str = FILE) -> str | None:
    return correct_field(root=root, file=file, field=field, value=value, at=AS_OF)


def test_a_correction_shows_in_the_report_beside_the_reading(tmp_path: Path) -> None:
    """The value counts as corrected, and what was read before stays visible."""
    root = make_case(tmp_path)
    assert _correct(root, "amount", "￥1,098") is None
    report = report_folder(root)
    assert report["exhibits"][FILE]["fields"]["amount"] == "1098.00"
    assert report["exhibits"][FILE]["readings"]["amount"]["basis"] == "correction"


def test_a_second_correction_names_the_first(tmp_path: Path) -> None:
    """Correcting again returns what stood there; other corrections stay."""
    root = make_case(tmp_path)
    _correct(root, "merchant", '示例"店\\')
    _correct(root, "amount", "5")
    assert _correct(root, "amount", "6") == "5.00"
    assert read_corrections(root) == {FILE: {"merchant": '示例"店\\', "amount": "6.00"}}


def test_the_path_may_be_the_one_the_shell_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``case/during/chat.txt`` and ``./during/chat.txt`` mean the same exhibit."""
    root = make_case(tmp_path / "case")
    monkeypatch.chdir(tmp_path)
    _correct(root, "amount", "5", "case/during/chat.txt")
    _correct(root, "amount", "6", "./during/chat.txt")
    assert read_corrections(root) == {FILE: {"amount": "6.00"}}


@pytest.mark.parametrize(
    ("file", "field", "value", "says"),
    [
        ("during/chat.tx", "amount", "5", "是不是 during/chat.txt"),
        ("../chat.txt", "amount", "5", "没有这个文件"),
        (FILE, "amonut", "5", "是不是 amount"),
        (FILE, "amount", "五块", "不是金额"),
        (FILE, "paid_at", "昨天", "不是时间"),
        (FILE, "merchant", "a\x1b[31m", "不能用的字符"),
        (FILE, "merchant", "长" * 3000, "太长"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, file: str, field: str, value: str, says: str
) -> None:
    """A wrong file, field or value is refused with the likely one, and nothing is written."""
    root = make_case(tmp_path)
    with pytest.raises(InputError, match=says):
        _correct(root, field, value, file)
    assert not (root / "corrections.toml").exists()


@given(field=st.sampled_from(FIELDS), value=st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: str
) -> None:
    """A correction that is accepted is read back as it was given; the rest is refused."""
    root = make_case(tmp_path_factory.mktemp("c"))
    try:
        _correct(root, field, value)
    except GongdaoError:
        assert not (root / "corrections.toml").exists()
        return
    kept = read_corrections(root)[FILE][field]
    assert kept == value.strip() or field in ("amount", "price", "listed_price", "face_value")


@pytest.mark.parametrize(
    "text",
    ["correction = 5", "[correction]\nx = 1", "[[correction]]\nfile = 1", "x = [", "\x00"],
)
def test_a_broken_corrections_file_is_one_error(tmp_path: Path, text: str) -> None:
    """A corrections.toml spoilt by hand is named, not ignored and not a crash."""
    root = make_case(tmp_path)
    (root / "corrections.toml").write_text(text)
    with pytest.raises(CaseFolderError, match=r"corrections\.toml"):
        check_case(root=root, as_of=AS_OF)


def test_a_correction_of_a_missing_file_is_told(tmp_path: Path) -> None:
    """A correction whose file is gone is a warning, so that a renamed file is noticed."""
    root = make_case(tmp_path)
    _correct(root, "amount", "5")
    (root / FILE).rename(root / "during/new.txt")
    notes = check_case(root=root, as_of=AS_OF).notes
    assert any("corrections.toml" in note and FILE in note for note in notes)
