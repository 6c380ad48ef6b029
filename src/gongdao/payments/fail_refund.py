"""A refund that was confirmed did not reach its buyer: the service has the money again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.models import Refund

BOUNCED = "bounced"
"""The problem of a refund whose money came back to the service."""
OnFailed = Callable[[Refund], None]
"""Called in the transaction that fails a refund: what was booked of it is taken back."""


def fail_refund(
    *, refund_id: UUID, asked_no: str, fate: RefundFate, failed: OnFailed, at: datetime
) -> bool:
    """Take back that a refund was confirmed: it is stuck until a person has it begun anew or pays
    it by other means. False where it is not confirmed (any more) under the number ``asked_no``, or
    did not go through the service.

    ``fate`` is what the service said of that number just now (`ask_refund`). Raise MoneyRefused
    where it says that the refund arrived.
    """
    if fate is RefundFate.ARRIVED:
        raise MoneyRefused(
            Phrase("支付渠道说这笔退款已经办成，不能记为没有退到。有出入的，先请渠道查清。")
        )
    with transaction.atomic():
        rows = Refund.objects.select_for_update(of=("self",)).select_related("credit__intent")
        refund = rows.filter(id=refund_id, state="confirmed", paid_elsewhere="").first()
        if refund is None or refund.asked_no != asked_no:
            return False
        failed(refund)
        refund.state, refund.confirmed_at, refund.problem = "stuck", None, BOUNCED
        refund.save(update_fields=["state", "confirmed_at", "problem"])
    return True
