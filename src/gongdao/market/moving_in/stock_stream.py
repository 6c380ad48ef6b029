"""Secrets of many shelves out of one stream, to the vault chunk by chunk; or only looked at.

A chunk is one transaction of the vault's, so that a run that was killed is taken up again by the
same rows: ``line`` of a secret is its number in the old shop. Memory holds at most so many secrets
as `_MOST_WAITING`, however many shelves there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from django.db import connection

from gongdao.core.stores import Stores
from gongdao.vault.canonical_form import fingerprint
from gongdao.vault.fingerprint_keys import find_fp_keys
from gongdao.vault.make_sku import get_shelf
from gongdao.vault.prepare_chunk import Chunk, prepare_chunk
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.register import Known, find_known
from gongdao.vault.sealing import Shelf
from gongdao.vault.split_line import Line
from gongdao.vault.write_batch import CHUNK, BatchSource, BatchWriter, SourceKind

_MOST_WAITING = 4 * CHUNK
_SEEN_TABLE = "CREATE TEMP TABLE market_moved_seen (fp bytea PRIMARY KEY) ON COMMIT DROP"
_SEEN = """
WITH given AS MATERIALIZED (SELECT fp, i FROM unnest(%s::bytea[], %s::int[]) AS given (fp, i)),
added AS (INSERT INTO market_moved_seen SELECT fp FROM given ON CONFLICT DO NOTHING)
SELECT given.i FROM given JOIN market_moved_seen USING (fp)
"""
_FOR_SALE = """
SELECT given.i FROM unnest(%s::bytea[], %s::int[]) AS given (fp, i)
JOIN vault_fingerprint f ON f.kid = %s AND f.fp = given.fp
WHERE EXISTS (SELECT FROM vault_unit u WHERE u.sealed_id = f.sealed_id
  AND u.id BETWEEN f.sealed_id AND f.sealed_id + 9999 AND u.state IN ('available', 'held'))
"""


@dataclass
class Pile:
    """What waits for one shelf, and what became of what did not wait any more."""

    shelf: Shelf
    batch: UUID
    waiting: list[Line] = field(default_factory=list, repr=False)
    writer: BatchWriter | None = None


class StockStream:
    """Takes secrets for any of its shelves. ``told`` counts ``new`` and ``already``; with
    ``looks``, a key that tells the secrets of a dry run apart, nothing is written. What was
    not taken of each chunk is handed to ``refuse``."""

    def __init__(
        self,
        *,
        stores: Stores,
        at: datetime,
        looks: bytes | None,
        refuse: Callable[[Chunk, Known], None],
    ) -> None:
        self.told: Counter[str] = Counter()
        self._stores, self._at, self._refuse = stores, at, refuse
        self._piles: dict[UUID, Pile] = {}
        self._waiting = 0
        self._looks = looks

    def open_shelf(self, *, sku: UUID, batch: UUID) -> None:
        """Make ready for secrets of the shelf ``sku``, which become ``batch``."""
        self._piles[sku] = Pile(get_shelf(sku), batch)

    def add(self, sku: UUID, line: Line) -> None:
        """Take one secret; it may wait."""
        pile = self._piles[sku]
        pile.waiting.append(line)
        self._waiting += 1
        if len(pile.waiting) >= CHUNK:
            self._send(pile)
        elif self._waiting >= _MOST_WAITING:
            self._send(max(self._piles.values(), key=lambda one: len(one.waiting)))

    def finish(self) -> list[UUID]:
        """Send what waits and end each batch; those that hold something. Their roots are fixed and
        in the public log now, where this is no dry run."""
        ended = []
        for pile in self._piles.values():
            self._send(pile)
            if self._looks is None and self._writer(pile).finish() is not None:
                ended.append(pile.batch)
        return ended

    def _writer(self, pile: Pile) -> BatchWriter:
        if pile.writer is None:
            source = BatchSource(SourceKind.MOVED_IN)
            pile.writer = BatchWriter(self._stores, pile.shelf, pile.batch, source, self._at)
        return pile.writer

    def _send(self, pile: Pile) -> None:
        lines, pile.waiting = iter(pile.waiting), []
        most = CHUNK if self._looks else self._writer(pile).most
        while (chunk := prepare_chunk(lines, pile.shelf.rules, most)).read:
            self._waiting -= chunk.read
            known = Known(frozenset(), {})
            if chunk.lines:
                known = self._look(pile, chunk) if self._looks else self._writer(pile).write(chunk)
            self.told["already"] += len(known.already)
            self.told["new"] += len(chunk.lines) - len(known.already) - len(known.refused)
            if chunk.refusals or known.refused:
                self._refuse(chunk, known)

    def _look(self, pile: Pile, chunk: Chunk) -> Known:
        """What of ``chunk`` would not be taken: known to the vault, or met in this dry run."""
        keys = find_fp_keys(stores=self._stores)
        seller = pile.shelf.seller
        known = find_known(keys=keys, chunk=chunk, batch=pile.batch, seller=seller)
        own = self._looks or b""
        fps = [blake2b(form, key=own, digest_size=16).digest() for form in chunk.forms]
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, (fps, list(range(len(fps)))))
            met = [row[0] for row in cursor.fetchall() if row[0] not in known]
        repeats = {place: Refusal(chunk.lines[place], Reason.IN_FILE) for place in met}
        return Known(known.already, known.refused | repeats)


def make_seen_table() -> None:
    """What a dry run writes to, in the transaction that it takes back."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN_TABLE)


def find_for_sale(*, stores: Stores, forms: Sequence[bytes]) -> set[int]:
    """Which of the secrets whose ``platform_form``s these are can be bought at this moment."""
    found: set[int] = set()
    for key in find_fp_keys(stores=stores):
        fps = [fingerprint(key.key, form) for form in forms]
        with connection.cursor() as cursor:
            cursor.execute(_FOR_SALE, (fps, list(range(len(fps))), key.kid))
            found |= {row[0] for row in cursor.fetchall()}
    return found
