"""Make an empty case folder, and add files to one. Files are copied byte for byte."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from gongdao.casework.case_toml import say_exhibit, write_case_toml
from gongdao.casework.folder import CASE_FILE, list_files, load_case_folder, parse_toml
from gongdao.casework.write_whole import locked, write_whole
from gongdao.core.codes import STAGE_OF_KIND, Kind, Stage
from gongdao.core.digest import digest_file
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.core.language import gettext as _
from gongdao.evidence.read_exhibit import Reader, ReadFile, read_exhibit
from gongdao.evidence.statement import ExhibitNote, Statement

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff<>:"/\\|?*]')
_LONGEST_NAME = 200  # bytes; file systems stop at 255


@dataclass(frozen=True)
class Added:
    """Where a file went; ``already`` where the same bytes were there before; ``noted`` where
    case.toml has an entry for it."""

    path: str
    kind: Kind
    already: bool
    noted: bool = True


def new_case(root: Path) -> None:
    """An empty case folder with a commented case.toml; raises CaseFolderError if not empty."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise CaseFolderError(
            _("已经存在"), file=str(root), hint=_("换一个名字，或用 gongdao case add 往里添加。")
        )
    for stage in Stage:
        (root / stage.value).mkdir(parents=True, exist_ok=True)
    text = write_case_toml(statement=Statement())
    write_whole(root / CASE_FILE, text)


def add_file(
    *,
    root: Path,
    source: Path,
    reader: Reader,
    stage: Stage | None = None,
    kind: Kind | None = None,
) -> Added:
    """Copy ``source`` into the case, into the stage given or the one its content suggests, and
    note it in case.toml. The same bytes are never added twice.

    Raises InputError for a file that is not, OSError where the folder cannot be written.
    """
    if not source.is_file():
        raise InputError(_("没有这个文件"), file=str(source))
    with locked(root):
        there = _same_bytes(root, source)
        if there:
            known = load_case_folder(root).statement.exhibits.get(there)
            return Added(there, kind or (known and known.kind) or Kind.OTHER, True)
        stage = stage or (STAGE_OF_KIND.get(kind) if kind else None)
        read = place(source=source, root=root, reader=reader, stage=stage).exhibit
        kind = kind or read.kind
        at = read.times[0].at if read.times else None
        known_kind = None if kind is Kind.OTHER else kind
        noted = _note(root, ExhibitNote(read.path, known_kind, at))
        return Added(read.path, kind, False, noted)


def place(*, source: Path, root: Path, reader: Reader, stage: Stage | None = None) -> ReadFile:
    """Copy ``source`` into ``stage``, or the stage its content suggests, and read it there."""
    first = read_exhibit(root=source.parent, path=source.name, reader=reader)
    if stage is None and reads_like_chat(first):
        # A platform's answer quotes a dialogue and reads like a chat, except in after/.
        path = copy_in(source=source, root=root, stage=Stage.AFTER)
        there = read_exhibit(root=root, path=path, reader=reader)
        if there.exhibit.kind is Kind.COMPLAINT_RECEIPT:
            return there
        (root / path).unlink()
    where = stage or choose_stage(first)
    path = copy_in(source=source, root=root, stage=where)
    return replace(first, exhibit=replace(first.exhibit, path=path))


def _note(root: Path, note: ExhibitNote) -> bool:
    """Append ``note`` to case.toml as it is; False where its exhibits are written in a form to
    which nothing can be appended (``exhibit = […]``): the file counts without an entry too."""
    file = root / CASE_FILE
    text = file.read_bytes()
    added = say_exhibit(note)
    if b"\r\n" in text:
        added = added.replace("\n", "\r\n")
    joined = text + (b"" if text.endswith(b"\n") else b"\n") + added.encode("utf-8")
    try:
        parse_toml(joined, CASE_FILE)
    except CaseFolderError:
        return False
    write_whole(file, joined)
    return True


def _same_bytes(root: Path, source: Path) -> str | None:
    wanted = digest_file(source)
    for path in list_files(root)[0]:
        full = root / path
        if full.stat().st_size == wanted.size and digest_file(full) == wanted:
            return path
    return None


def reads_like_chat(read: ReadFile) -> bool:
    """Whether ``read`` is a text that reads like a chat, and might be a platform's answer."""
    return read.exhibit.kind is Kind.CHAT and read.exhibit.media_type.startswith("text/")


def choose_stage(read: ReadFile) -> Stage:
    """The stage that the content suggests: a list of earlier deals belongs before the purchase;
    what is not recognised goes to ``during``."""
    if read.deals:
        return Stage.BEFORE
    return STAGE_OF_KIND.get(read.exhibit.kind, Stage.DURING)


def copy_in(*, source: Path, root: Path, stage: Stage) -> str:
    """Copy ``source`` under ``root/stage`` with a safe, free name; return its POSIX path.

    The copy is written whole before it gets its name, and checked against the source.
    """
    folder = root / stage.value
    folder.mkdir(parents=True, exist_ok=True)
    name = safe_name(source.name)
    handle, part = tempfile.mkstemp(dir=folder, prefix=".copy-")
    os.close(handle)
    try:
        shutil.copyfile(source, part)
        shutil.copystat(source, part)
        os.chmod(part, 0o644)  # a read-only or unreadable original must not lock its copy
        if digest_file(Path(part)) != digest_file(source):
            raise CaseFolderError(_("复制出来的文件与原件不一致"), file=str(source))
        return _take_name(Path(part), folder, name).relative_to(root).as_posix()
    finally:
        Path(part).unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """``name`` without what file systems, terminals and lists of hashes cannot hold."""
    plain = _UNSAFE.sub("_", name).lstrip(".") or "file"
    stem, suffix = Path(plain).stem, Path(plain).suffix[:16]
    room = _LONGEST_NAME - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix


def _take_name(part: Path, folder: Path, name: str) -> Path:
    """Give ``part`` the first free name; never over a file that came there meanwhile."""
    target, number = folder / name, 2
    while True:
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o644))
        except FileExistsError:
            target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
            number += 1
            continue
        os.replace(part, target)
        return target
