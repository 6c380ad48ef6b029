"""The dry run of an import: what would become of each line. Nothing is written but a table that
goes with the transaction, so that memory stays flat."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.stores import Stores
from gongdao.vault.canonical_form import fingerprint
from gongdao.vault.fingerprint_keys import FpKey, find_fp_keys
from gongdao.vault.prepare_chunk import Chunk
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.register import Known, find_known
from gongdao.vault.sealing import Shelf
from gongdao.vault.write_batch import CHUNK

_TABLE = "CREATE TEMP TABLE vault_preview (fp bytea PRIMARY KEY, line int) ON COMMIT DROP"
_SEEN = """
WITH given AS MATERIALIZED (SELECT * FROM unnest(%s::bytea[], %s::int[]) AS given (fp, line)),
added AS (INSERT INTO vault_preview SELECT * FROM given ON CONFLICT DO NOTHING)
SELECT given.line, seen.line FROM given JOIN vault_preview seen USING (fp)
"""


@contextmanager
def open_preview(*, stores: Stores, shelf: Shelf, batch: UUID) -> Iterator[BatchPreview]:
    """What a dry run writes to; rolled back at the end."""
    keys = find_fp_keys(stores=stores)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_TABLE)
        yield BatchPreview(shelf, batch, keys)
        transaction.set_rollback(True)


class BatchPreview:
    """Takes chunks as `BatchWriter` does, and only looks."""

    most = CHUNK

    def __init__(self, shelf: Shelf, batch: UUID, keys: Sequence[FpKey]) -> None:
        self.shelf, self._batch, self._keys = shelf, batch, keys
        self._own = secrets.token_bytes(32)
        """Tells the lines of this file apart, and is forgotten."""

    def write(self, chunk: Chunk) -> Known:
        """What of ``chunk`` would not be taken."""
        known = find_known(
            keys=self._keys, chunk=chunk, batch=self._batch, seller=self.shelf.seller
        )
        fps = [fingerprint(self._own, form) for form in chunk.forms]
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, (fps, chunk.lines))
            seen = dict(cursor.fetchall())
        repeats = {
            place: Refusal(line, Reason.IN_FILE, seen[line])
            for place, line in enumerate(chunk.lines)
            if line in seen and place not in known
        }
        return Known(known.already, known.refused | repeats)
