"""The auditor is killed, loses files, meets damage of its own disk: it goes on, or says why not."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import pytest
from tests.house.house_sources import REPO
from tests.log.audit_kit import audit, check_audited, files_of, heads_of, published, spoil
from tests.log.small_log import fork_of
from tests.log.story_log import (
    CYCLES,
    NOW,
    audit_folder,
    grow_stories,
    story_log,
)

from gongdao.core.errors import InputError
from gongdao.log.audit import Auditor, AuditState, audit_log
from gongdao.log.audit_runs import subject_key
from gongdao.log.audit_source import FolderLog
from gongdao.log.audit_subjects import runs_to_merge
from gongdao.log.witness import origin_name


@pytest.fixture
def place(tmp_path):
    """Where a log is published, and where its auditor remembers."""
    (tmp_path / "log").mkdir()
    return tmp_path / "log", tmp_path / "state"


_CHILD = """
import os, signal, sys
sys.path[:0] = [{repo!r}, {src!r}]
from pathlib import Path
import gongdao.log.audit_walk as walk
walk._RUN_BYTES = 40_000
from tests.log.story_log import audit_folder, story_log
left = [{left}]
def counting(call):
    def run(*args, **more):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return run
os.replace = counting(os.replace)
os.fsync = counting(os.fsync)
os.unlink = counting(os.unlink)
print(audit_folder(Path({folder!r}), Path({state!r}), {log}).state)
"""
_LOG = "story_log(1400)"


def run_child(folder, state, left):
    """An audit in a process of its own that is killed at the ``left``-th write."""
    code = _CHILD.format(
        repo=str(REPO), src=str(REPO / "src"), folder=str(folder), state=str(state), left=left,
        log=_LOG,
    )  # fmt: skip
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_killed_anywhere_it_goes_on(place, tmp_path):
    """Kill -9 at a write, then another, and so on until one audit comes through: each time what it
    left is enough to go on, and the end is the same as without any kill."""
    log = story_log(1400)
    log.publish(place[0])
    left, kills = 1, 0
    while (run := run_child(place[0], place[1], left)).returncode:
        assert run.returncode == -signal.SIGKILL, run.stderr
        left, kills = left + 3, kills + 1
    assert run.stdout.strip() == "audited" and kills >= 5
    check_audited(audit(place, log), log, place[1])
    whole = tmp_path / "whole"
    audit_folder(place[0], whole, log)
    assert files_of(place[1] / "public") == files_of(whole / "public")


def test_killed_at_each_write_alone(place, tmp_path):
    """Kill -9 once at every write in turn; the next audit is whole."""
    log = story_log(1400)
    log.publish(place[0])
    for left in range(1, 200, 7):
        state = tmp_path / f"at{left}"
        run = run_child(place[0], state, left)
        assert run.returncode in (0, -signal.SIGKILL), run.stderr
        check_audited(audit_folder(place[0], state, log), log, state)
        if not run.returncode:
            break
    assert not run.returncode


def test_what_was_mirrored_is_not_fetched_again(place):
    """After a break, bundles that lie in the mirror come from there."""
    log = story_log(6000)
    log.publish(place[0])
    asked = []

    class Failing(FolderLog):
        def read(self, path, *, limit):
            if path.startswith("tile/entries"):
                asked.append(path)
                if path == "tile/entries/017":
                    raise InputError("gone", file=path)
            return super().read(path, limit=limit)

    with pytest.raises(InputError, match="gone"):
        audit_folder(Failing(place[0]), place[1], log)
    mirrored = set(files_of(place[1] / "public" / origin_name(log.origin) / "tile/entries"))
    assert mirrored
    asked.clear()

    class Counting(FolderLog):
        def read(self, path, *, limit):
            asked.append(path)
            return super().read(path, limit=limit)

    check_audited(audit_folder(Counting(place[0]), place[1], log), log, place[1])
    assert not {f"tile/entries/{name}" for name in mirrored} & set(asked)


def test_a_mirror_that_was_damaged_is_mended(place):
    """What our own disk has lost or changed is fetched again, and is no fault of the log."""
    log = story_log(6000)
    log.publish(place[0])

    class Failing(FolderLog):
        def read(self, path, *, limit):
            if path == "tile/entries/020":
                raise InputError("gone", file=path)
            return super().read(path, limit=limit)

    with pytest.raises(InputError, match="gone"):
        audit_folder(Failing(place[0]), place[1], log)
    mirror = place[1] / "public" / origin_name(log.origin) / "tile"
    for path in [*sorted(mirror.rglob("entries/*"))[:3], *sorted(mirror.rglob("0/*"))[:3]]:
        spoil(path)
    state = json.loads((place[1] / "state.json").read_text("utf-8"))
    (place[1] / "state.json").write_text(json.dumps(state | {"position": 0, "leaves": []}), "utf-8")
    check_audited(audit(place, log), log, place[1])


@pytest.mark.parametrize("damage", ["gone", "cut", "rubbish"])
def test_lost_records_are_made_again(place, damage):
    """Without its records the auditor reads its mirror again; what was signed is not forgotten."""
    log = story_log(700)
    audit_folder(published(place, log), place[1], log)
    for path in (place[1] / "runs").iterdir():
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-9] if damage == "cut" else b"rubbish")
    grow_stories(log, 900).publish(place[0])
    check_audited(audit(place, log), log, place[1])
    other = fork_of(log, 100, [b"x"])
    shutil.rmtree(place[0])
    assert audit_folder(published(place, other), place[1], log).state == AuditState.FORKED


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":2}', '{"v":1,"x":1}', "\x00"])
def test_a_damaged_state_is_refused(place, text):
    """The file that remembers what was signed is never guessed."""
    log = story_log(10)
    audit_folder(published(place, log), place[1], log)
    (place[1] / "state.json").write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"state\.json"):
        audit(place, log)


@pytest.mark.parametrize(
    ("sizes", "count"),
    [([], 0), ([5], 0), ([100, 1], 0), ([100, 30], 2), ([1, 1], 2), ([4000, 100, 20, 10], 3)],
)
def test_which_runs_are_merged(sizes, count):
    """Young runs are merged when they are not much smaller than the one before."""
    assert runs_to_merge(sizes) == count


def test_runs_stay_few(place):
    """After many small audits there are few files, and nothing was forgotten."""
    log = story_log(1)
    for size in range(1, 160, 4):
        grow_stories(log, size).publish(place[0])
        audit(place, log)
    assert len(list((place[1] / "runs").iterdir())) <= 5
    assert heads_of(place[1]) == {subject_key(name): one for name, one in log.heads.items()}


def test_types_that_cannot_be_told_apart(monkeypatch):
    """A table with two types of one tag is refused at once, not judged wrongly."""
    import gongdao.log.audit_subjects as subjects

    monkeypatch.setattr(subjects, "type_tag", lambda type_: b"same")
    with pytest.raises(ValueError, match="one tag"):
        subjects.Table(CYCLES)


def test_progress_is_told(place):
    """Progress counts leaves up to all of them, then subjects."""
    log = story_log(6000)
    log.publish(place[0])
    told = []
    audit_log(
        source=FolderLog(place[0]),
        state=place[1],
        auditor=Auditor(log.key, CYCLES),
        at=NOW,
        progress=lambda *one: told.append(one),
    )
    leaves = [one for one in told if one[0] == "leaves"]
    assert leaves == sorted(leaves) and leaves[-1] == ("leaves", 6000, 6000)
    assert told[-1][0] == "subjects"
