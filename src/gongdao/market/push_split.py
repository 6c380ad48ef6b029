"""What a person decides about a split that does not go by itself: again, or not this way."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import MoneyRefused
from gongdao.core.ids import new_number
from gongdao.core.language import Phrase
from gongdao.market.plan_split import wake_rest
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.payments.models import Split

BY_HAND = "by_hand"
"""Why a split goes no more this way: a person said so."""


def push_split(*, split_id: UUID, by: Actor, at: datetime) -> bool:
    """Try a split again at once; False where there is nothing to try. What the service said no to
    gets a new number; what it was silent about keeps its own, and is asked about first."""
    with transaction.atomic():
        split = _lock(split_id)
        if split.state in ("confirmed", "requested"):
            return False
        if split.state == "stuck":
            split.state, split.tries, split.requested_at = "requested", 1, at
        elif split.state != "waiting":
            split.state, split.tries, split.split_no = "waiting", 0, f"S{new_number()}"
            split.amount_minor, split.receiver, split.pending_id = 0, None, None
            split.last, split.requested_at, split.ended_at = False, None, None
        split.problem, split.next_try_at = "", at
        split.save()
        note_deed(by=by, deed="split.push", about=("split", str(split.id)), at=at)
    return True


def drop_split(*, split_id: UUID, by: Actor, reason: str, at: datetime) -> bool:
    """Let a share go another way (a payout): it is not asked for any more. False where that is so
    already. Raise MoneyRefused while the service may still carry it out, or has."""
    said = check_reason(reason)
    with transaction.atomic():
        split = _lock(split_id)
        if split.state == "skipped":
            return False
        if split.state not in ("waiting", "refused"):
            raise MoneyRefused(Phrase("这笔分账已经交给支付渠道了，要等它答复。"))
        split.state, split.problem, split.next_try_at = "skipped", BY_HAND, None
        split.ended_at = at
        split.save()
        if split.part == "share":
            wake_rest(credit_id=split.credit_id, at=at)
        about = ("split", str(split.id))
        note_deed(by=by, deed="split.drop", about=about, reason=said, at=at)
    return True


def _lock(split_id: UUID) -> Split:
    split = Split.objects.select_for_update().filter(id=split_id).first()
    if split is None:
        raise MoneyRefused(Phrase("没有这笔分账。"))
    return split
