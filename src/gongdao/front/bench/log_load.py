"""What a benchmark of the log runs beside itself: the sequencer, processes that append, and an ear
for its announcements. Times are of the machine's monotonic clock, the same in every process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.log_place import find_head_file, find_published
from gongdao.front.server.log_part import LOOK_AGAIN_S
from gongdao.front.settings import Settings
from gongdao.log.integrate import CHANNEL
from gongdao.log.log_key import LogKey
from gongdao.log.sequence import BATCH, Sequencer

_PATIENCE_S = 120
_MODULE = "gongdao.front.bench.append_load"


@contextmanager
def sequencing(settings: Settings, key: LogKey) -> Iterator[None]:
    """The sequencer in a thread, for as long as the block lasts; raise what it raised."""
    stop, faults = threading.Event(), list[BaseException]()
    sequencer = Sequencer(
        database_url=settings.database_url,
        head_file=find_head_file(settings),
        key=key,
        publish=find_published(settings),
    )

    def work() -> None:
        try:
            with sequencer:
                sequencer.open(at=now())
                while not stop.is_set():
                    if sequencer.run_once(at=now()) < BATCH:
                        stop.wait(LOOK_AGAIN_S)
        except BaseException as fault:  # told to whoever measures
            faults.append(fault)

    thread = threading.Thread(target=work, name="sequencer")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if faults:
        raise faults[0]


@dataclass
class Covered:
    """When which size was covered, as announced: ``marks`` are (size, moment)."""

    marks: list[tuple[int, float]] = field(default_factory=list)

    def wait_for(self, size: int) -> float:
        """The moment at which ``size`` leaves were covered; ServerError if that takes too long."""
        give_up = time.monotonic() + _PATIENCE_S
        while not self.marks or self.marks[-1][0] < size:
            if time.monotonic() > give_up:
                raise ServerError(_("日志没有跟上，测不出来。"))
            time.sleep(0.005)
        return next(moment for reached, moment in self.marks if reached >= size)


@contextmanager
def listening(settings: Settings) -> Iterator[Covered]:
    """Hear the sequencer's announcements while the block lasts."""
    covered, stop = Covered(), threading.Event()
    connection = psycopg.connect(settings.database_url, autocommit=True)
    connection.execute(f"LISTEN {CHANNEL}".encode())

    def listen() -> None:
        while not stop.is_set():
            for notice in connection.notifies(timeout=0.2):
                covered.marks.append((int(notice.payload), time.monotonic()))

    thread = threading.Thread(target=listen, name="listener")
    thread.start()
    try:
        yield covered
    finally:
        stop.set()
        thread.join()
        connection.close()


def run_appenders(count: int, arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Let ``count`` processes append at once, once all of them are ready; what each reports."""
    command = [sys.executable, "-P", "-m", _MODULE, *arguments]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _number in range(count)
    ]
    try:
        for one in processes:
            if one.stdout is None or one.stdout.readline().strip() != "ready":
                raise ServerError(_("写入的进程没有起来。"))
        for one in processes:
            if one.stdin is not None:
                one.stdin.write("go\n")
                one.stdin.flush()
        return [json.loads(one.communicate()[0]) for one in processes]
    finally:
        for one in processes:
            one.kill()
            one.wait()
