"""A read-only link for somebody else, with an end."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q

from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Share
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import InputError, KeyGone
from gongdao.core.ids import new_id, new_token, tidy_token
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Access
from gongdao.evidence.kept.open_original import Purpose, Who

DAYS = (1, 7, 30, 90)
"""How long a link may last, in days."""
LONGEST = timedelta(days=max(DAYS))
LONGEST_NOTE = 100
MOST = 20
"""Links of one case that work at the same time."""
KEPT_FOR = timedelta(days=30)
"""How long it is known that a link once worked (retention/share)."""


class Shows(StrEnum):
    """What a shared link shows: where the case stands; with the letters; with the files too."""

    STANDING = "standing"
    LETTERS = "letters"
    FILES = "files"

    @property
    def letters(self) -> bool:
        """Whether the letters can be read."""
        return self is not Shows.STANDING

    @property
    def files(self) -> bool:
        """Whether the files can be looked at."""
        return self is Shows.FILES


@dataclass(frozen=True)
class SharedLink:
    """A shared link as its owner sees it; ``token`` is the last part of its address. ``visits``
    counts pages opened with it, ``last_visit`` is the time of the latest."""

    id: UUID
    token: str = field(repr=False)
    shows: Shows
    note: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    visits: int = 0
    last_visit: datetime | None = None

    def works(self, at: datetime) -> bool:
        """Whether it opens anything at ``at``."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True)
class SharedCase:
    """A case opened with a shared link, and what may be shown of it until when."""

    case: OpenCase
    shows: Shows
    expires_at: datetime


def share_case(
    *, case: OpenCase, shows: Shows, note: str, lasts: timedelta, at: datetime
) -> SharedLink:
    """Make a read-only link that ends by itself. Raises InputError for a time that is too long,
    a note that is, or too many links."""
    if not timedelta(0) < lasts <= LONGEST:
        raise InputError(_("最长 {days} 天").format(days=LONGEST.days), field="days")
    if len(note) > LONGEST_NOTE:
        raise InputError(_("备注最多 {limit} 字").format(limit=LONGEST_NOTE), field="note")
    token = new_token()
    with transaction.atomic():
        lock_case(case.row.id)
        working = Share.objects.filter(case_id=case.row.id, revoked_at=None, expires_at__gt=at)
        if working.count() >= MOST:
            raise InputError(_("分享链接太多了，请先收回不用的"), field="days")
        share_id = new_id(at)
        content = json.dumps({"token": token, "note": note}).encode()
        row = Share.objects.create(
            id=share_id,
            case_id=case.row.id,
            token_digest=_digest(token),
            shows=shows.value,
            sealed=seal(case.key, content, case.subject.aad(f"share/{share_id}")),
            made_at=at,
            expires_at=at + lasts,
        )
    return _link(case, row, 0, None)


def shares_of(case: OpenCase) -> list[SharedLink]:
    """Every link that was made, newest first, with its visits; two queries."""
    rows = Share.objects.filter(case_id=case.row.id).order_by("-made_at", "-id")
    visits = {
        share_id: (count, last)
        for share_id, count, last in Access.objects.filter(
            subject_kind=case.subject.kind,
            subject_id=case.row.id,
            who=Who.SHARED.value,
            original_id__in=[row.id for row in rows],
        )
        .values_list("original_id")
        .annotate(count=Count("id"), last=Max("at"))
    }
    return [_link(case, row, *visits.get(row.id, (0, None))) for row in rows]


def revoke_share(*, case: OpenCase, share_id: UUID, at: datetime) -> bool:
    """Take a link back at once; False where there is none or it was taken back before."""
    rows = Share.objects.filter(case_id=case.row.id, id=share_id, revoked_at=None)
    return bool(rows.update(revoked_at=at))


def open_share(*, stores: Stores, token: str, at: datetime, visit: bool = True) -> SharedCase:
    """The case behind a shared link and what may be shown of it. The visit is recorded under the
    link's id, unless ``visit`` is False: for the pictures of a page that was recorded.

    Raises KeyGone for a link that never was, has ended, was taken back, or whose case is gone:
    all of them look the same.
    """
    rows = Share.objects.select_related("case")
    share = rows.filter(token_digest=_digest(tidy_token(token))).first()
    if share is None or share.revoked_at is not None or at >= share.expires_at:
        raise KeyGone
    case = open_row(stores=stores, row=share.case)
    if visit:
        Access.objects.create(
            subject_kind=case.subject.kind,
            subject_id=case.subject.id,
            original_id=share.id,
            at=at,
            who=Who.SHARED.value,
            purpose=Purpose.VIEW.value,
        )
    return SharedCase(case, Shows(share.shows), share.expires_at)


def sweep_shares(*, at: datetime) -> int:
    """Forget links that ended or were taken back more than ``KEPT_FOR`` ago; return how many."""
    before = at - KEPT_FOR
    return Share.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()[0]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _link(case: OpenCase, row: Share, visits: int, last: datetime | None) -> SharedLink:
    sealed = bytes(row.sealed)
    table = json.loads(open_sealed(case.key, sealed, case.subject.aad(f"share/{row.id}")))
    return SharedLink(
        id=row.id,
        token=table["token"],
        shows=Shows(row.shows),
        note=table["note"],
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        visits=visits,
        last_visit=last,
    )
