"""``running.json``: where the embedded server of a data folder answers, for a second process.

``gongdao backup`` beside a running ``gongdao serve`` finds its server here. Mode 0600: it holds the
password. It is a hint only; whether a server runs is said by the lock beside it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gongdao.front.server.private_files import write_private

_NAME = "running.json"


@dataclass(frozen=True)
class Running:
    """A server that was started: its address with password, its process, and who started it."""

    url: str = field(repr=False)
    port: int
    pid: int
    owner_pid: int


def write_running(home: Path, running: Running) -> None:
    """Say in ``home`` where the server answers."""
    write_private(home / _NAME, json.dumps(asdict(running)))


def find_running(home: Path) -> Running | None:
    """What ``home`` says about its server; None if it says nothing that can be read."""
    try:
        found = json.loads((home / _NAME).read_text("utf-8"))
        return Running(
            url=str(found["url"]),
            port=int(found["port"]),
            pid=int(found["pid"]),
            owner_pid=int(found["owner_pid"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def forget_running(home: Path) -> None:
    """Say that no server answers any more."""
    (home / _NAME).unlink(missing_ok=True)
