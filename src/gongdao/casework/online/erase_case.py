"""Delete everything of a case: first its key, so that nothing of it can ever be read again, then
its rows, then its blobs until none is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from gongdao.casework.online.begin_case import digest_link
from gongdao.casework.online.erasure_marks import forget_marks, is_marked, mark_erased, read_marks
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import (
    Address,
    Case,
    CaseFile,
    CaseOutcome,
    ErasedCase,
    Filing,
    LetterDraft,
    Reminder,
    Share,
    Upload,
)
from gongdao.casework.online.open_case import subject_of
from gongdao.core.errors import BlobStoreError
from gongdao.core.ids import tidy_token
from gongdao.core.keys import destroy_key
from gongdao.core.stores import Stores
from gongdao.evidence.kept.erase_originals import erase_blobs, erase_rows
from gongdao.evidence.kept.models import Access, Original

Ask = Callable[[UUID], None]
"""Asks for ``finish_erasing`` of the case with this id, in the caller's transaction."""
LATECOMERS = timedelta(hours=1)
"""A job that was under way may still store a blob; so long after, it is looked for again."""
KEPT_FOR = timedelta(days=90)
"""How long it is known that a case was erased (retention/erased)."""


@dataclass(frozen=True)
class Contents:
    """What a case holds, counted: what goes when it is erased."""

    files: int
    case_files: int
    uploads: int
    filings: int
    letters: int
    shares: int
    reminders: int
    addresses: int
    outcomes: int
    accesses: int


@dataclass(frozen=True)
class Erased:
    """What went: originals, case files and unfinished uploads; ``at`` is when the key was
    destroyed. ``blobs_gone`` is False while the store still holds some, which nobody can read."""

    case_id: UUID
    at: datetime
    files: int
    blobs_gone: bool


def count_contents(case_id: UUID) -> Contents:
    """How much of everything the case holds; one query."""
    of_case = {"case_id": case_id}
    of_subject = {"subject_kind": subject_of(case_id).kind, "subject_id": case_id}
    counted = Case.objects.filter(id=case_id).values_list(
        _count(Original.objects.filter(**of_subject)),
        _count(CaseFile.objects.filter(**of_case)),
        _count(Upload.objects.filter(**of_case, original=None)),
        _count(Filing.objects.filter(**of_case)),
        _count(LetterDraft.objects.filter(**of_case)),
        _count(Share.objects.filter(**of_case)),
        _count(Reminder.objects.filter(**of_case)),
        _count(Address.objects.filter(**of_case)),
        _count(CaseOutcome.objects.filter(**of_case)),
        _count(Access.objects.filter(**of_subject)),
    )
    return Contents(*(counted.first() or (0,) * 10))


def _count(rows: QuerySet[Any]) -> Coalesce:
    one = rows.order_by().annotate(every=Value(1)).values("every")
    return Coalesce(Subquery(one.annotate(n=Count("pk")).values("n")), 0)


def erase_case(*, stores: Stores, case_id: UUID, ask: Ask, at: datetime) -> Erased:
    """Erase the case. Key and rows go in one transaction; from then on no blob can be opened.
    Blobs go after it; stopped there, or where the store does not answer, the job that ``ask`` asks
    for goes on.

    Raises KeyGone where it was erased before.
    """
    subject = subject_of(case_id)
    with transaction.atomic():
        row = lock_case(case_id)
        destroy_key(subject=subject, at=at)
        files = CaseFile.objects.filter(case=row).count()
        files += Upload.objects.filter(case=row, original=None).count()
        files += erase_rows(subject)
        ErasedCase.objects.create(
            link_digest=bytes(row.link_digest),
            case_id=case_id,
            asked_at=at,
            key_destroyed_at=at,
            blobs_to_go=files,
        )
        row.delete()
        ask(case_id)
    gone = finish_erasing(stores=stores, case_id=case_id, at=at)
    return Erased(case_id, at, files, gone)


def finish_erasing(*, stores: Stores, case_id: UUID, at: datetime) -> bool:
    """Mark the case as erased and delete what is left of its blobs; False where the store did not
    answer. Harmless when done again; a case that lives is left alone."""
    if Case.objects.filter(id=case_id).exists():
        return True
    try:
        mark_erased(stores=stores, case_id=case_id)
        erase_blobs(stores=stores, subject=subject_of(case_id))
    except BlobStoreError:
        return False
    ErasedCase.objects.filter(case_id=case_id, blobs_gone_at__isnull=True).update(blobs_gone_at=at)
    return True


def finish_all(*, stores: Stores, at: datetime) -> int:
    """Go on with every erasing whose blobs are not known to be gone, and look again for blobs of
    those erased a short while ago; return how many are still unfinished."""
    waiting = ErasedCase.objects.filter(blobs_gone_at__isnull=True)
    recent = ErasedCase.objects.filter(key_destroyed_at__gt=at - LATECOMERS)
    ids = list((waiting | recent).values_list("case_id", flat=True)[:1000])
    return sum(not finish_erasing(stores=stores, case_id=case_id, at=at) for case_id in ids)


def erase_again(*, stores: Stores, ask: Ask, at: datetime) -> int:
    """Erase every case of the database that the store knows to be erased: after an older backup
    was restored. Returns how many there were."""
    marks = read_marks(stores)
    back = [i for i in Case.objects.values_list("id", flat=True) if is_marked(marks, i)]
    for case_id in back:
        erase_case(stores=stores, case_id=case_id, ask=ask, at=at)
    return len(back)


def find_erased(link: str) -> ErasedCase | None:
    """What is kept of the erased case that once had this private link. Whoever asks must be known
    to have held the case: to others it never was."""
    return ErasedCase.objects.filter(link_digest=digest_link(tidy_token(link))).first()


def forget_erased(*, stores: Stores, at: datetime) -> int:
    """Forget erasures older than ``KEPT_FOR``, rows and marks; return how many rows."""
    before = at - KEPT_FOR
    forget_marks(stores=stores, before=before)
    old = ErasedCase.objects.filter(key_destroyed_at__lt=before, blobs_gone_at__isnull=False)
    return old.delete()[0]
