"""Who opened what of a case and when, as its owner reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, QuerySet, TextField
from django.db.models.functions import Cast

from gongdao.casework.online.models import Share
from gongdao.casework.online.open_case import OpenCase
from gongdao.evidence.kept.models import Access, Original
from gongdao.evidence.kept.open_original import Who
from gongdao.evidence.kept.original_facts import facts_of


@dataclass(frozen=True)
class Opening:
    """One opening: ``files`` names what was opened, empty for the whole case; ``count`` how many
    lines of the record it stands for (a page opens many files at one moment)."""

    at: datetime
    who: str
    purpose: str
    count: int
    name: str
    shared: bool


def openings_of(case: OpenCase, *, machine: bool) -> QuerySet[Access, Any]:
    """The record, newest first, one entry for everything opened at one moment for one purpose;
    ``machine`` also shows what the server itself did. To be paged, then named."""
    rows = Access.objects.filter(subject_kind=case.subject.kind, subject_id=case.row.id)
    if not machine:
        rows = rows.exclude(who=Who.MACHINE.value)
    grouped = rows.values("at", "who", "purpose")
    # As text: older servers have no greatest UUID.
    counted = grouped.annotate(
        count=Count("id"), one=Max(Cast("original_id", TextField())), last=Max("id")
    )
    return counted.order_by("-at", "-last")


def name_openings(case: OpenCase, page: list[dict[str, Any]]) -> list[Opening]:
    """One page of ``openings_of`` with the names of files; two queries. A file that was removed
    meanwhile has no name any more."""
    ids = {UUID(row["one"]) for row in page if row["one"]}
    names = _names(case, ids)
    shares = set(Share.objects.filter(case_id=case.row.id, id__in=ids).values_list("id", flat=True))
    return [
        Opening(
            at=row["at"],
            who=row["who"],
            purpose=row["purpose"],
            count=row["count"],
            name=names.get(_id(row), "") if row["count"] == 1 else "",
            shared=_id(row) in shares,
        )
        for row in page
    ]


def _id(row: dict[str, Any]) -> UUID | None:
    return UUID(row["one"]) if row["one"] else None


def _names(case: OpenCase, ids: set[UUID]) -> dict[UUID | None, str]:
    rows = Original.objects.filter(subject_kind="case", subject_id=case.row.id, id__in=ids)
    return {row.id: facts_of(key=case.key, row=row).name for row in rows}
