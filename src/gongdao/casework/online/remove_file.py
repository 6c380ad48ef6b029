"""Take a file out of a case: its row, what was read, what was said of it, then its blobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.content import CaseContent
from gongdao.casework.online.files import Ask, find_file
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Upload
from gongdao.casework.online.open_case import OpenCase, subject_of
from gongdao.casework.online.state_facts import change_and_refill
from gongdao.core.blobs import blob_name
from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores
from gongdao.evidence.kept.keep_preview import drop_previews
from gongdao.evidence.kept.models import Original

Drop = Callable[[UUID, UUID, str], None]
"""Asks for ``drop_blobs`` of a case, an original and its address, in the caller's transaction."""


def remove_file(
    *, stores: Stores, case: OpenCase, original_id: UUID, ask: Ask, drop: Drop, at: datetime
) -> bool:
    """Remove the file and every word about it; False where it has gone already. What other
    files told stays. The blobs go after the rows, by the job that ``drop`` asks for."""
    with transaction.atomic():
        lock_case(case.row.id)
        file = find_file(case, original_id)
        if file is None:
            return False
        Upload.objects.filter(original_id=original_id).delete()
        Original.objects.filter(id=original_id).delete()
        change_and_refill(
            stores=stores,
            case=case,
            change=lambda content: _without(content, file.facts.path),
            ask=ask,
            at=at,
        )
        drop(case.row.id, original_id, file.row.address)
        return True


def _without(content: CaseContent, path: str) -> CaseContent:
    told = content.statement
    notes = {p: note for p, note in told.exhibits.items() if p != path}
    corrections = {p: fields for p, fields in content.corrections.items() if p != path}
    return replace(content, statement=replace(told, exhibits=notes), corrections=corrections)


def drop_blobs(*, stores: Stores, case_id: UUID, original_id: UUID, address: str) -> bool:
    """Delete the blob of a removed file, and its previews; may be done any number of times. Not
    where the same bytes came again meanwhile: False then, the blob is theirs."""
    with transaction.atomic():
        try:
            lock_case(case_id)
        except KeyGone:
            return False  # the whole case was erased, blobs and all
        drop_previews(stores=stores, case_id=case_id, original_id=original_id)
        subject = subject_of(case_id)
        again = Original.objects.filter(
            subject_kind=subject.kind, subject_id=subject.id, address=address
        )
        if again.exists():
            return False
        return stores.blobs.delete(blob_name(case_id, address))
