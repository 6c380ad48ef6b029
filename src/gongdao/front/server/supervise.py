"""One process that watches the others: starts them, starts them again, stops them in order.

It loads neither Django nor granian, so that it stays small and nothing in it can break.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType, TracebackType

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _

_STEP = 1
"""Seconds after which to look even if no signal came."""
_GRACE = 8
"""Seconds that the parts have to end after they were asked to."""
_QUICK = 10
"""A part that ends this soon after its start, in seconds, did not really run."""
_QUICK_ENDS = 3
_PAUSES = (0, 1, 2)
"""Seconds before a part is started again, by how often it ended quickly."""


class Signals:
    """SIGTERM and SIGINT set ``stopping``; they and the end of a child wake ``wait``.

    A context manager; the handlers that were there are put back at the end. Main thread only.
    """

    def __init__(self) -> None:
        self.stopping = False

    def __enter__(self) -> Signals:
        self._reader, self._writer = os.pipe()
        for handle in (self._reader, self._writer):
            os.set_blocking(handle, False)
        self._before_wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGTERM, self._stop),
                (signal.SIGINT, self._stop),
                (signal.SIGCHLD, _notice),
            )
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_wakeup)
        os.close(self._reader)
        os.close(self._writer)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def wait(self, seconds: float) -> None:
        """Wait for a signal, ``seconds`` at most."""
        select.select([self._reader], [], [], max(seconds, 0))
        with suppress(BlockingIOError):
            os.read(self._reader, 4096)


def _notice(number: int, frame: FrameType | None) -> None:
    """SIGCHLD only has to wake us."""


@dataclass
class Part:
    """One process to keep running; ``name`` as people read it."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    due: float = 0
    quick_ends: int = 0

    def start(self) -> None:
        """Begin the process, in a session of its own: Ctrl-C reaches it through us alone."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gongdao.front.server", *self.arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started = time.monotonic()

    def signal(self, number: int) -> None:
        """Send ``number`` to the process and to those it started, if it runs."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def run_once(part: Part, signals: Signals) -> None:
    """Run ``part`` to its end; raise ServerError if it fails. Return early when asked to stop."""
    part.start()
    assert part.process is not None
    while part.process.poll() is None:
        if signals.stopping:
            stop_parts([part], signals)
            return
        signals.wait(_STEP)
    if part.process.returncode:
        raise ServerError(
            _("“{name}”没有成功（退出码 {code}），原因见上面的输出。").format(
                name=part.name, code=part.process.returncode
            )
        )


def supervise(
    *,
    parts: Sequence[Part],
    signals: Signals,
    look: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Keep ``parts`` running until asked to stop; then stop them.

    ``look`` is called on every round and sees to the database. Raise ServerError when a part ends
    again and again; whatever was raised, no part runs any more.
    """
    try:
        while not signals.stopping:
            look()
            for part in parts:
                _keep_running(part, say)
            signals.wait(_next_step(parts))
    finally:
        stop_parts(parts, signals)


def _keep_running(part: Part, say: Callable[[str], None]) -> None:
    now = time.monotonic()
    if part.process is not None and part.process.poll() is not None:
        code = part.process.returncode
        part.signal(signal.SIGKILL)
        part.process = None
        part.quick_ends = part.quick_ends + 1 if now - part.started < _QUICK else 1
        if part.quick_ends >= _QUICK_ENDS:
            raise ServerError(
                _("“{name}”接连 {count} 次一启动就退出（退出码 {code}），不再重试。").format(
                    name=part.name, count=part.quick_ends, code=code
                )
            )
        part.due = now + _PAUSES[part.quick_ends]
        say(_("“{name}”意外退出（退出码 {code}），重新启动。").format(name=part.name, code=code))
    if part.process is None and now >= part.due:
        part.start()


def _next_step(parts: Sequence[Part]) -> float:
    now = time.monotonic()
    waits = [part.due - now for part in parts if part.process is None]
    return min([_STEP, *waits])


def stop_parts(parts: Sequence[Part], signals: Signals) -> None:
    """Ask all ``parts`` to end, at once; kill what still runs after eight seconds."""
    running = [part for part in parts if part.process is not None and part.process.poll() is None]
    for part in running:
        if part.process is not None:
            part.process.terminate()
    give_up = time.monotonic() + _GRACE
    while any(part.process and part.process.poll() is None for part in running):
        if time.monotonic() > give_up:
            break
        signals.wait(0.1)
    for part in parts:
        part.signal(signal.SIGKILL)
        if part.process is not None:
            part.process.wait()
