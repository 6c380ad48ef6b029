"""What was read from the files that a buyer handed in: made in a job, for the person who decides.

The readings of cases that wait for the platform are made first by deadline; each is made once, and
again where the readers became better ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection

from gongdao.core.stores import Stores
from gongdao.disputes.case_keys import CaseKeys, case_keys
from gongdao.disputes.models import Case, Exhibit, ExhibitRead
from gongdao.disputes.states import Mover

_UNREAD = """
SELECT e.id, c.id FROM dispute_case c
JOIN dispute_post p ON p.case_id = c.id AND p.by = 'buyer'
JOIN dispute_exhibit e ON e.post_id = p.id
LEFT JOIN dispute_exhibit_read r ON r.exhibit_id = e.id AND r.readers = %(readers)s
WHERE c.state = 'open' AND c.mover = 'platform' AND r.exhibit_id IS NULL
ORDER BY c.clock_due_at, p.at, e.number LIMIT %(most)s
"""


@dataclass(frozen=True)
class BuyersFile:
    """A file of the buyer's, with its place among the files of the case; ``reading`` is what was
    read from it: None while nobody did, empty where it does not open."""

    id: UUID
    name: str
    path: str
    reading: bytes | None


def find_unread(*, readers: int, most: int) -> list[tuple[UUID, UUID]]:
    """Files (and their cases) that the readers of version ``readers`` have not read yet, of cases
    that wait for the platform, those due soonest first."""
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, {"readers": readers, "most": most})
        return [(exhibit, case) for exhibit, case in cursor.fetchall()]


def keep_read(
    *, stores: Stores, case: Case, exhibit_id: UUID, reading: bytes, readers: int, at: datetime
) -> None:
    """Keep what was read from a file; empty where it does not open. What was kept is replaced."""
    keys = case_keys(stores=stores, case=case, at=at)
    sealed = keys.seal(exhibit_id, reading) if reading else b""
    ExhibitRead.objects.update_or_create(
        exhibit_id=exhibit_id, defaults={"sealed": sealed, "readers": readers, "at": at}
    )


def buyers_files(
    *, stores: Stores, case: Case, readers: int, at: datetime
) -> tuple[BuyersFile, ...]:
    """The files that the buyer handed in, in their order, with what was read from them; none where
    the time to keep them is over."""
    if case.erased_at is not None:
        return ()
    keys = case_keys(stores=stores, case=case, at=at)
    rows = Exhibit.objects.filter(post__case=case, post__by=Mover.BUYER.value)
    rows = rows.select_related("read").order_by("post__at", "post_id", "number")
    return tuple(_file(keys, row, place, readers) for place, row in enumerate(rows, 1))


def _file(keys: CaseKeys, row: Exhibit, place: int, readers: int) -> BuyersFile:
    name = keys.read_words(row.id, row.sealed_name)
    suffix = Path(name).suffix.lower()
    ending = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 8 else ""
    read: ExhibitRead | None = getattr(row, "read", None)
    reading = None
    if read is not None and read.readers == readers:
        sealed = bytes(read.sealed)
        reading = keys.open(row.id, sealed) if sealed else b""
    return BuyersFile(row.id, name, f"after/buyer-{place}{ending}", reading)
