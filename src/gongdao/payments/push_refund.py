"""Have a refund tried once more that was given up, after a person looked at the service's books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.payments.fail_refund import BOUNCED
from gongdao.payments.models import Refund

_USED_UP = (BOUNCED, "refused:refund_")
"""Problems that say: under this number the service made a refund, and it failed for good. Under the
same number it would answer the same for ever."""


def push_refund(*, refund_id: UUID, at: datetime) -> bool:
    """Ask the service again for a stuck refund; False where it is not stuck. Under the same number,
    unless the service made a refund of it that failed for good: then under a new one.

    Only for whoever saw that the service has paid nothing: one that takes a repeated number for
    another refund would pay twice.
    """
    with transaction.atomic():
        rows = Refund.objects.select_for_update().filter(id=refund_id, state="stuck")
        refund = rows.first()
        if refund is None:
            return False
        refund.again += refund.problem.startswith(_USED_UP)
        refund.state, refund.next_try_at = "requested", at
        refund.tries, refund.problem = 0, ""
        refund.save(update_fields=["again", "state", "next_try_at", "tries", "problem"])
    return True
