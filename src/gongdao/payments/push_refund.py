"""Have a refund tried once more that was given up, after a person looked at the service's books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from gongdao.payments.models import Refund


def push_refund(*, refund_id: UUID, at: datetime) -> bool:
    """Ask the service again for a stuck refund, under the same number; False where it is not stuck.

    Only for whoever saw that the service has paid nothing: one that takes a repeated number for
    another refund would pay twice.
    """
    stuck = Refund.objects.filter(id=refund_id, state="stuck")
    return bool(stuck.update(state="requested", next_try_at=at, tries=0, problem=""))
