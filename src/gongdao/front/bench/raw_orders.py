"""Play recorded orders back straight on the database: the same statements, the same transactions,
from as many connections as there are clients, without HTTP and without our code around them."""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _

if TYPE_CHECKING:
    from gongdao.front.bench.record_orders import Tape

_PROCESSES = 2
_UNITS = "vault_unit_ids"
_WARM_UP = 2
"""Orders that each connection plays before the clock runs: its statements are planned then."""


def play_orders(tapes: Sequence[Tape], *, database_url: str, clients: int) -> float:
    """Orders per second over ``clients`` connections in up to two processes. Each tape is played
    once; as many as `_WARM_UP` times ``clients`` of them go ahead of the clock."""
    processes = min(_PROCESSES, clients)
    with tempfile.TemporaryDirectory(prefix="gongdao-raw-") as folder:
        players = []
        for number in range(processes):
            part = Path(folder) / f"{number}.tapes"
            part.write_bytes(pickle.dumps(tapes[number::processes]))
            threads = len(range(number, clients, processes))
            players.append(_start(part, threads, database_url))
        reports = _run(players)
    took = max(one["ended"] for one in reports) - min(one["began"] for one in reports)
    return float(sum(one["orders"] for one in reports) / took)


def _start(part: Path, threads: int, database_url: str) -> subprocess.Popen[str]:
    player = subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(part), str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert player.stdin is not None
    player.stdin.write(f"{database_url}\n")
    player.stdin.flush()
    return player


def _run(players: Sequence[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """Let them begin together; what each reports."""
    try:
        for one in players:
            if one.stdout is None or one.stdout.readline().strip() != "ready":
                raise ServerError(_("直接测数据库的进程没有起来。"))
        for one in players:
            if one.stdin is not None:
                one.stdin.write("go\n")
                one.stdin.flush()
        return [json.loads(one.communicate()[0]) for one in players]
    finally:
        for one in players:
            one.kill()


class _Player:
    """One process: threads that play the tapes, each on a connection of its own."""

    def __init__(self, tapes: Sequence[Tape], threads: int, url: str) -> None:
        self.tapes = list(tapes)
        self.lines = [_connect(url) for _number in range(threads)]
        self.turn = threading.Lock()
        self.played = 0

    def warm_up(self) -> None:
        """Have every statement planned on every connection."""
        for line in self.lines:
            for _number in range(min(_WARM_UP, len(self.tapes) // len(self.lines))):
                _play(line, self.tapes.pop())

    def play(self) -> None:
        """Play all that is left."""
        with ThreadPoolExecutor(len(self.lines)) as pool:
            list(pool.map(self._go, self.lines))

    def _go(self, line: psycopg.Connection[Any]) -> None:
        while True:
            with self.turn:
                if not self.tapes:
                    return
                tape = self.tapes.pop()
            _play(line, tape)
            with self.turn:
                self.played += 1


def _connect(url: str) -> psycopg.Connection[Any]:
    line = psycopg.connect(url, autocommit=True, prepare_threshold=1_000_000_000)
    line.execute("SET plan_cache_mode = force_generic_plan")
    return line


def _play(line: psycopg.Connection[Any], tape: Tape) -> None:
    rows: list[Any] = []
    for steps in tape:
        if len(steps) == 1:
            rows = _send(line, *steps[0], rows)
            continue
        with line.transaction():
            for step in steps:
                rows = _send(line, *step, rows)


def _send(
    line: psycopg.Connection[Any], statement: bytes, values: Any, before: list[Any]
) -> list[Any]:
    """What the statement gives. Every tape was recorded from the same shelf, so each names the same
    unit: the one that is named here is what the look ``before`` found set aside."""
    delivers = _UNITS in values
    if delivers:
        values = {**values, _UNITS: before[0][-2]}
    cursor = line.execute(statement, values, prepare=True, binary=True)
    rows = cursor.fetchall() if cursor.description else []
    if delivers and rows[0][0] is None:
        raise RuntimeError("a recorded payment delivered nothing")
    return rows


def main() -> None:
    """Get ready, say so, wait for the word, play, print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tapes", type=Path)
    parser.add_argument("threads", type=int)
    given = parser.parse_args()
    url = sys.stdin.readline().strip()
    player = _Player(pickle.loads(given.tapes.read_bytes()), given.threads, url)
    player.warm_up()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    player.play()
    print(json.dumps({"orders": player.played, "began": began, "ended": time.monotonic()}))


if __name__ == "__main__":
    main()
