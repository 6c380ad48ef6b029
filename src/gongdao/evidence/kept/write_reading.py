"""Keep what was read from an original, encrypted; and get it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import StoredReadingError
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import FileState, Original, Reading
from gongdao.evidence.kept.reading_json import dump_reading, load_reading
from gongdao.evidence.read_exhibit import ReadFile


def write_reading(
    *, key: bytes, row: Original, read: ReadFile, kept_text: bytes, context: str, at: datetime
) -> None:
    """Write the reading of ``row`` and its state; a later reading replaces an earlier one.

    The caller holds the lock of the subject and the transaction.
    """
    aad = _aad(row)
    state = FileState.FAILED if read.exhibit.problem else FileState.READ
    Reading.objects.update_or_create(
        original=row,
        defaults={
            "sealed": seal(key, dump_reading(read), aad + b"/reading"),
            "kept_text": seal(key, kept_text, aad + b"/text"),
            "context": context,
            "read_at": at,
        },
    )
    Original.objects.filter(id=row.id).update(state=state, reading_since=None)
    row.state, row.reading_since = state, None


def reading_of(*, key: bytes, row: Original) -> ReadFile | None:
    """What was read from ``row``, None where nothing was yet, or by another version of the readers
    whose words this one does not know: then the file is to be read again."""
    reading = getattr(row, "reading", None)
    if reading is None:
        return None
    try:
        return load_reading(open_sealed(key, bytes(reading.sealed), _aad(row) + b"/reading"))
    except StoredReadingError:
        return None


def move_reading(*, key: bytes, row: Original, path: str) -> None:
    """Let what was read from ``row`` stand under its new ``path``; its context stays the old one,
    so that it is known to be out of date. The caller holds the lock of the subject."""
    read = reading_of(key=key, row=row)
    if read is None:
        return
    moved = replace(read, exhibit=replace(read.exhibit, path=path))
    sealed = seal(key, dump_reading(moved), _aad(row) + b"/reading")
    Reading.objects.filter(original=row).update(sealed=sealed)
    row.reading.sealed = sealed


def kept_text_of(*, key: bytes, row: Original) -> bytes:
    """The texts of pictures kept with the reading of ``row``; empty where there are none."""
    reading = getattr(row, "reading", None)
    if reading is None or not reading.kept_text:
        return b""
    return open_sealed(key, bytes(reading.kept_text), _aad(row) + b"/text")


def _aad(row: Original) -> bytes:
    return SubjectRef(row.subject_kind, row.subject_id).aad(f"reading/{row.address}")
