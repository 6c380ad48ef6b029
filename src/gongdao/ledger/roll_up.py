"""Add up what is settled, so that a balance is read without its whole history.

Numbers of transfers are given out before their transactions commit, so "up to number S" is only
safe when every transaction that may hold a lower number has ended. Each of those had locked the
table (for writing rows, which hinders nobody) before it drew a number; so S is read first, then who
holds that lock, and when those have let go, all numbers up to S are settled. Nobody waits for this.
"""

from __future__ import annotations

import time

from django.db import connection, transaction

from gongdao.core.named_sql import load_sql

_LAST = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ledger_transfer_seq_seq"
_WRITERS = """SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'ledger_transfer'::regclass
  AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()"""
_ONE_AT_A_TIME = "LOCK TABLE ledger_rollup IN SHARE ROW EXCLUSIVE MODE"
_PATIENCE_S = 5
_PAUSE_MS = 10


def roll_up() -> int | None:
    """Roll up all settled transfers; the number up to which that was done, or None where a
    transaction that writes stayed open for longer than 5 s: then nothing was done, and the next
    call may. Correctness never depends on this having run."""
    upto = _find_settled()
    if upto is None:
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
        cursor.execute(load_sql("gongdao.ledger", "roll_up"), {"upto": upto})
    return upto


def _find_settled() -> int | None:
    until = time.monotonic() + _PATIENCE_S
    with connection.cursor() as cursor:
        cursor.execute(_LAST)
        upto = int(cursor.fetchone()[0])
        cursor.execute(_WRITERS)
        waiting = {row[0] for row in cursor.fetchall()}
        while waiting:
            if time.monotonic() > until:
                return None
            time.sleep(_PAUSE_MS / 1000)
            cursor.execute(_WRITERS)
            waiting &= {row[0] for row in cursor.fetchall()}
    return upto
