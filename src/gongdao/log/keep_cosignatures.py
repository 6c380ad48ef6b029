"""Cosignatures into the database, and under the published checkpoint."""

from __future__ import annotations

import threading
from contextlib import closing

from gongdao.log.feed_witnesses import Kept, Published
from gongdao.log.integrate import connect
from gongdao.log.publish import PublishedFolder
from gongdao_verify.tlog_policy import LogSigner

_KEEP = """
INSERT INTO log_cosignature (size, name, line)
SELECT size, %s, %s FROM log_checkpoint WHERE size = %s ON CONFLICT DO NOTHING
"""
_LINES = "SELECT line FROM log_cosignature WHERE size = %s ORDER BY id"
_NOTE = "SELECT note FROM log_checkpoint WHERE size = %s"


class CosignatureStore:
    """Cosignatures of the log that signs with ``key``. For any number of threads; for one process,
    which also is the one that publishes."""

    def __init__(self, *, database_url: str, folder: PublishedFolder, key: LogSigner) -> None:
        self._url, self._folder, self._key = database_url, folder, key
        self._turn = threading.Lock()  # or an older list of lines could replace a newer one

    def keep(self, kept: Kept) -> None:
        """Store ``kept`` (twice is as good as once; without our checkpoint, nothing), and show it
        under the published checkpoint if that is still the one it is for."""
        with self._turn, closing(connect(self._url)) as connection:
            connection.execute(_KEEP, (kept.name, kept.line, kept.size))
            rows = connection.execute(_LINES, (kept.size,)).fetchall()
            data = self._folder.checkpoint()
            shown = None if data is None else Published.parse(data, self._key)
            if shown is not None and shown.checkpoint.size == kept.size:
                self._folder.put_checkpoint(shown.dump([row[0] for row in rows]))

    def note_of(self, size: int) -> bytes | None:
        """The signed note of our checkpoint of ``size``; None where there is none."""
        with closing(connect(self._url)) as connection:
            row = connection.execute(_NOTE, (size,)).fetchone()
        return None if row is None else row[0].encode()
