"""The folder store alone: modes, order of syncs, kills, folders that vanish, a full disk."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from gongdao.core import blobs, durable
from gongdao.core.blobs import FolderBlobs, blob_name, case_prefix
from gongdao.core.errors import BlobStoreError

CASE = UUID(int=0x2A)
NAME = blob_name(CASE, "ab" * 32)
LATER = datetime(2200, 1, 1, tzinfo=UTC)


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_only_the_owner_sees(tmp_path: Path) -> None:
    """Files are 0600, every new folder 0700, whatever the umask allows."""
    mask = os.umask(0)
    try:
        FolderBlobs(tmp_path / "data" / "blobs").put(NAME, io.BytesIO(b"x"))
    finally:
        os.umask(mask)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "data").rglob("*")}
    assert modes and all(mode == (0o700 if p.is_dir() else 0o600) for p, mode in modes.items())
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_no_empty_folder_is_left(tmp_path: Path) -> None:
    """Whichever way the last blob of a case goes, its folders go with it, the root stays."""
    store = FolderBlobs(tmp_path)
    for remove, what in ((store.delete, NAME), (store.delete_all, case_prefix(CASE))):
        store.put(NAME, io.BytesIO(b"x"))
        assert remove(what) == 1
        assert list(tmp_path.iterdir()) == []


def test_it_is_on_disk_before_it_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New folders and the file are synced, then it is renamed, then its folder is synced."""
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        fsync(handle)

    def noted_replace(part: Path, target: Path) -> Path:
        done.append("rename")
        return replace(part, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    store = FolderBlobs(tmp_path)
    store.put(NAME, io.BytesIO(b"x"))
    assert done == ["folder", "folder", "file", "rename", "folder"]
    done.clear()
    store.delete(NAME)
    assert done == ["folder"]


_CHILD = """
import sys, time
from pathlib import Path
from gongdao.core.blobs import FolderBlobs
class Slow:
    sent = 0
    def read(self, size):
        if self.sent >= 3:
            print("half", flush=True)
            time.sleep(60)
        self.sent += 1
        return b"x" * size
class Naive(FolderBlobs):
    def put(self, name, source):
        path = self._root / name
        path.parent.mkdir(parents=True)
        with path.open("wb", buffering=0) as file:
            while piece := source.read(1000):
                file.write(piece)
kind = {"good": FolderBlobs, "naive": Naive}[sys.argv[1]]
kind(Path(sys.argv[2])).put(sys.argv[3], Slow())
"""


@pytest.mark.parametrize("kind", ["good", "naive"])
def test_a_kill_in_the_middle_leaves_nothing_to_see(tmp_path: Path, kind: str) -> None:
    """Killed half-way there is no blob, and again works; the naive store would show the half."""
    command = [sys.executable, "-c", _CHILD, kind, str(tmp_path), NAME]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout and child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
    store = FolderBlobs(tmp_path)
    if kind == "naive":
        assert store.size(NAME) == 3000 and list(store.names(""))
        return
    assert store.size(NAME) is None and not list(store.names(""))
    assert len(_files(tmp_path)) == 1, "the half is there, under no name"
    assert store.put(NAME, io.BytesIO(b"whole")) == 5
    with store.open(NAME) as file:
        assert file.read() == b"whole"


def test_leftovers_are_swept_by_age(tmp_path: Path) -> None:
    """What a killed put left goes when it is old enough, with its folders; blobs never do."""
    store = FolderBlobs(tmp_path)
    store.put(NAME, io.BytesIO(b"x"))
    alone = tmp_path / "2b" / str(UUID(int=0x2B))
    alone.mkdir(parents=True)
    for folder in ((tmp_path / NAME).parent, alone):
        (folder / f".{'0' * 32}.part").write_bytes(b"half")
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert len(list(store.names(""))) == 1
    assert store.sweep(LATER) == 2
    assert _files(tmp_path) == [tmp_path / NAME] and not alone.parent.exists()


def test_a_removed_case_leaves_no_leftover(tmp_path: Path) -> None:
    """Removing a case removes unfinished parts too, and counts blobs alone."""
    store = FolderBlobs(tmp_path)
    store.put(NAME, io.BytesIO(b"x"))
    ((tmp_path / NAME).parent / f".{'0' * 32}.part").write_bytes(b"half")
    assert store.delete_all(case_prefix(CASE)) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_folder_that_vanishes_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """When a delete removes the new folder meanwhile, put makes it again, or would fail."""
    vanishing = [True] * 3

    def make_folder(folder: Path) -> None:
        durable.make_folder(folder)
        if vanishing:
            vanishing.pop()
            folder.rmdir()

    monkeypatch.setattr(blobs, "make_folder", make_folder)
    store = FolderBlobs(tmp_path)
    if guarded:
        assert store.put(NAME, io.BytesIO(b"x")) == 1 == store.size(NAME)
    else:
        monkeypatch.setattr(blobs, "_ATTEMPTS", 1)
        with pytest.raises(BlobStoreError):
            store.put(NAME, io.BytesIO(b"x"))


def test_a_delete_right_after_the_rename_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob that another process removes, folder and all, at once was stored all the same."""
    store, replace = FolderBlobs(tmp_path), Path.replace

    def removed_at_once(part: Path, target: Path) -> Path:
        replace(part, target)
        assert store.delete(NAME)
        return target

    monkeypatch.setattr(Path, "replace", removed_at_once)
    assert store.put(NAME, io.BytesIO(b"x")) == 1
    assert store.size(NAME) is None and list(tmp_path.iterdir()) == []


def test_a_case_removed_under_a_put_leaves_it_repeatable(tmp_path: Path) -> None:
    """A put whose part is removed meanwhile reports it, leaves nothing, and works when repeated."""
    store = FolderBlobs(tmp_path)

    class Removing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            store.delete_all(case_prefix(CASE))
            return super().read(size)

    with pytest.raises(BlobStoreError):
        store.put(NAME, Removing(b"x"))
    assert list(tmp_path.iterdir()) == []
    assert store.put(NAME, io.BytesIO(b"x")) == 1


def test_a_root_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    """With a file in the root's place, every call says so in our words, none crashes."""
    root = tmp_path / "blobs"
    root.write_text("")
    store = FolderBlobs(root)
    for act in (lambda: store.put(NAME, io.BytesIO(b"x")), lambda: store.open(NAME)):
        with pytest.raises(BlobStoreError, match=r"不是文件夹|已经存在"):
            act()
    assert list(store.names("")) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """When the disk takes no more, put says so as the store's trouble and clears up."""
    program = (
        "import io, resource, sys\nfrom pathlib import Path\n"
        "from gongdao.core.blobs import FolderBlobs\nfrom gongdao.core.errors import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    FolderBlobs(Path(sys.argv[1])).put(sys.argv[2], io.BytesIO(bytes(10**6)))\n"
        "except BlobStoreError as error:\n    print(type(error.__cause__).__name__)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), NAME]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("OSError\n", "")
    assert _files(tmp_path) == []
