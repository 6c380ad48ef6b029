"""Shares over the limit of a day: what waits for a second person, and that he lets it go.

The first person is who verified the account that they arrive at; he cannot let them go himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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
from gongdao.market.prepare_split import EACH_SECONDS, NEEDS_SECOND
from gongdao.market.staff import Actor, check_no_party, note_deed
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


@dataclass(frozen=True)
class ShownShares:
    """What somebody saw and lets go: a merchant's shares at one service that were planned up to
    ``newest``, how many and what they come to, and the account ``receiver`` that they go to."""

    merchant_id: UUID
    gateway: str
    receiver: UUID
    newest: datetime
    count: int
    total: Money


def pass_shares(*, stores: Stores, shown: ShownShares, by: Actor, at: datetime) -> int:
    """Let the shares that were shown go; how many, 0 where none of them waits any more. They come
    due one after the other. Raise MoneyRefused where another account receives by now, where others
    wait than were shown, for whoever verified the account, and for the merchant's own people."""
    there = _receiver(stores, shown.merchant_id, shown.gateway, at)
    if there is None or there.payee_id != shown.receiver:
        raise MoneyRefused(Phrase("收分账的账户变了，请重新看过再放行。"))
    if by.id is None or by.id == there.verified_by:
        raise MoneyRefused(Phrase("这个账户是您核实的，要由另一个人放行。"))
    check_no_party(by=by, about=("merchant", str(shown.merchant_id)))
    with transaction.atomic():
        rows = waiting_shares().filter(
            owner_kind="merchant",
            owner_id=shown.merchant_id,
            credit__intent__gateway=shown.gateway,
            credit__currency=shown.total.currency,
            planned_at__lte=shown.newest,
        )
        locked = list(rows.select_for_update(of=("self",)).order_by("id"))
        if not locked:
            return 0
        total = Money(sum(one.released_minor for one in locked), shown.total.currency)
        if (len(locked), total) != (shown.count, shown.total):
            raise MoneyRefused(Phrase("等放行的分账变了，请重新看过再放行。"))
        locked.sort(key=lambda one: (one.planned_at, one.id))
        for place, one in enumerate(locked):
            one.receiver = shown.receiver
            one.next_try_at = at + timedelta(seconds=place * EACH_SECONDS)
        Split.objects.bulk_update(locked, ["receiver", "next_try_at"], batch_size=500)
        said = f"{shown.gateway}: {len(locked)}, {total} {total.currency}"
        about = ("merchant", str(shown.merchant_id))
        note_deed(by=by, deed=PASSED, about=about, reason=said, at=at)
    return len(locked)


def _receiver(stores: Stores, merchant_id: UUID, gateway: str, at: datetime) -> Receiver | None:
    return find_receiver(
        stores=stores,
        merchant=SubjectRef("merchant", merchant_id),
        gateway=gateway,
        until=at - payee_rest(beijing(at).date()),
    )
