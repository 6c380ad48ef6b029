"""Read one file of a case: find its place, keep what was read, fill in what it tells.

May be done any number of times: a crash at any point leaves a file that is read again, and what
was kept is replaced, never doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from uuid import UUID

from django.db import transaction

from gongdao.casework.add import choose_stage, reads_like_chat
from gongdao.casework.online.files import Ask, free_path, list_files
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, change_case, open_row
from gongdao.casework.online.prefill import note_file_once, prefill
from gongdao.casework.online.stale import ask_stale, context_of, readings_with_rows
from gongdao.casework.start import note_of
from gongdao.core.codes import Kind, Stage
from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores
from gongdao.evidence.kept.keep_preview import WITH_PICTURE, View, find_preview, keep_preview
from gongdao.evidence.kept.models import FileState, Original
from gongdao.evidence.kept.open_original import Purpose, Who, plain_file
from gongdao.evidence.kept.original_facts import OriginalFacts, facts_of, set_path
from gongdao.evidence.kept.write_reading import kept_text_of, reading_of, write_reading
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.statement import ExhibitNote, Statement

_UNPLACED = "unplaced"


@dataclass(frozen=True)
class ToRead:
    """One reading to make of ``root/path``, a file of this case: with what the buyer says of it,
    the texts kept from an earlier reading, and the password that opens it."""

    case_id: UUID
    root: Path
    path: str
    statement: Statement
    kept_text: bytes
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class ReadText:
    """What one reading gave: the file as read, and the texts of pictures to keep with it."""

    read: ReadFile
    kept_text: bytes


ReadFn = Callable[[ToRead], ReadText]
"""Never raises for a bad file: that is a problem in the reading."""


@dataclass(frozen=True)
class _Claimed:
    """A file that is being read: its case as it was then."""

    stores: Stores
    case: OpenCase
    row: Original
    at: datetime


def read_file(
    *,
    stores: Stores,
    original_id: UUID,
    read: ReadFn,
    ask: Ask | None,
    at: datetime,
    scratch: Path | None = None,
) -> bool:
    """Read the original and keep what it says; False where it has gone meanwhile. ``ask`` is
    called for files that must be read again because of what this one told; None: not again."""
    claimed = _claim(stores, original_id, at)
    if claimed is None:
        return False
    case, row = claimed.case, claimed.row
    facts = facts_of(key=case.key, row=row)
    first_path = facts.path or f"{_UNPLACED}/{facts.name}"
    with plain_file(
        stores=stores,
        key=case.key,
        row=row,
        path=first_path,
        who=Who.MACHINE,
        purpose=Purpose.READ,
        at=at,
        folder=scratch,
    ) as root:
        done, note = _read_placed(claimed, facts, root, read)
    if done is None or note is None:
        return False
    return _keep(claimed, done, note, ask)


def _claim(stores: Stores, original_id: UUID, at: datetime) -> _Claimed | None:
    """Mark the file as being read; None where file, case or key have gone."""
    row = Original.objects.select_related("reading").filter(id=original_id).first()
    case_row = Case.objects.filter(id=row.subject_id).first() if row else None
    if row is None or case_row is None:
        return None
    try:
        case = open_row(stores=stores, row=case_row)
    except KeyGone:
        return None
    Original.objects.filter(id=row.id).update(state=FileState.READING, reading_since=at)
    return _Claimed(stores, case, row, at)


def _read_placed(
    claimed: _Claimed, facts: OriginalFacts, root: Path, read: ReadFn
) -> tuple[ReadText | None, ExhibitNote | None]:
    """Give the file its place and its note where it has none yet, then read it as noted, as the
    command line does. Both are None where it has gone meanwhile."""
    kept, case_id = kept_text_of(key=claimed.case.key, row=claimed.row), claimed.case.row.id
    statement = claimed.case.content.statement
    note = statement.exhibits.get(facts.path) if facts.path else None
    if note is None:
        folder = PurePosixPath(facts.path).parent if facts.path else PurePosixPath(_UNPLACED)
        name = PurePosixPath(facts.path).name or facts.name
        look = ToRead(case_id, root / folder, name, Statement(), kept, facts.password)
        first, stage = _look(look, root, read, placed=bool(facts.path))
        kept = first.kept_text
        if not facts.path:
            path = _take_path(claimed, stage)
            if path is None:
                return None, None
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / _UNPLACED / facts.name).rename(root / path)
            facts = replace(facts, path=path)
        moved = replace(first.read, exhibit=replace(first.read.exhibit, path=facts.path))
        note = statement.exhibits.get(facts.path) or note_of(moved)
    statement = replace(statement, exhibits={**statement.exhibits, note.file: note})
    return read(ToRead(case_id, root, facts.path, statement, kept, facts.password)), note


def _look(look: ToRead, root: Path, read: ReadFn, *, placed: bool) -> tuple[ReadText, Stage]:
    """What the file is by itself, and the stage its content suggests. A text that reads like a
    chat is tried as an answer of the platform, which quotes a dialogue, in after/ first."""
    first = read(look)
    if placed or not reads_like_chat(first.read):
        return first, choose_stage(first.read)
    after = root / Stage.AFTER.value
    after.mkdir(exist_ok=True)
    copy = after / look.path
    copy.write_bytes((look.root / look.path).read_bytes())
    there = read(replace(look, root=root, path=f"{after.name}/{look.path}"))
    copy.unlink()
    if there.read.exhibit.kind is Kind.COMPLAINT_RECEIPT:
        return there, Stage.AFTER
    return first, choose_stage(first.read)


def _take_path(claimed: _Claimed, stage: Stage) -> str | None:
    """Give the file a free path in ``stage``; None where it has gone meanwhile."""
    case = claimed.case
    with transaction.atomic():
        try:
            lock_case(case.row.id)
        except KeyGone:
            return None
        fresh = Original.objects.filter(id=claimed.row.id).first()
        if fresh is None:
            return None
        facts = facts_of(key=case.key, row=fresh)
        if facts.path:
            return facts.path
        taken = {file.facts.path for file in list_files(case)}
        return set_path(key=case.key, row=fresh, path=free_path(stage, facts.name, taken)).path


def _keep(claimed: _Claimed, done: ReadText, note: ExhibitNote, ask: Ask | None) -> bool:
    """Write the reading, note the file in the statement and fill in what is told, together."""
    case, at = claimed.case, claimed.at
    told = case.content.statement
    used = replace(told, exhibits={**told.exhibits, note.file: note})
    context = context_of(used, done.read)
    with transaction.atomic():
        try:
            lock_case(case.row.id)
        except KeyGone:
            return False
        fresh = Original.objects.select_related("reading").filter(id=claimed.row.id).first()
        if fresh is None:
            return False
        path = facts_of(key=case.key, row=fresh).path
        read = replace(done.read, exhibit=replace(done.read.exhibit, path=path))
        write_reading(
            key=case.key, row=fresh, read=read, kept_text=done.kept_text, context=context, at=at
        )
        files = readings_with_rows(case)
        readings = [file.read for file in files if file.read]
        opened = change_case(
            stores=claimed.stores,
            case_id=case.row.id,
            change=lambda content: prefill(
                note_file_once(content, replace(note, file=path)), readings=readings, as_of=at
            ),
            at=at,
        )
        if ask:
            ask_stale(case=opened, files=files, ask=ask)
    return True


def show_first_page(
    *, stores: Stores, original_id: UUID, at: datetime, scratch: Path | None = None
) -> None:
    """Make the picture of a file that was read, so that nobody waits for it later."""
    rows = Original.objects.select_related("reading")
    row = rows.filter(id=original_id, state=FileState.READ).first()
    case_row = Case.objects.filter(id=row.subject_id).first() if row else None
    if row is None or case_row is None:
        return
    try:
        case = open_row(stores=stores, row=case_row)
    except KeyGone:
        return
    seen = reading_of(key=case.key, row=row)
    if seen is None or not seen.exhibit.media_type.startswith(WITH_PICTURE):
        return
    if find_preview(stores=stores, key=case.key, row=row, view=View(), at=at) is None:
        keep_preview(
            stores=stores,
            key=case.key,
            row=row,
            view=View(),
            who=Who.MACHINE,
            at=at,
            scratch=scratch,
        )


def give_up_reading(*, original_id: UUID) -> None:
    """Say that the file could not be read, after the machine itself failed at it: it shows as
    such, and can be tried again."""
    Original.objects.filter(id=original_id, state=FileState.READING).update(
        state=FileState.FAILED, reading_since=None
    )
