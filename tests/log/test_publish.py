"""The published files: whole or not there, the checkpoint last and never back, exports that go on.

The leaves come through Django, as the verbs' do.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading

import pytest
from tests.log.log_kit import (
    REPO,
    append_some,
    check_published,
    hashes_of,
    make_ground,
    naive_root,
)

from gongdao.core.errors import InputError
from gongdao.log.errors import LeafNotCovered
from gongdao.log.export import export
from gongdao.log.log_key import load_log_key
from gongdao.log.publish import PublishedFolder, bundle_files, tiles_between
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import parse_note, signature_line
from gongdao_verify.tlog_tiles import split_bundle, width_at
from gongdao_verify.tree_reader import TreeReader


@pytest.fixture
def key(tmp_path):
    """A signing key."""
    return load_log_key(path=tmp_path / "log.key", origin="a.example/log", may_create=True)


@pytest.mark.parametrize("old", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536])
@pytest.mark.parametrize("more", [0, 1, 255, 256, 600, 66_000])
def test_tiles_between_are_what_a_reader_needs(old, more):
    """From any size to any later one: all tiles that are new or wider, and no other."""
    new = old + more
    found = {(one.level, one.n, one.width) for one in tiles_between(old, new)}
    wanted = set()
    for level in (None, 0, 1, 2):
        for n in range((new >> 8 * (level or 0)) // 256 + 1):
            was, now = width_at(old, level, n), width_at(new, level, n)
            if now and (now != was or now < 256):
                wanted.add((level, n, now))
    assert found == wanted


def test_the_size_70000_has_the_published_layout():
    """The worked example of the format: 273 full tiles and one of 112, one full and one of 17,
    one of 1."""
    tiles = list(tiles_between(0, 70_000))
    widths = {level: [t.width for t in tiles if t.level == level] for level in (None, 0, 1, 2)}
    assert widths[0] == widths[None] == [256] * 273 + [112]
    assert (widths[1], widths[2]) == ([256, 17], [1])


def test_bundles_begin_where_they_are_said_to():
    """Entries behind the 512th go into the third bundle and those after it."""
    files = bundle_files([b"%d" % n for n in range(300)], 512)
    assert [name for name, _data in files] == ["tile/entries/002", "tile/entries/003.p/44"]
    assert split_bundle(files[1][1])[0] == b"256"


def test_the_checkpoint_never_goes_back(tmp_path, key):
    """An older checkpoint, or the same one with fewer cosignatures, replaces nothing."""
    folder = PublishedFolder(tmp_path / "log")
    notes = [key.sign_head(size=size, root=bytes([size] * 32)).note for size in (1, 2, 3)]
    folder.put_checkpoint(notes[1])
    folder.put_checkpoint(notes[0])
    assert folder.checkpoint() == notes[1]
    cosigned = notes[1] + signature_line("w", b"1234", b"x" * 72).encode() + b"\n"
    folder.put_checkpoint(cosigned)
    folder.put_checkpoint(notes[1])
    assert folder.checkpoint() == cosigned
    folder.put_checkpoint(notes[2])
    assert folder.checkpoint() == notes[2]


def test_two_publishers_of_the_checkpoint(tmp_path, key):
    """Two that publish at once, in opposite orders, end with the newest."""
    notes = [key.sign_head(size=size, root=b"x" * 32).note for size in range(1, 40)]

    def put(order):
        for note in order:
            PublishedFolder(tmp_path / "log").put_checkpoint(note)

    threads = [threading.Thread(target=put, args=(one,)) for one in (notes, notes[::-1])]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert PublishedFolder(tmp_path / "log").checkpoint() == notes[-1]


def test_anybody_may_read_the_files(tmp_path):
    """Files and folders are readable by the user that a web server runs as."""
    folder = PublishedFolder(tmp_path / "log")
    old = os.umask(0o022)
    try:
        folder.put_tiles([("tile/0/000.p/1", b"x" * 32)])
    finally:
        os.umask(old)
    path = tmp_path / "log/tile/0/000.p/1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert all(stat.S_IMODE(one.stat().st_mode) & 0o055 == 0o055 for one in path.parents[:4])


def test_partial_tiles_go_when_they_are_long_full(tmp_path):
    """Partial tiles are deleted one full tile later, so that files do not pile up."""
    folder = PublishedFolder(tmp_path / "log")
    folder.put_tiles([("tile/0/000.p/7", b"x" * 224)])
    folder.put_tiles([("tile/0/000", b"x" * 8192)])
    assert (tmp_path / "log/tile/0/000.p/7").exists()
    folder.put_tiles([("tile/0/001", b"x" * 8192)])
    assert not (tmp_path / "log/tile/0/000.p").exists()


def test_no_file_is_ever_half_there(tmp_path):
    """A reader sees a file whole or not at all, while it is written again and again."""
    folder, stop, seen = PublishedFolder(tmp_path / "log"), threading.Event(), set()
    folder.put_tiles([("tile/0/000", b"a" * 8192)])

    def read() -> None:
        while not stop.is_set():
            seen.add(folder.source()("tile/0/000"))

    thread = threading.Thread(target=read)
    thread.start()
    for sign in (b"b", b"a") * 20:
        folder.put_tiles([("tile/0/000", sign * 8192)])
    stop.set()
    thread.join()
    assert seen <= {b"a" * 8192, b"b" * 8192}


def _check_export(ground, folder) -> None:
    entries = ground.entries()
    note = PublishedFolder(folder).checkpoint()
    checkpoint = Checkpoint.parse(parse_note(note).text)
    assert checkpoint.root == naive_root(hashes_of(entries[: checkpoint.size]))
    source = PublishedFolder(folder).source()
    assert TreeReader(source, checkpoint.size, checkpoint.root).root() == checkpoint.root
    wanted = {one.path() for one in tiles_between(0, checkpoint.size)}
    assert all((folder / one).is_file() for one in wanted)


@pytest.mark.django_db(transaction=True)
def test_an_export_is_the_published_log(ground, tmp_path):
    """What comes out of the database is byte for byte what was published, and goes on later."""
    append_some(700)
    ground.run()
    assert export(database_url=ground.url, folder=tmp_path / "out") == 700
    _check_export(ground, tmp_path / "out")
    for one in tiles_between(0, 700):
        assert (tmp_path / "out" / one.path()).read_bytes() == ground.published.source()(one.path())
    append_some(400)
    ground.run()
    written: list[int] = []
    assert export(database_url=ground.url, folder=tmp_path / "out", progress=written.append) == 1100
    assert written == [2 * 2 + 3]  # two full tiles and bundles, and three partial ones
    _check_export(ground, tmp_path / "out")


CHILD = """
import os, signal, sys
from pathlib import Path
from gongdao.log import export, publish
real, calls = publish.PublishedFolder._put, []
def put(self, file):
    calls.append(1)
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, file)
publish.PublishedFolder._put = put
export.export(database_url=sys.argv[1], folder=Path(sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call", [1, 5, 11])
def test_a_stopped_export_goes_on(ground, tmp_path, call):
    """Killed at any file, an export shows no checkpoint it has not the tiles for, and the same
    command goes on."""
    append_some(1100)
    ground.run()
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, ground.url, out, str(call)],
        env={**os.environ, "PYTHONPATH": str(REPO / "src")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert PublishedFolder(out).checkpoint() is None
    assert export(database_url=ground.url, folder=out) == 1100
    _check_export(ground, out)


@pytest.mark.django_db(transaction=True)
def test_an_export_goes_to_no_other_log(ground, tmp_path):
    """A folder that holds another log, or a newer state of this one, is not touched."""
    append_some(3)
    ground.run()
    (tmp_path / "other").mkdir()
    other = load_log_key(path=tmp_path / "o.key", origin="other.example/log", may_create=True)
    for head in (
        other.sign_head(size=1, root=b"x" * 32),
        ground.key.sign_head(size=3, root=b"x" * 32),
        ground.key.sign_head(size=9, root=b"x" * 32),
    ):
        (tmp_path / "other/checkpoint").write_bytes(head.note)
        with pytest.raises(InputError):
            export(database_url=ground.url, folder=tmp_path / "other")
        assert os.listdir(tmp_path / "other") == ["checkpoint"]


@pytest.mark.django_db(transaction=True)
def test_nothing_signed_is_not_exported(ground, tmp_path):
    """A log without a checkpoint has nothing to export."""
    append_some(1)
    with pytest.raises(LeafNotCovered):
        export(database_url=ground.url, folder=tmp_path / "out")


@pytest.mark.django_db(transaction=True)
def test_a_new_folder_gets_everything(ground, tmp_path):
    """Pointed at an empty folder, the sequencer publishes the whole log there, also unasked."""
    append_some(600)
    ground.run()
    moved = make_ground(tmp_path)
    (tmp_path / "log").rename(tmp_path / "old")
    moved.run()
    check_published(moved, moved.entries())
    assert moved.published.checkpoint() == (tmp_path / "old/checkpoint").read_bytes()
