"""Put right what was read from a file, say what it is and where it belongs, read it again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.correct import FIELDS, check_correction
from gongdao.casework.online.content import CaseContent
from gongdao.casework.online.files import Ask, CaseFileRow, find_file, free_path, list_files
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.state_facts import change_and_refill
from gongdao.core.codes import Kind, Speaker, Stage
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import FileState, Original
from gongdao.evidence.kept.original_facts import set_password, set_path
from gongdao.evidence.kept.write_reading import move_reading
from gongdao.evidence.statement import ExhibitNote

LONGEST_NOTE = 500
_LONGEST_PASSWORD = 128


def can_be_corrected(field: str) -> bool:
    """Whether ``field`` of a reading is one that a person may put right."""
    return re.sub(r" ?\d+$", "", field) in (*FIELDS, "clause")


def correct_reading(
    *,
    stores: Stores,
    case: OpenCase,
    path: str,
    values: Mapping[str, str],
    ask: Ask,
    at: datetime,
) -> OpenCase:
    """Put readings right, by field: each correction stands beside what was read. An empty value
    takes the correction back. Raises InputError for a field or value that cannot be; nothing is
    written then."""
    checked = {
        field: check_correction(field, value) if value.strip() else ""
        for field, value in values.items()
    }

    def change(content: CaseContent) -> CaseContent:
        mine = {**content.corrections.get(path, {}), **checked}
        mine = {field: value for field, value in mine.items() if value}
        others = {p: fields for p, fields in content.corrections.items() if p != path}
        return replace(content, corrections={**others, path: mine} if mine else others)

    return change_and_refill(stores=stores, case=case, change=change, ask=ask, at=at)


def note_file(
    *,
    stores: Stores,
    case: OpenCase,
    original_id: UUID,
    kind: Kind | None,
    note: str,
    stage: Stage,
    ask: Ask,
    at: datetime,
) -> OpenCase:
    """Say what a file is and to which stage it belongs. Raises InputError for a note that is too
    long, or for a file that has no place yet because it was never read."""
    if len(note) > LONGEST_NOTE:
        raise InputError(_("说明最多 {limit} 字").format(limit=LONGEST_NOTE), field="note")
    with transaction.atomic():
        lock_case(case.row.id)
        file = find_file(case, original_id)
        if file is None or not file.facts.path:
            raise InputError(_("这份材料还没读完，请等一会儿再改。"))
        old, new = file.facts.path, _moved(case, file, stage)
        return change_and_refill(
            stores=stores,
            case=case,
            change=lambda content: _noted(content, old, new, kind, note),
            ask=ask,
            at=at,
        )


def _moved(case: OpenCase, file: CaseFileRow, stage: Stage) -> str:
    """The path in ``stage``; the file and its reading have it from now on."""
    old = file.facts.path
    if old.startswith(f"{stage.value}/"):
        return old
    taken = {other.facts.path for other in list_files(case)}
    path = free_path(stage, old.partition("/")[2], taken)
    set_path(key=case.key, row=file.row, path=path)
    move_reading(key=case.key, row=file.row, path=path)
    return path


def _noted(content: CaseContent, old: str, new: str, kind: Kind | None, note: str) -> CaseContent:
    told = content.statement
    before = told.exhibits.get(old, ExhibitNote(old))
    said = replace(before, file=new, kind=kind, note=note)
    notes = {path: one for path, one in told.exhibits.items() if path != old}
    corrections = {new if path == old else path: f for path, f in content.corrections.items()}
    statement = replace(told, exhibits={**notes, new: said})
    return replace(content, statement=statement, corrections=corrections)


def name_speakers(
    *,
    stores: Stores,
    case: OpenCase,
    names: Mapping[str, Speaker],
    among: Collection[str],
    ask: Ask,
    at: datetime,
) -> OpenCase:
    """Say who is behind the names in chats; those ``among`` which ``names`` leaves out are nobody
    known. Chats are read again with it."""

    def change(content: CaseContent) -> CaseContent:
        told = content.statement
        kept = {name: one for name, one in told.chat_names.items() if name not in among}
        return replace(content, statement=replace(told, chat_names={**kept, **names}))

    return change_and_refill(stores=stores, case=case, change=change, ask=ask, at=at)


def read_again(*, case: OpenCase, original_id: UUID, ask: Ask, password: str | None = None) -> bool:
    """Ask for one file to be read again, with ``password`` where it needs one; False where it has
    gone. The password is kept sealed beside the file and stands in no job."""
    if password is not None and not 0 < len(password) <= _LONGEST_PASSWORD:
        raise InputError(
            _("密码是空的或太长（最多 {limit} 字）").format(limit=_LONGEST_PASSWORD),
            field="password",
        )
    with transaction.atomic():
        lock_case(case.row.id)
        file = find_file(case, original_id)
        if file is None:
            return False
        if password is not None:
            set_password(key=case.key, row=file.row, password=password)
        if file.row.state != FileState.WAITING:
            Original.objects.filter(id=original_id).update(state=FileState.WAITING)
            ask(file.row, 0)
        return True
