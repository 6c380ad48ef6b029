"""The witness under races, kills and failing disks: no two cosignatures that contradict.

Each test of a guard has its control: without the guard, the same test shows the fault.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext

import pytest
from tests.log.small_log import SmallLog, fork_of, submission

from gongdao.core.errors import InputError
from gongdao.log import witness_store
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.witness import Refused, origin_name, read_request
from gongdao.log.witness_store import add_checkpoint, read_checkpoint
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import parse_note

KEY = CosignerKey("example.com/witness", bytes(range(32)))
NOW = 1_790_000_000
STEPS = ("sign", "write", "sync", "rename", "sync folder", "answer")
_CHILD = """
import os, signal, sys
sys.path[:0] = [{repo!r}, {src!r}]
from pathlib import Path
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.witness import read_request
from gongdao.log.witness_store import add_checkpoint
from gongdao_verify.signed_note import VerifierKey
key = CosignerKey("example.com/witness", bytes(range(32)))
log = VerifierKey.parse({vkey!r})
def step(name):
    if name == {stop!r}:
        os.kill(os.getpid(), signal.SIGKILL)
for line in sys.stdin:
    request = read_request(bytes.fromhex(line), {{log.name: log}})
    answer = add_checkpoint(state=Path({state!r}), key=key, request=request, at={now}, step=step)
    print(answer.status, answer.body.hex(), flush=True)
"""


@pytest.fixture(scope="module")
def branches():
    """One log of ten leaves, and another history under its key from the third leaf on."""
    log = SmallLog()
    for number in range(10):
        log.add(b"entry %d" % number)
    return log, fork_of(log, 2, [b"other %d" % n for n in range(8)])


def start_child(state, log, stop=""):
    """A process that answers requests, and kills itself before the step ``stop``."""
    from tests.house.house_sources import REPO

    code = _CHILD.format(
        repo=str(REPO), src=str(REPO / "src"), vkey=log.key.text(), stop=stop, state=str(state),
        now=NOW,
    )  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ask(state, log, body):
    """The answer, in this process."""
    request = read_request(body, {log.origin: log.key})
    assert not isinstance(request, Refused)
    return add_checkpoint(state=state, key=KEY, request=request, at=NOW)


def kept(state, log):
    """The checkpoint on record, or None."""
    data = read_checkpoint(state=state, name=origin_name(log.origin))
    return Checkpoint.parse(parse_note(data).text) if data else None


@pytest.mark.parametrize("stop", STEPS)
@pytest.mark.parametrize("first", [True, False])
def test_killed_at_every_step(tmp_path, branches, stop, first):
    """After kill -9 the record is the old or the new one, whole, no answer was out before it was
    on record, and the other history is refused whenever the first could have been cosigned."""
    log, other = branches
    old = 0 if first else 1
    if not first:
        assert ask(tmp_path, log, submission(0, [], log.sign(1))).status == 200
    path = log.prove(old, 5) if old else []
    child = start_child(tmp_path, log, stop)
    out, _none = child.communicate(submission(old, path, log.sign(5)).hex() + "\n", timeout=60)
    assert child.returncode == -signal.SIGKILL and out == ""
    found = kept(tmp_path, log)
    size = found.size if found else 0
    assert size in (old, 5)
    if size == 5:
        assert found.root == log.root(5)
        assert ask(tmp_path, log, submission(5, [], other.sign(5))).status == 422
        assert ask(tmp_path, log, submission(5, [], log.sign(5))).status == 200
    else:
        # Nothing was out, so either history may still be the one.
        path = other.prove(old, 5) if old else []
        assert ask(tmp_path, log, submission(old, path, other.sign(5))).status == 200
        assert ask(tmp_path, log, submission(5, [], log.sign(5))).status == 422


def test_control_answering_before_keeping(tmp_path, branches, monkeypatch):
    """With the record written after the answer, a kill between leaves a cosignature that the next
    one contradicts: what the test above must be able to see."""
    log, other = branches
    monkeypatch.setattr(witness_store, "_write_durably", lambda *_all: None)
    out = ask(tmp_path, log, submission(0, [], log.sign(5)))
    monkeypatch.undo()
    again = ask(tmp_path, log, submission(0, [], other.sign(5)))
    assert (out.status, again.status) == (200, 200)


def climb(asker, log, seen, start):
    """Ask for every size of one history, as the witness lets us; note what was cosigned, when."""
    start.wait()
    size, tries = 0, 0
    while size < log.size and tries < 200:
        tries += 1
        new = size + 1
        began = time.monotonic()
        path = log.prove(size, new) if size else []
        status, body = asker(submission(size, path, log.sign(new)))
        if status == 200:
            seen.append((began, time.monotonic(), new, log.root(new)))
            size = new
        elif status == 409:
            size = int(body)
        else:
            return


def find_contradictions(seen):
    """Pairs that no witness may have cosigned: two roots for one size, or smaller after larger."""
    roots: dict[int, set[bytes]] = {}
    for _began, _ended, size, root in seen:
        roots.setdefault(size, set()).add(root)
    found: list[object] = [size for size, several in roots.items() if len(several) > 1]
    found += [
        (one[2], two[2]) for one in seen for two in seen if one[1] < two[0] and one[2] > two[2]
    ]
    return found


def race(askers, branches):
    """All askers at once, half of them with one history, half with the other."""
    start, seen = threading.Event(), []
    threads = [
        threading.Thread(target=climb, args=(asker, branches[n % 2], seen, start))
        for n, asker in enumerate(askers)
    ]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    return seen


def test_threads_cannot_get_two_histories_cosigned(tmp_path, branches):
    """Eight threads, two histories: what comes out is one history, in order."""
    log = branches[0]
    for number in range(5):
        folder = tmp_path / str(number)

        def asker(body, folder=folder):
            answer = ask(folder, log, body)
            return answer.status, answer.body

        seen = race([asker] * 8, branches)
        assert max(one[2] for one in seen) >= 3
        assert not find_contradictions(seen)


def test_control_threads_without_the_lock(tmp_path, branches, monkeypatch):
    """Without the lock, the same race cosigns two roots for one size."""
    log = branches[0]
    monkeypatch.setattr(witness_store, "file_lock", lambda path: nullcontext())
    judge = witness_store.judge_request

    def slowly(*args, **more):
        found = judge(*args, **more)
        time.sleep(0.01)
        return found

    monkeypatch.setattr(witness_store, "judge_request", slowly)

    def contradicts(folder):
        def asker(body):
            try:
                answer = ask(folder, log, body)
            except (OSError, InputError):  # two at once at the same new file
                return 409, b"0"
            return answer.status, answer.body

        return find_contradictions(race([asker] * 8, branches))

    assert any(contradicts(tmp_path / str(number)) for number in range(20))


def test_processes_cannot_get_two_histories_cosigned(tmp_path, branches):
    """Two processes on one state folder, each asked for both histories by two threads."""
    log = branches[0]
    children = [start_child(tmp_path, log) for _number in range(2)]
    try:
        askers = []
        for child in children:
            turn = threading.Lock()

            def asker(body, child=child, turn=turn):
                with turn:
                    child.stdin.write(body.hex() + "\n")
                    child.stdin.flush()
                    status, text = child.stdout.readline().split()
                return int(status), bytes.fromhex(text)

            askers += [asker, asker]
        seen = race(askers, branches)
    finally:
        for child in children:
            child.communicate()
    assert max(one[2] for one in seen) >= 3
    assert not find_contradictions(seen)


@pytest.mark.parametrize("fault", ["write", "sync", "rename", "sync folder"])
@pytest.mark.parametrize("done", [False, True])
def test_every_write_fails_twice(tmp_path, branches, fault, done):
    """Lost, or done though reported failed: no answer either way, and whatever is cosigned next
    agrees with everything that could have come out."""
    log, other = branches
    ask(tmp_path, log, submission(0, [], log.sign(1)))
    failed = []
    real = {"fsync": os.fsync, "replace": os.replace}

    def step(name):
        if name == fault:
            failed.append(name)

    def failing(call):
        def run(*args):
            if failed:
                failed.clear()
                if done:
                    real[call](*args)
                raise OSError(errno.EIO, "broken")
            return real[call](*args)

        return run

    request = read_request(submission(1, log.prove(1, 5), log.sign(5)), {log.origin: log.key})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", failing("fsync"))
        patch.setattr(os, "replace", failing("replace"))
        with pytest.raises(OSError, match="broken"):
            add_checkpoint(state=tmp_path, key=KEY, request=request, at=NOW, step=step)
    size = kept(tmp_path, log).size
    assert size in (1, 5)
    answer = ask(tmp_path, log, submission(size, log.prove(size, 5), log.sign(5)))
    assert answer.status == 200
    assert ask(tmp_path, log, submission(5, [], other.sign(5))).status == 422


def test_a_full_disk_cosigns_nothing(tmp_path, branches, monkeypatch):
    """When the record cannot be written, the answer is an error and the old record stands."""
    log = branches[0]
    ask(tmp_path, log, submission(0, [], log.sign(1)))

    def full(_handle):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        ask(tmp_path, log, submission(1, log.prove(1, 5), log.sign(5)))
    assert kept(tmp_path, log).size == 1
