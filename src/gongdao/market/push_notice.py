"""Have a notice sent once more that was given up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from gongdao.market.models import Notice


def push_notice(*, notice_id: UUID, at: datetime) -> bool:
    """Plan it anew, under its own id, by which a mailbox drops a double; False where it was not
    given up."""
    failed = Notice.objects.filter(id=notice_id, state="failed")
    return bool(failed.update(state="planned", next_try_at=at, ended_at=None, tries=0, problem=""))
