"""Adding files: byte for byte, once, under a safe name, and whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.casework.case_kit import CHAT, make_case

from gongdao.casework.add import Added, add_file, copy_in, new_case
from gongdao.casework.folder import load_case_folder
from gongdao.core.codes import Kind, Stage
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.evidence.read_exhibit import Reader
from gongdao.evidence.statement import Statement

READER = Reader(Statement())


def _add(root: Path, source: Path, stage: Stage | None = None, kind: Kind | None = None) -> Added:
    return add_file(root=root, source=source, reader=READER, stage=stage, kind=kind)


def test_a_new_case_loads_and_is_empty(tmp_path: Path) -> None:
    """The commented template is valid and states nothing."""
    new_case(tmp_path / "案 件")
    case = load_case_folder(tmp_path / "案 件")
    assert case.statement == Statement()
    assert case.notes == ()


def test_a_new_case_never_overwrites(tmp_path: Path) -> None:
    """A folder that holds something is refused and left alone."""
    root = make_case(tmp_path / "c")
    before = sorted(p.read_bytes() for p in root.rglob("*") if p.is_file())
    with pytest.raises(CaseFolderError, match="已经存在"):
        new_case(root)
    assert sorted(p.read_bytes() for p in root.rglob("*") if p.is_file()) == before


def test_content_decides_the_stage(tmp_path: Path) -> None:
    """A chat goes to during/, with an entry that loads; the copy has the same bytes."""
    root = make_case(tmp_path / "c", files={})
    source = tmp_path / "聊天 记录.txt"
    source.write_text(CHAT, encoding="utf-8")
    added = _add(root, source)
    assert (added.path, added.kind) == ("during/聊天 记录.txt", Kind.CHAT)
    assert (root / added.path).read_bytes() == source.read_bytes()
    assert load_case_folder(root).statement.exhibits[added.path].kind is Kind.CHAT


def test_a_platforms_answer_is_no_chat(tmp_path: Path) -> None:
    """A ticket that quotes a dialogue goes to after/, where it belongs to the platform."""
    root = make_case(tmp_path / "c", files={})
    source = tmp_path / "reply.txt"
    source.write_text(
        "示例站 工单\n工单号：G20261119-0091\n提交时间：2026-11-19 09:00:12\n"
        "内容：订单 KM20261102000001 未到账，请退款。\n状态：已提交，等待客服回复\n",
        encoding="utf-8",
    )
    added = _add(root, source)
    assert (added.path, added.kind) == ("after/reply.txt", Kind.COMPLAINT_RECEIPT)


def test_said_stage_and_kind_win(tmp_path: Path) -> None:
    """What the person says about a file is not overruled."""
    root = make_case(tmp_path / "c", files={})
    source = tmp_path / "a.txt"
    source.write_text(CHAT, encoding="utf-8")
    added = _add(root, source, Stage.AFTER, Kind.ISSUER_STATEMENT)
    assert (added.path, added.kind) == ("after/a.txt", Kind.ISSUER_STATEMENT)


def test_the_same_bytes_are_added_once(tmp_path: Path) -> None:
    """Again, under another name, or from within the case: nothing is added, nothing changes."""
    root = make_case(tmp_path / "c")
    before = (root / "case.toml").read_bytes()
    other = tmp_path / "other.txt"
    other.write_text(CHAT, encoding="utf-8")
    for source in (other, root / "during/chat.txt"):
        added = _add(root, source)
        assert added.already and added.path == "during/chat.txt"
    assert (root / "case.toml").read_bytes() == before
    assert load_case_folder(root).files == ("during/chat.txt",)


def test_the_same_name_gets_a_number(tmp_path: Path) -> None:
    """Another file of the same name is kept beside the first."""
    root = make_case(tmp_path / "c", files={})
    for text in ("one", "two", "three"):
        (tmp_path / "a.txt").write_text(text)
        _add(root, tmp_path / "a.txt", Stage.DURING)
    found = {p.name: p.read_text() for p in (root / "during").iterdir()}
    assert found == {"a.txt": "one", "a-2.txt": "two", "a-3.txt": "three"}


def test_line_ends_of_case_toml_are_kept(tmp_path: Path) -> None:
    """A file written on Windows stays a file written on Windows."""
    root = make_case(tmp_path / "c", "version = 1\r\n[order]\r\n", {})
    (tmp_path / "a.txt").write_text("x")
    _add(root, tmp_path / "a.txt")
    assert b"\n" not in (root / "case.toml").read_bytes().replace(b"\r\n", b"")
    load_case_folder(root)


def test_exhibits_written_inline_are_left_as_they_are(tmp_path: Path) -> None:
    """Where no entry can be appended the file is added without one, and case.toml still loads."""
    root = make_case(tmp_path / "c", "exhibit = []\n", {})
    (tmp_path / "a.txt").write_text("x")
    added = _add(root, tmp_path / "a.txt")
    assert not added.noted
    assert (root / "case.toml").read_text() == "exhibit = []\n"
    assert load_case_folder(root).files == (added.path,)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder or a name without file is an error that names it; nothing moved."""
    root = make_case(tmp_path / "c")
    before = sorted(p for p in root.rglob("*"))
    for source in (tmp_path / "nothing.png", tmp_path):
        with pytest.raises(InputError):
            _add(root, source)
    assert sorted(p for p in root.rglob("*")) == before


@given(st.text(min_size=1, max_size=120).filter(lambda n: "/" not in n and "\0" not in n))
@settings(max_examples=150, deadline=None)
def test_any_name_is_made_safe(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever a file is called, its copy lies in the stage under a name every system can hold."""
    folder = tmp_path_factory.mktemp("names")
    source = folder / "source"
    source.write_bytes(b"x")
    named = type("Named", (type(source),), {"name": name})(source)
    path = copy_in(source=named, root=folder, stage=Stage.DURING)
    assert path.startswith("during/") and path.count("/") == 1
    stem = path.split("/")[1]
    assert not stem.startswith(".") and len(stem.encode("utf-8")) <= 220
    assert not set(stem) & set('<>:"\\|?*\x00\n\r\t\x1b')
    assert (folder / path).read_bytes() == b"x"


def test_a_failed_copy_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the middle, neither half a file nor an entry stays."""
    root = make_case(tmp_path / "c", files={})
    (tmp_path / "a.txt").write_text("x")

    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gongdao.casework.add.shutil.copystat", interrupt)
    before = (root / "case.toml").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        _add(root, tmp_path / "a.txt")
    assert (root / "case.toml").read_bytes() == before
    assert [p.name for p in root.rglob("*") if p.is_file()] == ["case.toml"]


_ADD = """
import sys
from pathlib import Path
from gongdao.casework.add import add_file
from gongdao.evidence.read_exhibit import Reader
from gongdao.evidence.statement import Statement
if sys.argv[3] == "unlocked":
    import contextlib, gongdao.casework.add as module, time
    module.locked = lambda root: contextlib.nullcontext()
    whole = module.write_whole
    module.write_whole = lambda path, data: (time.sleep(0.05), whole(path, data))
for name in sys.argv[2].split(","):
    add_file(root=Path(sys.argv[1]), source=Path(name), reader=Reader(Statement()))
"""


def _add_at_once(tmp_path: Path, mode: str) -> int:
    """How many of 24 files have an entry after four processes added six each at once."""
    root = make_case(tmp_path / mode, files={})
    sources = []
    for number in range(24):
        source = tmp_path / f"{mode}-{number}" / "same.txt"
        source.parent.mkdir()
        source.write_text(f"{mode} {number}")
        sources.append(str(source))
    running = [
        subprocess.Popen([sys.executable, "-c", _ADD, root, ",".join(sources[i::4]), mode])
        for i in range(4)
    ]
    assert [process.wait() for process in running] == [0] * 4
    case = load_case_folder(root)
    assert len(case.files) == 24
    return len(case.statement.exhibits)


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four processes on one folder: every file and every entry is there; without the lock the
    same run loses entries."""
    assert _add_at_once(tmp_path, "locked") == 24
    assert _add_at_once(tmp_path, "unlocked") < 24
