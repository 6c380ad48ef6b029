"""Register fingerprints of a chunk, and say why some were there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from gongdao.core.subject import SubjectRef
from gongdao.vault.canonical_form import fingerprint
from gongdao.vault.fingerprint_keys import FpKey
from gongdao.vault.prepare_chunk import Chunk
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.run_sql import run_named

_KNOWN = """
SELECT given.i, f.sealed_id FROM unnest(%s::bytea[], %s::int[]) AS given (fp, i)
JOIN vault_fingerprint f ON f.kid = %s AND f.fp = given.fp
"""
_WHOSE = """
SELECT s.id, s.line, u.batch_id, k.seller_kind, k.seller_id
FROM vault_sealed s JOIN vault_unit u ON u.id = s.id JOIN vault_sku k ON k.id = u.sku_id
WHERE s.id = ANY(%s)
"""


@dataclass(frozen=True)
class Known:
    """Places in a chunk that were taken before: by the same line of the same batch (``already``),
    or refused, with the reason."""

    already: frozenset[int]
    refused: dict[int, Refusal]

    def __contains__(self, place: int) -> bool:
        return place in self.already or place in self.refused


def register(
    *, keys: Sequence[FpKey], chunk: Chunk, ids: Sequence[int], batch: UUID, seller: SubjectRef
) -> Known:
    """Register every secret of ``chunk`` under the id at its place, under all keys or under none.

    Two at once that bring the same secret: one waits for the other's end, then finds it known.
    """
    lost: set[int] = set()
    for key in keys:
        fps = [fingerprint(key.key, form) for form in chunk.forms]
        if key.registers:
            values = {"kid": key.kid, "fps": b"".join(fps), "ids": list(ids)}
            count, taken = run_named("take_fingerprints", values)[0]
            if count < len(ids):
                got = set(taken or ())
                lost |= {place for place, one in enumerate(ids) if one not in got}
        else:
            lost |= set(_look_up(key, dict(enumerate(fps))))
    if not lost:
        return Known(frozenset(), {})
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM vault_fingerprint WHERE sealed_id = ANY(%s)", ([ids[i] for i in lost],)
        )
    return find_known(keys=keys, chunk=chunk, places=lost, batch=batch, seller=seller)


def find_known(
    *,
    keys: Sequence[FpKey],
    chunk: Chunk,
    places: set[int] | None = None,
    batch: UUID,
    seller: SubjectRef,
) -> Known:
    """Which secrets of ``chunk`` (those at ``places``; all) are on the platform, and what their
    lines are told. Whose they are is told to nobody but their own seller."""
    wanted = range(len(chunk.forms)) if places is None else sorted(places)
    known: dict[int, int] = {}
    for key in keys:
        left = {i: fingerprint(key.key, chunk.forms[i]) for i in wanted if i not in known}
        known |= _look_up(key, left)
    with connection.cursor() as cursor:
        cursor.execute(_WHOSE, (list(known.values()),))
        whose = {row[0]: row[1:] for row in cursor.fetchall()}
    already, refused = set(), {}
    for place, sealed_id in known.items():
        line, own_batch, kind, owner = whose.get(sealed_id, (0, None, "", None))
        number = chunk.lines[place]
        if own_batch == batch and line == number:
            already.add(place)
        elif own_batch == batch:
            refused[place] = Refusal(number, Reason.IN_FILE, line)
        else:
            own = SubjectRef(kind, owner) == seller
            refused[place] = Refusal(number, Reason.IN_STOCK if own else Reason.ON_PLATFORM)
    return Known(frozenset(already), refused)


def _look_up(key: FpKey, fps: dict[int, bytes]) -> dict[int, int]:
    """Place → secret, for those of ``fps`` that are registered under ``key``."""
    if not fps:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, (list(fps.values()), list(fps), key.kid))
        return dict(cursor.fetchall())
