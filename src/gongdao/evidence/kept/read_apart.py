"""Read a stranger's file in a process of its own, with a limit of time and memory.

A file that crashes its reader, hangs it or fills the memory costs only itself: it gets one clear
problem, the process is started anew, and the next file is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO

from gongdao.core.errors import StoredReadingError, UnreadableFile
from gongdao.core.language import Bilingual, Phrase
from gongdao.evidence.condition import MODEL as SIGNS_MODEL
from gongdao.evidence.kept.kept_texts import KeptTexts
from gongdao.evidence.kept.reading_json import (
    VERSION,
    dump_statement,
    load_reading,
)
from gongdao.evidence.kept.reading_process import receive, send
from gongdao.evidence.ocr import MODEL as OCR_MODEL
from gongdao.evidence.read_exhibit import ReadFile, blank_exhibit
from gongdao.evidence.statement import Order, Statement

READERS = 1
"""Raised by one whenever a reader reads more or otherwise than before, so that readings that are
stored are made again."""

MEMORY_BYTES = 4 * 1024**3
SECONDS = 180
_START_SECONDS = 60
_STOPPED = (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)


class Fault(StrEnum):
    """Why a file was not read although nothing is known to be wrong with it."""

    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"


@dataclass(frozen=True)
class Request:
    """One file to read: ``file`` lies in the process's folder, ``path`` is its name and place in
    the case, ``kept`` what was read from its pictures before; ``password`` opens zips of bills."""

    file: Path
    path: str
    statement: Statement = field(default_factory=Statement)
    password: str | None = None
    kept: KeptTexts = field(default_factory=KeptTexts)


@dataclass(frozen=True)
class Answer:
    """The reading (a problem in it where there was one), what was read from pictures, to be
    stored with it, and the fault: after one a second try may be worth while. ``what`` names the
    exception or signal for the operator; nothing of the file is in it."""

    read: ReadFile
    kept: KeptTexts
    fault: Fault | None = None
    what: str = ""


def part_for(statement: Statement, path: str) -> Statement:
    """The part of ``statement`` on which the reading of the exhibit ``path`` depends."""
    note = statement.exhibits.get(path)
    return Statement(
        order=Order(merchant=statement.order.merchant, platform=statement.order.platform),
        exhibits={path: note} if note else {},
        chat_names=dict(sorted(statement.chat_names.items())),
    )


def context_key(statement: Statement, path: str) -> str:
    """SHA-256 (hexadecimal) of all that a reading depends on besides the bytes of the file: its
    path, the part of the statement, and the versions of readers and format. A reading that was
    stored under another key is to be made again."""
    versions = json.dumps([VERSION, READERS, OCR_MODEL, SIGNS_MODEL, path])
    part = dump_statement(part_for(statement, path))
    return hashlib.sha256(versions.encode() + b"\n" + part).hexdigest()


class _Gone(Exception):
    """The process ended within a request; with its exit code and whether we ended it."""

    def __init__(self, code: int, late: bool) -> None:
        super().__init__(code)
        self.code = code
        self.late = late


class ReadingProcess:
    """A process that reads files one at a time; started when first needed, again after a fault.

    Safe to use from several threads, which wait for each other. ``folder`` is the one place in
    which it can see files (a private temporary one where none is given, removed by ``close``).
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        memory_bytes: int = MEMORY_BYTES,
        seconds: float = SECONDS,
        ocr_threads: int = 1,
    ) -> None:
        self._own = None if folder else Path(tempfile.mkdtemp(prefix="gongdao-reading-"))
        self.folder = (folder or self._own or Path()).resolve()
        self.seconds = seconds
        self.walls: tuple[str, ...] = ()
        self._memory_bytes = memory_bytes
        self._ocr_threads = ocr_threads
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._closed = False

    def __enter__(self) -> ReadingProcess:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process's number; None while there is none."""
        child = self._child
        return child.pid if child and child.poll() is None else None

    def close(self) -> None:
        """End the process, even within a request: that raises ConnectionAbortedError there."""
        with self._state:
            self._closed = True
            if self._child:
                self._child.kill()
        with self._turn:
            self._let_go()
            if self._own:
                shutil.rmtree(self._own, ignore_errors=True)

    def renew(self) -> None:
        """End the process between two requests; the next one gets a fresh one. To be called
        between two cases, so that nothing of one is in memory when the other is read."""
        with self._turn:
            self._let_go()

    def ask(self, *frames: bytes) -> tuple[bytes, ...]:
        """The frames that answer the request ``frames``. Raises _Gone where the process ended
        instead, ConnectionAbortedError where it was stopped on purpose, ChildProcessError where
        it does not start."""
        with self._turn:
            child = self._running()
            assert child.stdin and child.stdout
            try:
                with self._watched(child, self.seconds) as late:
                    send(child.stdin, *frames)
                    answer = receive(child.stdout)
            except (EOFError, OSError, ValueError):
                code = self._let_go()
                if self._is_closed() or (code in _STOPPED and not late):
                    raise ConnectionAbortedError("the reading process was stopped") from None
                raise _Gone(code, bool(late)) from None
            if len(answer) == 1 or late:
                self._let_go()
            return answer

    def _is_closed(self) -> bool:
        with self._state:
            return self._closed

    def _running(self) -> subprocess.Popen[bytes]:
        with self._state:
            if self._closed:
                raise ConnectionAbortedError("the reading process was closed")
            if self._child and self._child.poll() is None:
                return self._child
        self._let_go()
        child = self._start()
        try:
            with self._watched(child, _START_SECONDS):
                (hello,) = _receive(child.stdout)
            self.walls = tuple(json.loads(hello)["walls"])
        except (EOFError, OSError, ValueError, KeyError):
            code = self._let_go()
            if self._is_closed() or code in _STOPPED:
                raise ConnectionAbortedError("the reading process was stopped") from None
            raise ChildProcessError(f"the reading process does not start (exit {code})") from None
        return child

    def _start(self) -> subprocess.Popen[bytes]:
        """Without our environment: it holds the address of the database and the master key."""
        threads = str(self._ocr_threads)
        environment = {
            "LANG": "C.UTF-8",
            "GONGDAO_OCR_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "MALLOC_ARENA_MAX": "2",
        }
        program = [sys.executable, "-I", "-B", "-X", "utf8", "-m", _PROGRAM]
        child = subprocess.Popen(
            [*program, str(self.folder), str(self._memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal is not for it
        )
        with self._state:
            self._child = child
            if self._closed:
                child.kill()
        return child

    @contextmanager
    def _watched(self, child: subprocess.Popen[bytes], seconds: float) -> Iterator[list[bool]]:
        """Kill ``child`` after ``seconds``; the list yielded then holds True."""
        late: list[bool] = []
        done = threading.Event()
        lock = threading.Lock()

        def end() -> None:
            with lock:
                if not done.is_set():
                    late.append(True)
                    child.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            with lock:
                done.set()
            timer.cancel()

    def _let_go(self) -> int:
        """End the process for good and return its exit code."""
        with self._state:
            child, self._child = self._child, None
        if child is None:
            return 0
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):  # what was still to be written has nobody to read it
                    pipe.close()
        try:
            child.wait(0.5)  # it leaves by itself when its input ends; its own code tells why
        except subprocess.TimeoutExpired:
            child.kill()
        return child.wait()


_PROGRAM = "gongdao.evidence.kept.reading_process"


def _receive(pipe: IO[bytes] | None) -> tuple[bytes, ...]:
    assert pipe
    return receive(pipe)


def read_apart(*, process: ReadingProcess, request: Request) -> Answer:
    """Read one file in ``process``. Never raises for what is in the file. Raises OSError where
    it cannot be opened, ConnectionAbortedError where the process was closed meanwhile,
    ChildProcessError where none can be started: then the file may be tried again later."""
    if not request.file.resolve().is_relative_to(process.folder):
        raise ValueError("the file lies outside the folder of the reading process")
    with request.file.open("rb"):
        pass
    header = {
        "file": os.fspath(request.file.resolve()),
        "path": request.path,
        "password": request.password or "",
        "cpu_seconds": (int(process.seconds) + 1) * (os.cpu_count() or 1),
    }
    part = dump_statement(part_for(request.statement, request.path))
    try:
        answer = process.ask(json.dumps(header).encode(), part, request.kept.dump())
    except _Gone as gone:
        late = gone.late or gone.code == -signal.SIGXCPU
        return _failed(request, process, Fault.TIME if late else Fault.CRASH, _name(gone.code))
    try:
        header = json.loads(answer[0])
        if header["fault"]:
            return _failed(request, process, Fault(header["fault"]), str(header["what"]))
        read, kept = load_reading(answer[1]), KeptTexts.load(answer[2])
    except (StoredReadingError, ValueError, LookupError, TypeError):
        process.renew()
        return _failed(request, process, Fault.CRASH, "no answer")
    if read.exhibit.path != request.path:
        process.renew()
        return _failed(request, process, Fault.CRASH, "another answer")
    return Answer(read, kept)


def _name(code: int) -> str:
    """``SIGSEGV`` for a process that a signal ended, ``exit 1`` otherwise."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit {code}"


def _failed(request: Request, process: ReadingProcess, fault: Fault, what: str) -> Answer:
    """The file as one that could not be read, with its one clear problem."""
    smaller = Phrase("请截取与这笔订单有关的部分再交，或改交截图。")
    if fault is Fault.TIME:
        error = UnreadableFile(
            Phrase("读取用时太长（超过 {limit} 秒），已停止", limit=max(1, round(process.seconds))),
            file=request.path,
            hint=smaller,
        )
    elif fault is Fault.MEMORY:
        error = UnreadableFile(
            Phrase("读取它要用的内存太多，已停止"), file=request.path, hint=smaller
        )
    else:
        error = UnreadableFile(
            Phrase("读取时程序出错，已停止：文件可能已损坏"),
            file=request.path,
            hint=Phrase("请重新从手机导出原文件，或改交截图。"),
        )
    note = request.statement.exhibits.get(request.path)
    blank = blank_exhibit(file=request.file, path=request.path, note=note)
    read = ReadFile(replace(blank, problem=Bilingual.of(error)))
    return Answer(read, request.kept, fault, what[:80])
