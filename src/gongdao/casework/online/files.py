"""The files of a case: taken in, listed, given a place in its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from gongdao.casework.add import safe_name
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, subject_of
from gongdao.core.codes import Stage
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.evidence.kept.keep_original import Kept, keep_original
from gongdao.evidence.kept.models import FileState, Original
from gongdao.evidence.kept.original_facts import OriginalFacts, facts_of, originals_of

Ask = Callable[[Original, int], None]
"""Asks for a row to be read; the number is how many unread files its party has before it."""


@dataclass(frozen=True)
class Limits:
    """What one case may hold: bytes of one file, number of files, bytes of all."""

    file_bytes: int
    files: int
    case_bytes: int


@dataclass(frozen=True)
class CaseFileRow:
    """One file of a case as pages list it."""

    row: Original
    facts: OriginalFacts


def add_file(
    *,
    stores: Stores,
    case: OpenCase,
    name: str,
    source: BinaryIO,
    limits: Limits,
    ask: Ask,
    at: datetime,
    stage: Stage | None = None,
) -> Kept:
    """Take ``source`` into the case and ask for its reading, both or neither.

    The same bytes are kept once. Raises InputError where a limit is passed; then nothing is kept.
    """
    name = safe_name(name)
    with transaction.atomic():
        row = lock_case(case.row.id)
        there = Original.objects.filter(subject_kind="case", subject_id=row.id)
        room = check_room(case=case, name=name, size=0, limits=limits)
        path = free_path(stage, name, _paths(case.key, there)) if stage else ""
        kept = keep_original(
            stores=stores,
            key=case.key,
            subject=subject_of(row.id),
            name=name,
            source=source,
            at=at,
            max_bytes=room,
            path=path,
        )
        if not kept.already:
            ask(kept.row, _unread(case))
    return kept


def check_room(
    *,
    case: OpenCase,
    name: str,
    size: int,
    limits: Limits,
    more_files: int = 0,
    more_bytes: int = 0,
) -> int:
    """How many bytes one more file of the case may have, at most ``size`` of them claimed;
    ``more_…`` is what else is on its way in. Raises InputError where there is no room."""
    there = Original.objects.filter(subject_kind="case", subject_id=case.row.id)
    count, total = there.count(), there.aggregate(total=Sum("size"))["total"] or 0
    if count + more_files >= limits.files:
        raise InputError(
            _("一个案件最多 {limit} 个文件").format(limit=limits.files),
            file=name,
            hint=_("请先删掉无关的文件。"),
        )
    left = limits.case_bytes - total - more_bytes
    if size > limits.file_bytes:
        raise InputError(
            _("文件太大，最多 {limit} MB").format(limit=limits.file_bytes >> 20), file=name
        )
    if left <= 0 or size > left:
        raise InputError(
            _("这个案件的材料加起来最多 {limit} MB，放不下了").format(
                limit=limits.case_bytes >> 20
            ),
            file=name,
            hint=_("请先删掉无关的文件。"),
        )
    return min(limits.file_bytes, left)


def find_file(case: OpenCase, original_id: UUID) -> CaseFileRow | None:
    """One file of the case with its reading; None where this case has none of that id."""
    row = (
        Original.objects.select_related("reading")
        .filter(subject_kind="case", subject_id=case.row.id, id=original_id)
        .first()
    )
    return None if row is None else CaseFileRow(row, facts_of(key=case.key, row=row))


def _unread(case: OpenCase) -> int:
    """How many files of the same party wait before this one: of the owner's cases, else of this
    case; so that nobody's hundred files stand before another's first."""
    waiting = Original.objects.filter(
        subject_kind="case", state__in=[FileState.WAITING, FileState.READING]
    )
    if case.row.owner_id is not None:
        mine = Case.objects.filter(owner_id=case.row.owner_id).values("id")
        return max(0, waiting.filter(subject_id__in=mine).count() - 1)
    return max(0, waiting.filter(subject_id=case.row.id).count() - 1)


def list_files(case: OpenCase) -> list[CaseFileRow]:
    """Every file of the case, oldest first, with its facts; one query."""
    return [CaseFileRow(row, facts_of(key=case.key, row=row)) for row in originals_of(case.subject)]


def _paths(key: bytes, rows: Iterable[Original]) -> set[str]:
    return {facts_of(key=key, row=row).path for row in rows}


def free_path(stage: Stage, name: str, taken: set[str]) -> str:
    """``stage/name``, or with a number behind the name where another file has that path."""
    plain = PurePosixPath(safe_name(name))
    path, number = f"{stage.value}/{plain}", 2
    while path in taken:
        path = f"{stage.value}/{plain.stem}-{number}{plain.suffix}"
        number += 1
    return path
