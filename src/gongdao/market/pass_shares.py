"""Shares over the limit of a day: what waits for a second person, and that he lets it go.

The first person is who verified the account that they arrive at; he cannot let them go himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, QuerySet, Sum

from gongdao.core.clock import beijing
from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.find_receiver import Receiver, find_receiver
from gongdao.market.limits import payee_rest
from gongdao.market.prepare_split import NEEDS_SECOND
from gongdao.market.staff import Actor, note_deed
from gongdao.payments.models import Split

PASSED = "split.pass"


@dataclass(frozen=True)
class WaitingShares:
    """A merchant's shares at one service that wait for a second person: how many there are, what
    they come to, when the newest was planned, and where they would arrive (None: nowhere now)."""

    merchant_id: UUID
    gateway: str
    count: int
    total: Money
    newest: datetime
    receiver: Receiver | None


def waiting_shares() -> QuerySet[Split]:
    """Shares that wait for a second person."""
    return Split.objects.filter(part="share", state="waiting", problem=NEEDS_SECOND)


def find_waiting_shares(*, stores: Stores, at: datetime, most: int = 50) -> list[WaitingShares]:
    """What waits, by merchant and service, the oldest first."""
    named = ("owner_id", "credit__intent__gateway", "credit__currency")
    rows = waiting_shares().order_by().values_list(*named)
    groups = rows.annotate(n=Count("id"), total=Sum("released_minor"), newest=Max("planned_at"))
    return [
        WaitingShares(
            merchant_id=owner,
            gateway=gateway,
            count=count,
            total=Money(total, currency),
            newest=newest,
            receiver=_receiver(stores, owner, gateway, at),
        )
        for owner, gateway, currency, count, total, newest in groups.order_by("newest")[:most]
    ]


def pass_shares(
    *,
    stores: Stores,
    merchant_id: UUID,
    gateway: str,
    receiver: UUID,
    newest: datetime,
    by: Actor,
    at: datetime,
) -> int:
    """Let the merchant's shares at ``gateway`` that wait go to the account ``receiver``, those
    planned up to ``newest``, as they were shown; how many. Raise MoneyRefused where another account
    receives by now, and for whoever verified it."""
    there = _receiver(stores, merchant_id, gateway, at)
    if there is None or there.payee_id != receiver:
        raise MoneyRefused(Phrase("收分账的账户变了，请重新看过再放行。"))
    if by.id is None or by.id == there.verified_by:
        raise MoneyRefused(Phrase("这个账户是您核实的，要由另一个人放行。"))
    with transaction.atomic():
        rows = waiting_shares().filter(
            owner_kind="merchant",
            owner_id=merchant_id,
            credit__intent__gateway=gateway,
            planned_at__lte=newest,
        )
        locked = rows.select_for_update(of=("self",)).order_by("id").values_list("id", flat=True)
        found = list(locked)
        if not found:
            return 0
        passed = Split.objects.filter(id__in=found)
        sums = passed.values_list("credit__currency").annotate(all=Sum("released_minor"))
        totals = ", ".join(f"{Money(all_, currency)} {currency}" for currency, all_ in sums)
        passed.update(receiver=receiver, next_try_at=at)
        said = f"{gateway}: {len(found)}, {totals}"
        note_deed(by=by, deed=PASSED, about=("merchant", str(merchant_id)), reason=said, at=at)
    return len(found)


def _receiver(stores: Stores, merchant_id: UUID, gateway: str, at: datetime) -> Receiver | None:
    return find_receiver(
        stores=stores,
        merchant=SubjectRef("merchant", merchant_id),
        gateway=gateway,
        until=at - payee_rest(beijing(at).date()),
    )
