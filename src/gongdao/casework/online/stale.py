"""Readings that no longer fit: made with another merchant, kind or stage than the case has now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gongdao.casework.online.files import Ask, list_files
from gongdao.casework.online.open_case import OpenCase
from gongdao.evidence.kept.models import FileState, Original
from gongdao.evidence.kept.original_facts import OriginalFacts
from gongdao.evidence.kept.read_apart import context_key
from gongdao.evidence.kept.write_reading import reading_of
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.sniff import PDF, XLSX, ZIP
from gongdao.evidence.statement import Statement

_BY_ITSELF = ("image/", "video/", PDF, ZIP, XLSX)
"""Read alike whoever the merchant is; texts may be chats, in which that tells who speaks."""


@dataclass(frozen=True)
class FileWithReading:
    """A file of a case and what was read from it, None where nothing was yet."""

    row: Original
    facts: OriginalFacts
    read: ReadFile | None


def readings_with_rows(case: OpenCase) -> list[FileWithReading]:
    """Every file that has its place, with its reading, in the order of paths; one query."""
    placed = sorted((f for f in list_files(case) if f.facts.path), key=lambda f: f.facts.path)
    return [FileWithReading(f.row, f.facts, reading_of(key=case.key, row=f.row)) for f in placed]


def context_of(statement: Statement, read: ReadFile) -> str:
    """The digest of all that ``read`` depends on besides the file, as kept beside a reading."""
    if read.exhibit.media_type.startswith(_BY_ITSELF):
        statement = Statement(exhibits=statement.exhibits)
    return context_key(statement, read.exhibit.path)


def is_stale(statement: Statement, file: FileWithReading) -> bool:
    """Whether the file is to be read again because the case says something else by now."""
    reading = getattr(file.row, "reading", None)
    if reading is None:
        return False
    return file.read is None or reading.context != context_of(statement, file.read)


def ask_stale(*, case: OpenCase, files: Sequence[FileWithReading], ask: Ask) -> int:
    """Ask for every stale file to be read again; return how many. The caller holds the lock of
    the case and the transaction. A file that waits or is being read needs no second asking: what
    it was read with is looked at again when its reading is kept."""
    settled = (FileState.READ, FileState.FAILED)
    stale = [f for f in files if f.row.state in settled and is_stale(case.content.statement, f)]
    for ahead, file in enumerate(stale):
        Original.objects.filter(id=file.row.id).update(state=FileState.WAITING)
        file.row.state = FileState.WAITING
        ask(file.row, ahead)
    return len(stale)
