"""A person answers for stock that stays away after a restore: none of it was delivered, or it is
replaced."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.vault.after_restore import DOUBTED
from gongdao.vault.models import Batch
from gongdao.vault.quarantine_batches import lift_quarantine
from gongdao.vault.states import BatchState
from gongdao.vault.withdraw_batch import withdraw_batch


@transaction.atomic
def settle_doubted(
    *, stores: Stores, batch: UUID, unused: bool, reason: str, by: Actor, at: datetime
) -> int:
    """Put a doubted ``batch`` back on sale (``unused``: somebody made sure that nothing that is
    left was ever delivered), or withdraw it: the merchant then imports others; how many units.
    ``reason`` says who made sure, and how; it is kept with the deed.

    Appends a leaf: not together with others in one transaction. Raise InputError without a reason,
    or where the batch is not in doubt.
    """
    text = check_reason(reason)
    found = Batch.objects.select_for_update().filter(id=batch, reason=DOUBTED)
    if not found.filter(state=BatchState.QUARANTINED).exists():
        raise InputError(Phrase("这一批没有在等人核对。"), field="batch")
    deed = "batch.back" if unused else "batch.replace"
    note_deed(by=by, deed=deed, about=("batch", str(batch)), reason=text, at=at)
    if unused:
        return lift_quarantine(
            stores=stores, batch=batch, sold=(), reason="a person made sure", at=at
        ).back
    return withdraw_batch(
        stores=stores, batch=batch, reason="perhaps delivered before a restore", at=at
    ).units
