"""Bring a case folder onto the server: the same files at the same paths, the same statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from gongdao.casework.check import read_corrections
from gongdao.casework.folder import CaseFolder, load_case_folder
from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.files import Ask
from gongdao.casework.online.open_case import OpenCase, change_case
from gongdao.casework.online.prefill import ALL_FIELDS
from gongdao.core.blobs import case_prefix
from gongdao.core.stores import Stores
from gongdao.evidence.kept.keep_original import keep_original
from gongdao.evidence.sniff import MAX_BYTES
from gongdao.evidence.statement import ExhibitNote, Statement


def import_folder(
    *,
    stores: Stores,
    root: Path,
    ask: Ask,
    at: datetime,
    language: str = "zh",
    owner_id: UUID | None = None,
    example: bool = False,
) -> OpenCase:
    """A new case with everything of the case folder ``root``; all of it or nothing.

    What the folder says is the buyer's word: no reading changes it. Raises CaseFolderError for a
    folder that cannot be used, OSError for a file that cannot be read.
    """
    folder = load_case_folder(root)
    corrections = read_corrections(root)
    begun: list[UUID] = []
    try:
        with transaction.atomic():
            case = begin_case(
                stores=stores,
                at=at,
                language=language,
                owner_id=owner_id,
                statement=_noted(folder),
                example=example,
                notes=folder.notes,
            )
            begun.append(case.row.id)
            for ahead, path in enumerate(folder.files):
                _take_in(stores, case, root, path, ask, ahead, at)
            return change_case(
                stores=stores,
                case_id=case.row.id,
                at=at,
                change=lambda content: replace(
                    content, corrections=corrections, touched=ALL_FIELDS
                ),
            )
    except BaseException:
        for case_id in begun:  # its rows are gone with the transaction, its blobs are not
            stores.blobs.delete_all(case_prefix(case_id))
        raise


def _noted(folder: CaseFolder) -> Statement:
    """The statement with an empty note for each file that has none: no reading adds one."""
    notes = {path: ExhibitNote(path) for path in folder.files}
    return replace(folder.statement, exhibits={**notes, **folder.statement.exhibits})


def _take_in(
    stores: Stores, case: OpenCase, root: Path, path: str, ask: Ask, ahead: int, at: datetime
) -> None:
    with (root / path).open("rb") as source:
        kept = keep_original(
            stores=stores,
            key=case.key,
            subject=case.subject,
            name=Path(path).name,
            source=source,
            at=at,
            max_bytes=MAX_BYTES,
            path=path,
        )
    if not kept.already:
        ask(kept.row, ahead)
