"""A real server of our own for the browser: `gongdao serve` with pages, worker and database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from aiosmtpd.controller import Controller
from tests.front.server.server_kit import PATIENCE, free_port, lives, wait_until

from gongdao.front.server.running_file import find_running

_STARTED = "公道已经在"
_SEND_AT = """
import os, sys
from datetime import datetime
os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
import django
django.setup()
from gongdao.front.worker import follow_tasks
follow_tasks.now = lambda: datetime.fromisoformat(sys.argv[1])
follow_tasks.send_reminders(0)
"""
_BAD = ("Traceback", " ERROR ", "意外退出")


class Post:
    """A mail server on this machine that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server, _session, envelope) -> str:
        """Take a mail."""
        self.mails += [(to, envelope.content) for to in envelope.rcpt_tos]
        return "250 OK"

    def open(self) -> None:
        """Begin to answer."""
        self._controller.start()

    def close(self) -> None:
        """End."""
        self._controller.stop(no_assert=True)

    @property
    def url(self) -> str:
        """Its address, as the setting takes it."""
        return f"smtp://127.0.0.1:{self._controller.port}"


class RealServer:
    """One `gongdao serve` on a free port with a data folder of its own; it can be killed and
    started again at the same address."""

    def __init__(self, folder: Path, mail_url: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.market: dict[str, Any] = {}
        self._mail_url = mail_url
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        before = self.said()
        with self.log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).parent / "gongdao"), "serve", "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
                env=self._settings(),
            )
        wait_until(lambda: _STARTED in self.said()[len(before) :] or self._ended())
        assert not self._ended(), self.said()[len(before) :]

    def _settings(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if "GONGDAO" not in name}
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            ours.pop(name, None)
        return {
            **ours,
            "GONGDAO_DATA": str(self.data),
            "GONGDAO_PORT": str(self.port),
            "GONGDAO_MAIL_URL": self._mail_url,
            "GONGDAO_MAIL_FROM": "notice@gongdao.example",
            "GONGDAO_BEHIND_PROXY": "1",  # each visitor comes from a network of its own
        }

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)

    def revive(self) -> None:
        """Start it again if it does not run."""
        if self._ended():
            self.start()

    def kill(self) -> None:
        """End everything at once, as a power cut would."""
        assert self._process is not None
        parts = self._parts()
        self._process.kill()
        self._process.wait(timeout=PATIENCE)
        wait_until(lambda: not any(lives(pid) for pid in parts))

    def kill_pages(self) -> None:
        """Kill the process that answers; the server starts another by itself."""
        for pid, words in self._parts().items():
            if "pages" in words:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _parts(self) -> dict[int, list[str]]:
        """The processes the server started: pid → command line."""
        assert self._process is not None
        command = ["ps", "-o", "pid=,args=", "--ppid", str(self._process.pid)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        lines = [line.split() for line in shown.splitlines()]
        return {int(line[0]): line[1:] for line in lines if "gongdao.front.server" in line}

    def said(self) -> str:
        """Everything it said so far."""
        return self.log.read_text("utf-8") if self.log.exists() else ""

    def faults(self, since: int) -> list[str]:
        """Lines of its log from character ``since`` on that tell of a fault."""
        return [line for line in self.said()[since:].splitlines() if any(b in line for b in _BAD)]

    def _database_url(self) -> str:
        running = find_running(self.data / "postgres")
        assert running is not None
        return running.url

    def ask_database(self, question: LiteralString, *values: object) -> list[tuple]:
        """Look into the database past the product."""
        with psycopg.connect(self._database_url()) as connection:
            return connection.execute(question, values).fetchall()

    def send_reminders_at(self, at: datetime) -> None:
        """Do what the worker does every minute, as it will do it at ``at``: nobody can wait that
        long. A process of its own, whose clock alone is set."""
        subprocess.run(
            [sys.executable, "-c", _SEND_AT, at.isoformat()],
            env={**self._settings(), "DATABASE_URL": self._database_url()},
            check=True,
            timeout=PATIENCE,
        )
