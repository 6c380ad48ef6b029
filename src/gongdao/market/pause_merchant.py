"""Pause a merchant, let him go on, verify him again: each by a named person, with a reason, logged.

A merchant who is paused sells nothing; orders that were placed go on.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.models import Merchant
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.states import MerchantState
from gongdao.rules.queries import policy


def pause_merchant(
    *, stores: Stores, merchant_id: UUID, reason: str, by: Actor, at: datetime
) -> bool:
    """Nothing of his can be ordered from now on; False where he was paused already."""
    return _move(stores, merchant_id, MerchantState.PAUSED, reason, by, at)


def resume_merchant(
    *, stores: Stores, merchant_id: UUID, reason: str, by: Actor, at: datetime
) -> bool:
    """He may sell again; False where he might."""
    return _move(stores, merchant_id, MerchantState.ACTIVE, reason, by, at)


@transaction.atomic
def review_merchant(
    *, stores: Stores, merchant_id: UUID, reason: str, by: Actor, at: datetime
) -> None:
    """What he showed was verified again, and still holds."""
    merchant = Merchant.objects.select_for_update().get(id=merchant_id)
    text = check_reason(reason)
    _check_there(merchant)
    _decide(merchant, text, by, at, ())
    _record(stores, merchant, "merchant.review", "merchant.changed", text, by, at)


def find_expired(*, at: datetime) -> list[UUID]:
    """Merchants who sell and were not verified again by the day they had to be."""
    today = beijing(at).date()
    selling = Merchant.objects.filter(state=MerchantState.ACTIVE).order_by("id")
    return [one.id for one in selling if review_due(one) < today]


@transaction.atomic
def expire_merchant(*, stores: Stores, merchant_id: UUID, at: datetime) -> bool:
    """Pause a merchant who was not verified again in time (A3): by the published rule, not by a
    person. False where he does not sell, or was verified meanwhile."""
    merchant = Merchant.objects.select_for_update().get(id=merchant_id)
    due = review_due(merchant)
    if merchant.state != MerchantState.ACTIVE or due >= beijing(at).date():
        return False
    merchant.state = MerchantState.PAUSED
    merchant.reason = f"到期未复核（{due.isoformat()}）"
    merchant.save(update_fields=["state", "reason"])
    by = Actor(None, "policy/merchant_review")
    _record(stores, merchant, "merchant.expire", "merchant.paused", merchant.reason, by, at)
    return True


@transaction.atomic
def _move(
    stores: Stores, merchant_id: UUID, to: MerchantState, reason: str, by: Actor, at: datetime
) -> bool:
    merchant = Merchant.objects.select_for_update().get(id=merchant_id)
    text = check_reason(reason)
    _check_there(merchant)
    if merchant.state == to:
        return False
    merchant.state = to.value
    paused = to is MerchantState.PAUSED
    _decide(merchant, text, by, at, ("state",), verified=False)
    deed = "merchant.pause" if paused else "merchant.resume"
    leaf = "merchant.paused" if paused else "merchant.changed"
    _record(stores, merchant, deed, leaf, text, by, at)
    return True


def _check_there(merchant: Merchant) -> None:
    if merchant.state in (MerchantState.CLOSING, MerchantState.CLOSED):
        raise InputError(Phrase("商家正在退出，或已经退出。"), field="state")


def _decide(
    merchant: Merchant,
    reason: str,
    by: Actor,
    at: datetime,
    more: tuple[str, ...],
    *,
    verified: bool = True,
) -> None:
    assert by.id is not None
    merchant.reason, merchant.reviewer_id = reason, by.id
    fields = ["reason", "reviewer", *more]
    if verified:
        merchant.reviewed_at = at
        fields.append("reviewed_at")
    merchant.save(update_fields=fields)


def _record(
    stores: Stores, merchant: Merchant, deed: str, leaf: str, reason: str, by: Actor, at: datetime
) -> None:
    note_deed(by=by, deed=deed, about=("merchant", str(merchant.id)), reason=reason, at=at)
    said = {"state": str(merchant.state), "reason": reason}
    append_leaves(stores=stores, leaves=[NewLeaf(leaf, merchant.log_subject, secret=said)], at=at)


def review_cutoff(at: datetime) -> datetime:
    """Whoever was verified last before this moment is overdue at ``at``."""
    today = beijing(at).replace(hour=0, minute=0, second=0, microsecond=0)
    months = policy("merchant_review", today.date()).count or 0
    return datetime.combine(_moved(today.date(), -months), today.timetz())


def _moved(day: date, months: int) -> date:
    """``day`` so many months later, or earlier: the last of a month that is too short."""
    place = day.year * 12 + day.month - 1 + months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def review_due(merchant: Merchant) -> date:
    """The day by which he has to be verified again: half a year after the last time, or the end of
    his licence where that is sooner."""
    seen = beijing(merchant.reviewed_at).date()
    due = _moved(seen, policy("merchant_review", seen).count or 0)
    return min(due, merchant.licence_until) if merchant.licence_until else due
