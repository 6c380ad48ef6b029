"""Marks of erased cases in the blob store, so that restoring an older database cannot bring them
back.

The store outlives the database, and an older backup of it is only ever added to a newer one. A
mark is a blob without content below a prefix that belongs to no case; its name is a digest of the
case's id, from which the id cannot be found.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from uuid import UUID

from gongdao.core.blobs import blob_name, case_prefix
from gongdao.core.stores import Stores

_NOBODY = UUID("00000000-0000-8000-8000-000000000000")
"""The place of the marks; no case has this id, because ids of cases are of version 7."""


def mark_erased(*, stores: Stores, case_id: UUID) -> None:
    """Mark the case as erased; doing it again is harmless."""
    stores.blobs.put(_name(case_id), io.BytesIO(b""))


def read_marks(stores: Stores) -> frozenset[str]:
    """The names of all marks."""
    return frozenset(name for name, _stored in stores.blobs.names(case_prefix(_NOBODY)))


def is_marked(marks: frozenset[str], case_id: UUID) -> bool:
    """Whether ``marks`` hold the one of this case."""
    return _name(case_id) in marks


def marks_prefix() -> str:
    """Below which the names of all marks begin."""
    return case_prefix(_NOBODY)


def is_mark(name: str) -> bool:
    """Whether the blob ``name`` is a mark, not a file of a case."""
    return name.startswith(case_prefix(_NOBODY))


def forget_marks(*, stores: Stores, before: datetime) -> int:
    """Remove marks older than any backup that may still be restored; return how many."""
    old = [n for n, stored in stores.blobs.names(case_prefix(_NOBODY)) if stored < before]
    return sum(stores.blobs.delete(name) for name in old)


def _name(case_id: UUID) -> str:
    return blob_name(_NOBODY, hashlib.sha256(f"erased/{case_id}".encode()).hexdigest())
