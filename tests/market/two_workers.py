"""Two workers at the same deed at once, for certain: the first stops where it holds what it locked,
the second runs until it ends or is seen to wait; then the first goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

PATIENCE_S = 30
_WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
  AND backend_type = 'client backend'
"""


@dataclass
class Met:
    """What each of the two gave or raised, and whether the second had to wait for the first."""

    first: Any = None
    second: Any = None
    waited: bool = False


@dataclass
class _Meeting:
    """Where the first stops: after its first statement that contains ``after``. ``without``: parts
    of statements, and what stands there instead, for a control."""

    after: str
    without: Mapping[str, str]
    mine: threading.local = field(default_factory=threading.local)
    inside: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    missing: set[str] = field(default_factory=set)

    def execute(
        self, original: Callable[..., Any], cursor: Any, query: Any, *given: Any, **named: Any
    ) -> Any:
        text = query if isinstance(query, str) else bytes(query).decode()
        place = getattr(self.mine, "place", 0)
        stops = place == 1 and self.after in text
        for part, instead in (self.without if place else {}).items():
            if part in text:
                self.missing.discard(part)
                text = text.replace(part, instead)
        sent = text if isinstance(query, str) else text.encode()
        result = original(cursor, sent, *given, **named)
        if stops and not self.inside.is_set():
            self.inside.set()
            assert self.go.wait(PATIENCE_S), "nobody let it go on"
        return result


@contextmanager
def _patched(meeting: _Meeting) -> Iterator[None]:
    original = psycopg.Cursor.execute

    def execute(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
        return meeting.execute(original, cursor, query, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        yield


def meet(
    first: Callable[[], Any],
    second: Callable[[], Any] | None = None,
    *,
    after: str,
    without: Mapping[str, str] | None = None,
) -> Met:
    """Let two workers meet; ``second`` does what ``first`` does where it is not given."""
    meeting, met = _Meeting(after, without or {}), Met()
    meeting.missing.update(meeting.without)
    second = second or first

    def run(place: int, deed: Callable[[], Any]) -> None:
        meeting.mine.place = place
        try:
            result: Any = deed()
        except Exception as error:  # a result like others
            result = error
        finally:
            connections.close_all()
        setattr(met, "first" if place == 1 else "second", result)

    with _patched(meeting):
        one = threading.Thread(target=run, args=(1, first))
        two = threading.Thread(target=run, args=(2, second))
        one.start()
        try:
            assert meeting.inside.wait(PATIENCE_S), f"it never came to {after}: {met.first!r}"
            two.start()
            met.waited = _ends_or_waits(two)
        finally:
            meeting.go.set()
        for thread in (one, two):
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
    assert not meeting.missing, f"never sent: {meeting.missing}"
    return met


def _ends_or_waits(thread: threading.Thread) -> bool:
    """Whether the thread waits for a lock in the database; False once it has ended."""
    end = time.monotonic() + PATIENCE_S
    while thread.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(_WAITS)
            if cursor.fetchone()[0]:
                return True
        assert time.monotonic() < end, "it neither ended nor waited"
        thread.join(0.01)
    return False
