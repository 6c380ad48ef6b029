"""A case row with its key and content, opened; and the one way to change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.content import CaseContent, dump_content, load_content
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import StaleCase
from gongdao.core.keys import get_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef


@dataclass(frozen=True)
class OpenCase:
    """A case that may be read now. ``key`` seals and opens everything of it."""

    row: Case
    content: CaseContent = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def subject(self) -> SubjectRef:
        """How lower rooms know it."""
        return subject_of(self.row.id)


def subject_of(case_id: UUID) -> SubjectRef:
    """How lower rooms know a case."""
    return SubjectRef("case", case_id)


def seal_content(*, case_id: UUID, key: bytes, content: CaseContent) -> bytes:
    """The ``sealed`` column of a case."""
    return seal(key, dump_content(content), subject_of(case_id).aad("content"))


def open_row(*, stores: Stores, row: Case) -> OpenCase:
    """Open a row that the caller has the right to; raise KeyGone where it was erased."""
    subject = subject_of(row.id)
    key = get_key(stores=stores, subject=subject)
    content = load_content(open_sealed(key, bytes(row.sealed), subject.aad("content")))
    return OpenCase(row, content, key)


def change_case(
    *,
    stores: Stores,
    case_id: UUID,
    change: Callable[[CaseContent], CaseContent],
    at: datetime,
    version: int | None = None,
) -> OpenCase:
    """Change the content of a case under its lock; ``version``, where given, must still be the
    one the page was made from, else StaleCase is raised and nothing is written."""
    with transaction.atomic():
        row = lock_case(case_id)
        if version is not None and row.version != version:
            raise StaleCase
        opened = open_row(stores=stores, row=row)
        content = change(opened.content)
        if content == opened.content:
            return opened
        row.sealed = seal_content(case_id=row.id, key=opened.key, content=content)
        row.version += 1
        row.changed_at = at
        row.save(update_fields=["sealed", "version", "changed_at"])
        return OpenCase(row, content, opened.key)
