"""What lies in the clear goes with the process that laid it there, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gongdao.front.scratch import sweep_scratch

_PROGRAM = """
import sys
from gongdao.front.scratch import own_scratch
folder = own_scratch()
(folder / "chat.txt").write_text("secret")
print(folder, flush=True)
sys.stdin.readline()
"""


@contextmanager
def _process(data):
    """A process with a file in the clear; yields it and its folder."""
    environ = {**os.environ, "GONGDAO_DATA": str(data)}
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    ) as process:
        yield process, data.__class__(process.stdout.readline().strip())
        process.kill()


def test_the_next_process_removes_what_a_killed_one_left(tmp_path):
    """After kill -9 the file is there until another process starts; that of a living one stays."""
    with _process(tmp_path) as (dead, left), _process(tmp_path) as (_living, kept):
        assert left.parent == kept.parent == tmp_path / "scratch" and left != kept
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert (left / "chat.txt").is_file()
        with _process(tmp_path) as (_next, own):
            assert not left.exists()
            assert (kept / "chat.txt").is_file() and (own / "chat.txt").is_file()
            assert oct(own.stat().st_mode & 0o777) == "0o700"


def test_a_process_that_ends_takes_its_folder_along(tmp_path):
    """Nothing is left of a process that ends by itself."""
    with _process(tmp_path) as (process, folder):
        process.communicate("end\n")
        assert process.returncode == 0 and not folder.exists()


def test_the_sweep_leaves_what_is_worked_on(tmp_path):
    """By age goes what a living process forgot, never its folder; a dead one's goes at once."""
    at = datetime.now(UTC)
    before = at - timedelta(hours=2)
    ground = tmp_path / "scratch"
    ground.mkdir()
    (ground / "process-dead").mkdir()
    with _process(tmp_path) as (_living, folder):
        assert not (ground / "process-dead").exists()
        (ground / "process-dead").mkdir()
        (folder / "gongdao-x").mkdir()
        old = (at - timedelta(hours=5)).timestamp()
        for path in (folder / "gongdao-x", folder):
            os.utime(path, (old, old))
        assert sweep_scratch(ground=ground, before=before) == 2
        assert sorted(path.name for path in folder.iterdir()) == [".lock", "chat.txt"]
        assert not (ground / "process-dead").exists()


def test_a_folder_that_was_taken_away_is_made_again(monkeypatch, tmp_path):
    """Somebody empties the data folder by hand: the next file finds a new folder."""
    import shutil

    from gongdao.front import scratch
    from gongdao.front.settings import Settings

    ground = Settings.read({"GONGDAO_DATA": str(tmp_path)})
    monkeypatch.setattr(scratch, "get_settings", lambda: ground)
    monkeypatch.setattr(scratch, "_own", [])
    first = scratch.own_scratch()
    assert scratch.own_scratch() == first == type(first)(scratch.OwnScratch())
    shutil.rmtree(tmp_path / "scratch")
    again = scratch.own_scratch()
    assert again != first and again.is_dir()


@pytest.mark.parametrize("name", ["tmp1.upload.png", "gongdao-a"])
def test_what_is_no_process_of_ours_goes_by_age(tmp_path, name):
    """What other programs laid into the folder goes when it is old, not before."""
    at = datetime.now(UTC)
    (tmp_path / name).mkdir()
    assert sweep_scratch(ground=tmp_path, before=at - timedelta(hours=2)) == 0
    assert sweep_scratch(ground=tmp_path, before=at + timedelta(hours=2)) == 1
