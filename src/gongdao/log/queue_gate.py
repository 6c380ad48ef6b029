"""The gate before the queue: closed while the log stands still and too many leaves wait.

A log that refuses to go on must not fill the disk. Closed, the database itself refuses new leaves,
so whoever appends fails as a whole, with his rows, and is told why; what waits stays. The sequencer
opens it again as soon as it may go on. While it is open no statement of anybody costs more.
"""

from __future__ import annotations

import psycopg

from gongdao.log.errors import LogQueueFull
from gongdao.log.integrate import Connection

_COUNT = "SELECT count(*) FROM (SELECT FROM log_pending LIMIT %s) AS waiting"
_CLOSED = """
SELECT tgenabled <> 'D' FROM pg_trigger
WHERE tgrelid = 'log_pending'::regclass AND tgname = 'log_queue_full'
"""
_PATIENCE = "SET lock_timeout = '2s'"
_CLOSE = "ALTER TABLE log_pending ENABLE TRIGGER log_queue_full"
_OPEN = "ALTER TABLE log_pending DISABLE TRIGGER log_queue_full"
_PASS = "SELECT set_config('gongdao.replay', 'on', false)"


def bound_queue(connection: Connection, *, most: int) -> bool:
    """Close the gate where ``most`` leaves or more wait; whether it was closed by this. Waits at
    most two seconds for transactions that append; then psycopg.errors.LockNotAvailable.

    Only for who holds the sequencer's lock: nobody else may think that the log stands still.
    """
    if is_closed(connection):
        return False
    row = connection.execute(_COUNT, (most,)).fetchone()
    if row is None or int(row[0]) < most:
        return False
    connection.execute(_PATIENCE)
    connection.execute(_CLOSE)
    return True


def open_queue(connection: Connection) -> None:
    """Open the gate, for whoever is about to take what waits."""
    if is_closed(connection):
        connection.execute(_OPEN)


def pass_gate(connection: Connection) -> None:
    """Let this connection alone write to the queue while the gate is closed: a replay moves leaves
    that wait, it adds none."""
    connection.execute(_PASS)


def is_closed(connection: Connection) -> bool:
    """Whether new leaves are refused."""
    row = connection.execute(_CLOSED).fetchone()
    return bool(row and row[0])


def as_queue_full(error: BaseException | None) -> LogQueueFull | None:
    """The error to show where a statement met the closed gate; ``error`` is what the database
    library or Django raised. None for anything else."""
    while error is not None and not isinstance(error, psycopg.errors.ConfigurationLimitExceeded):
        error = error.__cause__
    if error is None or "log_queue_full" not in str(error):
        return None
    return LogQueueFull()
