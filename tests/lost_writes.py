"""Writes that are lost: a statement on its way, a commit before or after it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import OperationalError, connection


def _lost() -> OperationalError:
    return OperationalError("the connection was lost")


@contextmanager
def failing_statement(number: int) -> Iterator[list[int]]:
    """The statement with this number (from 1) that this thread's connection sends is lost on its
    way, whether Django or a prepared statement sends it; savepoints count as well."""
    seen = [0]
    real = psycopg.Cursor.execute

    def run(self: psycopg.Cursor[Any], *values: Any, **how: Any) -> psycopg.Cursor[Any]:
        if self.connection is connection.connection:
            seen[0] += 1
            if seen[0] == number:
                raise psycopg.OperationalError("the connection was lost")
        return real(self, *values, **how)

    with patch.object(psycopg.Cursor, "execute", run):
        yield seen


@contextmanager
def failing_commit(*, done: bool) -> Iterator[None]:
    """The first commit fails: before it happened, or (``done``) after."""
    real, calls = connection._commit, []

    def commit():
        calls.append(1)
        if len(calls) > 1:
            return real()
        if done:
            real()
        raise _lost()

    with patch.object(connection, "_commit", commit):
        yield
