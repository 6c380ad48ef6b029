"""Erase the originals of a subject: rows at once, blobs until none is left."""

from __future__ import annotations

from gongdao.core.blobs import case_prefix
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Access, Original


def erase_rows(subject: SubjectRef) -> int:
    """Delete readings, records and rows of ``subject``; return how many originals it had."""
    Access.objects.filter(subject_kind=subject.kind, subject_id=subject.id).delete()
    rows = Original.objects.filter(subject_kind=subject.kind, subject_id=subject.id)
    count = rows.count()
    rows.delete()
    return count


def erase_blobs(*, stores: Stores, subject: SubjectRef) -> int:
    """Delete every blob of ``subject``; return how many went. Doing it again is harmless."""
    return stores.blobs.delete_all(case_prefix(subject.id))
