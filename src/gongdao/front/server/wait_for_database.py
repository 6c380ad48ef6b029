"""Wait for a database server that is there but does not take connections yet: it starts, recovers
after a crash, or is being shut down to start anew. Not an error, only a moment."""

from __future__ import annotations

import time
from collections.abc import Callable

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

PATIENCE_S = 120
"""A server that recovers from a crash may need so long."""
_PAUSE_S = 0.2
_ANSWER_S = 5


def wait_for_database(
    url: str,
    *,
    absent_s: float = 0,
    patience_s: float = PATIENCE_S,
    ping: Callable[[bytes], int] = PGconn.ping,
) -> bool:
    """Wait while the server of ``url`` says that it takes no connections yet, and for ``absent_s``
    while nobody answers at all; whether it takes them now. Whoever connects learns everything else
    (a wrong password, no such database) from the connection itself."""
    began = time.monotonic()
    place = make_conninfo(url, connect_timeout=_ANSWER_S).encode()
    while True:
        found, waited = ping(place), time.monotonic() - began
        if found == Ping.OK:
            return True
        most = patience_s if found == Ping.REJECT else absent_s
        if waited >= most:
            return False
        time.sleep(_PAUSE_S)
