"""Let the n-th thing asked of the database fail: lost on the way there, or on the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


class Cut(psycopg.OperationalError):
    """The connection was cut, as far as the caller can tell."""


@contextmanager
def failing_at(number: int, *, done: bool) -> Iterator[list[int]]:
    """Inside, call ``number`` (from 0) of execute, copy or commit raises Cut: before it did
    anything, or, with ``done``, after it did all. Yields a list that holds how many there were."""
    calls = [0]
    kept = {
        (psycopg.Cursor, "execute"): psycopg.Cursor.execute,
        (psycopg.Connection, "commit"): psycopg.Connection.commit,
    }

    def cut(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            mine = calls[0] == number
            calls[0] += 1
            if mine and not done:
                raise Cut("lost on the way there")
            result = original(*given, **named)
            if mine:
                raise Cut("lost on the way back")
            return result

        return call

    copy = psycopg.Cursor.copy

    @contextmanager
    def cut_copy(*given: Any, **named: Any) -> Iterator[Any]:
        mine = calls[0] == number
        calls[0] += 1
        if mine and not done:
            raise Cut("lost on the way there")
        with copy(*given, **named) as open_copy:
            yield open_copy
        if mine:
            raise Cut("lost on the way back")

    for (kind, name), original in kept.items():
        setattr(kind, name, cut(original))
    setattr(psycopg.Cursor, "copy", cut_copy)  # noqa: B010  a method, as above
    try:
        yield calls
    finally:
        for (kind, name), original in kept.items():
            setattr(kind, name, original)
        setattr(psycopg.Cursor, "copy", copy)  # noqa: B010  a method, as above
