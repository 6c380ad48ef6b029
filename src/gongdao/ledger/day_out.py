"""What leaves a merchant on one day: counted together, whichever way it goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from gongdao.core.clock import beijing
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.models import LedgerPending, Payout
from gongdao.ledger.states import OPEN_PAYOUTS, PayoutState, PendingState
from gongdao.ledger.transfers import TransferKind


def find_day_out(*, merchant: SubjectRef, currency: str, at: datetime) -> Money:
    """His payouts and splits that are under way, and those of this day in Beijing that were made:
    several small ones count as one. Ask under the lock of his free money, so that two at once
    count each other."""
    today = beijing(at).replace(hour=0, minute=0, second=0, microsecond=0)
    payouts = Payout.objects.filter(
        owner_kind=merchant.kind, owner_id=merchant.id, currency=currency
    ).filter(
        Q(state__in=[one.value for one in OPEN_PAYOUTS])
        | Q(state=PayoutState.CONFIRMED.value, proposed_at__gte=today)
        | Q(state=PayoutState.CONFIRMED.value, ended_at__gte=today)
    )
    free = Account(AccountKind.MERCHANT_FREE, merchant, currency)
    splits = LedgerPending.objects.filter(debit_id=free.id, kind=TransferKind.SPLIT.value)
    under_way = splits.filter(state=PendingState.PENDING.value)
    made = splits.filter(state=PendingState.POSTED.value, created_at__gte=today)
    return Money(sum(map(_sum, (payouts, under_way, made))), currency)


def has_open_payout(*, merchant: SubjectRef, currency: str) -> bool:
    """Whether money of his is set aside for a payout that may still fail or be taken back."""
    rows = Payout.objects.filter(
        owner_kind=merchant.kind,
        owner_id=merchant.id,
        currency=currency,
        state__in=[one.value for one in OPEN_PAYOUTS],
    )
    return rows.exists()


def _sum(rows: QuerySet[Any]) -> int:
    return int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)
