"""Decrypt an original, and record who did and what for: the only way to its bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from gongdao.core.blobs import blob_name
from gongdao.core.envelope import open_chunks
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Access, Original


class Who(StrEnum):
    """Who opened: the buyer, somebody with a shared link, the platform's staff, the machine."""

    OWNER = "owner"
    SHARED = "shared"
    STAFF = "staff"
    MACHINE = "machine"


class Purpose(StrEnum):
    """What an original was opened for."""

    VIEW = "view"
    DOWNLOAD = "download"
    READ = "read"
    ATTACH = "attach"
    SEAL = "seal"
    EXPORT = "export"


def record_access(
    *, subject: SubjectRef, who: Who, purpose: Purpose, at: datetime, original: Original | None
) -> None:
    """Write one line of the record."""
    Access.objects.create(
        subject_kind=subject.kind,
        subject_id=subject.id,
        original_id=original.id if original else None,
        at=at,
        who=who.value,
        purpose=purpose.value,
    )


def open_original(
    *, stores: Stores, key: bytes, row: Original, who: Who, purpose: Purpose, at: datetime
) -> Iterator[bytes]:
    """The bytes of ``row`` in chunks; the record is written before the first of them.

    Raises BlobMissing or SealedDataError where the store lost or altered it.
    """
    subject = SubjectRef(row.subject_kind, row.subject_id)
    record_access(subject=subject, who=who, purpose=purpose, at=at, original=row)
    source = stores.blobs.open(blob_name(subject.id, row.address))
    chunks = _chunks(key, source, subject.aad(f"original/{row.address}"))
    next(chunks)
    return chunks


def _chunks(key: bytes, source: BinaryIO, aad: bytes) -> Iterator[bytes]:
    """Begun at once by one empty chunk: only a generator that was begun closes its file when it
    is thrown away, as when somebody breaks a download off."""
    with source:
        yield b""
        yield from open_chunks(key, source, aad)


@contextmanager
def plain_file(
    *,
    stores: Stores,
    key: bytes,
    row: Original,
    path: str,
    who: Who,
    purpose: Purpose,
    at: datetime,
    folder: Path | None = None,
) -> Iterator[Path]:
    """The original in the clear at ``path`` below a private folder that vanishes afterwards;
    yields the folder. ``folder`` is where private folders are made."""
    with tempfile.TemporaryDirectory(prefix="gongdao-", dir=folder) as root:
        full = Path(root) / path
        full.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        chunks = open_original(stores=stores, key=key, row=row, who=who, purpose=purpose, at=at)
        with full.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        yield Path(root)
