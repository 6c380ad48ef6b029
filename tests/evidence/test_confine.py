"""The walls around the reading process: seen from outside, and tried from inside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gongdao.evidence.kept.read_apart import ReadingProcess, Request, read_apart

WALLS = {"limits", "network", "privileges", "files", "calls", "hook"}
linux = pytest.mark.skipif(sys.platform != "linux", reason="these walls are Linux's")


@pytest.fixture(scope="module")
def shared_process() -> Iterator[ReadingProcess]:
    """One process for all tests that leave it whole."""
    with ReadingProcess() as process:
        yield process


def assert_works(process: ReadingProcess) -> None:
    """A text is read."""
    file = process.folder / "page"
    file.write_text("好", encoding="utf-8")
    assert read_apart(process=process, request=Request(file, "before/a.txt")).fault is None


@linux
def test_secrets_are_not_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says its environment is holds none of ours."""
    for name in ("DATABASE_URL", "GONGDAO_MASTER_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "very-secret")
    with ReadingProcess(ocr_threads=3) as process:
        assert_works(process)
        given = Path(f"/proc/{process.pid}/environ").read_bytes().rstrip(b"\0").split(b"\0")
    names = {entry.split(b"=")[0].decode() for entry in given}
    threads = {"GONGDAO_OCR_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    assert names == {"LANG", "MALLOC_ARENA_MAX"} | threads
    assert b"GONGDAO_OCR_THREADS=3" in given


@linux
def test_the_kernel_confirms_the_walls(shared_process: ReadingProcess) -> None:
    """Seen from outside: its limits, its call filter, its lack of privileges, its own network."""
    assert_works(shared_process)
    if not set(shared_process.walls) >= WALLS:
        pytest.skip(f"this system offers {shared_process.walls} only")
    inside = Path(f"/proc/{shared_process.pid}")
    status = dict(line.split(":\t", 1) for line in (inside / "status").read_text().splitlines())
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert status["Umask"].strip() == "0077"
    limits = {
        line[:26].strip(): line[26:].split()[:2]
        for line in (inside / "limits").read_text().splitlines()
    }
    assert limits["Max address space"] == [str(4 * 1024**3)] * 2
    assert limits["Max core file size"] == limits["Max file size"] == ["0", "0"]
    assert os.readlink(inside / "ns/net") != os.readlink("/proc/self/ns/net")
    assert os.getpriority(os.PRIO_PROCESS, shared_process.pid or 0) >= 10


ATTEMPTS = """
import ctypes, os, socket, subprocess, sys, threading
from pathlib import Path
walled, port, folder, secret, parent = sys.argv[1:]
if walled == "yes":
    from gongdao.evidence.kept.confine import confine
    confine(memory_bytes=1 << 30, readable=[Path(folder)])
libc = ctypes.CDLL(None)

def tcp():
    socket.create_connection(("127.0.0.1", int(port)), 2).close()

def native_socket():
    if libc.socket(2, 1, 0) < 0:
        raise OSError

def start():
    subprocess.run(["/bin/true"], check=True)

def fork():
    child = libc.fork()
    if child < 0:
        raise OSError
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

def signal_others():
    if libc.kill(int(parent), 0):
        raise OSError

for attempt in (tcp, native_socket, start, fork, signal_others,
        lambda: Path(secret).read_bytes(), lambda: Path(secret).write_bytes(b"x"),
        lambda: Path(folder, "new").write_bytes(b"x"),
        lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        lambda: os.listdir("/"), lambda: bytearray(2 << 30)):
    try:
        attempt()
        print("done")
    except (OSError, MemoryError):
        print("refused")
thread = threading.Thread(target=lambda: print(Path(folder, "given").read_text()))
thread.start()
thread.join()
"""


@linux
def test_code_behind_the_walls_gets_nowhere(tmp_path: Path, shared_process: ReadingProcess) -> None:
    """Hostile code, as Python and as plain C calls: no network, program, fork, signal, foreign
    file or memory; the control without walls does all of it."""
    assert_works(shared_process)
    if not set(shared_process.walls) >= WALLS:
        pytest.skip(f"this system offers {shared_process.walls} only")
    folder, secret = tmp_path / "folder", tmp_path / "master.key"
    folder.mkdir()
    (folder / "given").write_text("to be read")
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])

        def attempt(walled: str) -> list[str]:
            arguments = [walled, port, str(folder), str(secret), str(os.getpid())]
            done = subprocess.run(
                [sys.executable, "-c", ATTEMPTS, *arguments],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            return done.stdout.split("\n")[:-1]

        assert attempt("no") == ["done"] * 11 + ["to be read"]
        (folder / "new").unlink()
        assert attempt("yes") == ["refused"] * 11 + ["to be read"]


def test_a_spinning_process_ends_by_itself(tmp_path: Path) -> None:
    """Its own limit of processor time ends a process even if nobody watches it any more."""
    code = (
        "from gongdao.evidence.kept.confine import confine, limit_cpu\n"
        "confine(memory_bytes=4 << 30, readable=[])\nlimit_cpu(0)\nwhile True: pass\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert ended.returncode == -signal.SIGXCPU
