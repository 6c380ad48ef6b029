"""Pictures to look at, made from originals in a process of their own and kept sealed.

A preview is made once, by the worker after a reading or when somebody first looks, and is thrown
away with its original. It holds no byte of the original.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from gongdao.core.blobs import blob_name
from gongdao.core.envelope import open_chunks, sealed_file
from gongdao.core.errors import BlobMissing
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who, plain_file, record_access
from gongdao.evidence.kept.run_apart import run_apart
from gongdao.evidence.preview_picture import Preview

_PROGRAM = "gongdao.evidence.kept.preview_process"
_SECONDS = 20
_MEMORY_BYTES = 2 * 1024**3
_MAX_BYTES = 16 * 1024 * 1024
MOST_PREVIEWS = 24
"""Of one file: pages and frames that something was read from."""
_TRY_AGAIN = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
"""After how long a preview that was not made in time is tried again; then it is given up."""
_SIZE, _UNTIL = struct.Struct(">II"), struct.Struct(">Q")
"""What is kept begins with width and height. Both 0: there is no picture. A width of 0 and a height
that counts the tries: it was not made in time, and is not tried again before the second (of Unix
time) that follows."""
_NOTHING = Preview(0, 0, b"")
WITH_PICTURE = ("image/", "video/", "application/pdf")
"""How the media types of files with something to look at begin."""


@dataclass(frozen=True)
class View:
    """Which picture of an original: ``number`` counts the views that a file has, from 0, so that
    all of them can be found and dropped; ``page`` from 1; ``frame_ms`` from the start."""

    number: int = 0
    page: int = 1
    frame_ms: int = 0


def find_preview(
    *, stores: Stores, key: bytes, row: Original, view: View, at: datetime
) -> Preview | None:
    """The preview that is kept, None where one is still to be made or may be tried again by
    ``at``; empty bytes where none can be."""
    data = _find(stores, key, row, view)
    if data is None:
        return None
    if tries := _tries(data):
        (until,) = _UNTIL.unpack(data[_SIZE.size :])
        over = tries > len(_TRY_AGAIN) or at.timestamp() < until
        return _NOTHING if over else None
    return _read(data)


def show_preview(
    *,
    stores: Stores,
    key: bytes,
    row: Original,
    view: View,
    who: Who,
    at: datetime,
    scratch: Path | None = None,
    before_making: Callable[[], None] | None = None,
) -> Preview | None:
    """The preview for somebody who looks, made where it is missing; the look is recorded. None
    where the file has no picture, or cannot be opened. ``before_making`` is asked first where one
    is to be made: what it raises prevents that. Raises Busy where too many are being made."""
    kept = find_preview(stores=stores, key=key, row=row, view=view, at=at)
    if kept is None:
        if before_making is not None:
            before_making()
        kept = keep_preview(
            stores=stores, key=key, row=row, view=view, who=who, at=at, scratch=scratch
        )
    else:
        subject = SubjectRef(row.subject_kind, row.subject_id)
        record_access(subject=subject, who=who, purpose=Purpose.VIEW, at=at, original=row)
    return kept if kept.webp else None


def keep_preview(
    *,
    stores: Stores,
    key: bytes,
    row: Original,
    view: View,
    who: Who,
    at: datetime,
    scratch: Path | None = None,
) -> Preview:
    """Make the preview and keep it, also that there is none; another one is replaced. That it was
    not made in time is kept for a while, longer each time: making it costs what a page may not."""
    with plain_file(
        stores=stores,
        key=key,
        row=row,
        path="file",
        who=who,
        purpose=Purpose.VIEW,
        at=at,
        folder=scratch,
    ) as root:
        made = make_preview_apart(file=root / "file", view=view)
    subject = SubjectRef(row.subject_kind, row.subject_id)
    if made is None:
        data, made = _in_trouble(_find(stores, key, row, view), at), _NOTHING
    else:
        data = _SIZE.pack(made.width, made.height) + made.webp
    aad = _aad(subject, row.id, view.number)
    name = _name(subject.id, row.id, view.number)
    stores.blobs.put(name, sealed_file(key, io.BytesIO(data), aad))
    return made


def make_preview_apart(*, file: Path, view: View) -> Preview | None:
    """The preview of ``file``, made in a process that can harm nobody; empty bytes where it has no
    picture, None where it was not made within time and memory. Raises Busy where too many are being
    made."""
    limits = [str(_SECONDS), str(_MEMORY_BYTES)]
    arguments = [str(file.resolve()), str(view.page), str(view.frame_ms), *limits]
    data = run_apart(
        module=_PROGRAM, arguments=arguments, seconds=_SECONDS * 2, most_bytes=_MAX_BYTES
    )
    if data is None:
        return None
    if len(data) <= _SIZE.size:
        return _NOTHING
    return _read(data)


def _read(data: bytes) -> Preview:
    width, height = _SIZE.unpack(data[: _SIZE.size])
    return Preview(width, height, data[_SIZE.size :])


def _find(stores: Stores, key: bytes, row: Original, view: View) -> bytes | None:
    """What is kept, opened; None where nothing is."""
    subject = SubjectRef(row.subject_kind, row.subject_id)
    try:
        with stores.blobs.open(_name(subject.id, row.id, view.number)) as source:
            return b"".join(open_chunks(key, source, _aad(subject, row.id, view.number)))
    except BlobMissing:
        return None


def _tries(data: bytes | None) -> int:
    """How often it was tried in vain; 0 where something was made."""
    width, height = _SIZE.unpack(data[: _SIZE.size]) if data else (0, 0)
    return 0 if width else int(height)


def _in_trouble(before: bytes | None, at: datetime) -> bytes:
    """The mark that it was tried once more in vain."""
    tries = _tries(before) + 1
    wait = _TRY_AGAIN[min(tries, len(_TRY_AGAIN)) - 1]
    return _SIZE.pack(0, tries) + _UNTIL.pack(int((at + wait).timestamp()))


def drop_previews(*, stores: Stores, case_id: UUID, original_id: UUID) -> int:
    """Delete every preview of an original; return how many there were."""
    names = (_name(case_id, original_id, number) for number in range(MOST_PREVIEWS))
    return sum(stores.blobs.delete(name) for name in names)


def _name(case_id: UUID, original_id: UUID, number: int) -> str:
    plain = f"preview/{original_id}/{number}"
    return blob_name(case_id, hashlib.sha256(plain.encode()).hexdigest())


def _aad(subject: SubjectRef, original_id: UUID, number: int) -> bytes:
    return subject.aad(f"preview/{original_id}/{number}")
