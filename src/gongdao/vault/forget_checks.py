"""Let go of what issuers answered long ago; the database lets nothing go that is younger than three
years."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from gongdao.vault.models import Claim, StatusCheck


def forget_checks(*, before: datetime, keep: Collection[UUID] = ()) -> int:
    """Delete answers of issuers from before, but those about secrets of owners to ``keep``; how
    many."""
    kept = Claim.objects.filter(owner_id__in=keep).values("unit__sealed_id")
    return StatusCheck.objects.filter(at__lt=before).exclude(sealed_id__in=kept).delete()[0]
