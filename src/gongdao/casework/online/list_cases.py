"""Cases as a list shows them: a title from the sealed content, how far they are, what is next.

Five queries for any number of cases; nothing is judged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from gongdao.casework.online.content import CaseContent, load_content
from gongdao.casework.online.models import Case, Deadline, DeadlineState
from gongdao.casework.online.open_case import subject_of
from gongdao.core.envelope import open_sealed, unwrap
from gongdao.core.language import mark, translated
from gongdao.core.models import DataKey
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import FileState, Original


class CaseStage(StrEnum):
    """How far a case is, as a list shows it."""

    EMPTY = "empty"
    BEFORE = "before"
    READING = "reading"
    OPEN = "open"
    CLOSED = "closed"


STAGE_NAMES: dict[CaseStage, str] = {
    CaseStage.EMPTY: mark("还没有文件"),
    CaseStage.BEFORE: mark("买之前存的"),
    CaseStage.READING: mark("文件还在读取"),
    CaseStage.OPEN: mark("进行中"),
    CaseStage.CLOSED: mark("已结束"),
}


@dataclass(frozen=True)
class CaseSummary:
    """One case in a list. ``mine``: it belongs to the account that asks; ``owned``: to any."""

    id: UUID
    link: str
    merchant: str
    product: str
    amount: Money | None
    stage: CaseStage
    files: int
    next_due: datetime | None
    changed_at: datetime
    mine: bool
    owned: bool
    example: bool

    @property
    def stage_name(self) -> str:
        """The stage in the language in use."""
        return translated(STAGE_NAMES[self.stage])


@dataclass(frozen=True)
class Held:
    """That a device opened a case; ``keys``: when link and code had last been replaced then."""

    id: UUID
    keys: datetime | None = None


@dataclass(frozen=True)
class SignedIn:
    """An account on a device; ``since``: when somebody last proved there that it is his."""

    owner_id: UUID
    since: datetime | None = None


def fits(row: Case, *, held: Collection[Held], account: SignedIn | None) -> bool:
    """Whether a device that holds ``held`` and has signed in to ``account`` may see the case.
    After link and code were replaced, only what came later counts."""
    if Held(row.id, row.keys_changed_at) in held:
        return True
    if account is None or row.owner_id is None or row.owner_id != account.owner_id:
        return False
    if row.keys_changed_at is None:
        return True
    return account.since is not None and account.since > row.keys_changed_at


def cases_of(*, held: Collection[Held], account: SignedIn | None) -> QuerySet[Case]:
    """The cases that ``fits``, the last changed first."""
    wanted = Q(id__in=[one.id for one in held if one.keys is None], keys_changed_at=None)
    for one in held:
        if one.keys is not None:
            wanted |= Q(id=one.id, keys_changed_at=one.keys)
    if account is not None:
        later = Q(keys_changed_at=None)
        if account.since is not None:
            later |= Q(keys_changed_at__lt=account.since)
        wanted |= Q(owner_id=account.owner_id) & later
    return Case.objects.filter(wanted).order_by("-changed_at", "id")


def summarise(
    *, stores: Stores, rows: Sequence[Case], owner_id: UUID | None, at: datetime
) -> list[CaseSummary]:
    """A summary of each of ``rows`` in their order; one whose key was destroyed is left out."""
    ids = [row.id for row in rows]
    keys = _keys(stores, ids)
    files = _files(ids)
    due = dict(
        Deadline.objects.filter(case_id__in=ids, state=DeadlineState.RUNNING, due__gte=at)
        .values_list("case_id")
        .annotate(first=Min("due"))
    )
    found = []
    for row in rows:
        if row.id in keys:
            content = _content(row, keys[row.id])
            count, unread = files.get(row.id, (0, 0))
            found.append(_summary(row, content, count, unread, due.get(row.id), owner_id))
    return found


def _keys(stores: Stores, ids: list[UUID]) -> dict[UUID, bytes]:
    rows = DataKey.objects.filter(
        subject_kind="case", subject_id__in=ids, destroyed_at__isnull=True
    )
    return {
        row.subject_id: unwrap(
            stores.masters, bytes(row.wrapped), subject_of(row.subject_id).aad("key")
        )
        for row in rows
    }


def _files(ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many files each case has, and how many of them are still to be read."""
    unread = Q(state__in=[FileState.WAITING, FileState.READING])
    rows = (
        Original.objects.filter(subject_kind="case", subject_id__in=ids)
        .values_list("subject_id")
        .annotate(all=Count("id"), unread=Count("id", filter=unread))
    )
    return {case_id: (count, waiting) for case_id, count, waiting in rows}


def _content(row: Case, key: bytes) -> CaseContent:
    return load_content(open_sealed(key, bytes(row.sealed), subject_of(row.id).aad("content")))


def _summary(
    row: Case,
    content: CaseContent,
    files: int,
    unread: int,
    due: datetime | None,
    owner_id: UUID | None,
) -> CaseSummary:
    order = content.statement.order
    return CaseSummary(
        id=row.id,
        link=content.link,
        merchant=order.merchant or order.platform,
        product=order.product,
        amount=order.paid or order.listed_price,
        stage=_stage(row, files, unread),
        files=files,
        next_due=due,
        changed_at=row.changed_at,
        mine=owner_id is not None and row.owner_id == owner_id,
        owned=row.owner_id is not None,
        example=row.example,
    )


def _stage(row: Case, files: int, unread: int) -> CaseStage:
    if row.closed_at is not None:
        return CaseStage.CLOSED
    if not files:
        return CaseStage.EMPTY
    if unread:
        return CaseStage.READING
    return CaseStage.BEFORE if row.before_buying else CaseStage.OPEN
