"""Where the splits of a payment service arrive for a merchant: his own verified account there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.models import Payee
from gongdao.ledger.payees import open_payee


@dataclass(frozen=True)
class Receiver:
    """A payee that splits arrive at; ``number`` is his account at the service. Who verified it, and
    when."""

    payee_id: UUID
    number: str
    verified_by: UUID
    verified_at: datetime


def find_receiver(
    *, stores: Stores, merchant: SubjectRef, gateway: str, until: datetime | None = None
) -> Receiver | None:
    """The account of ``merchant`` that was verified last at ``gateway``, no later than ``until``;
    None where he has none."""
    rows = Payee.objects.filter(
        owner_kind=merchant.kind,
        owner_id=merchant.id,
        verified_at__isnull=False,
        retired_at=None,
    )
    if until is not None:
        rows = rows.filter(verified_at__lte=until)
    for row in rows.order_by("-verified_at", "-id"):
        try:
            details = open_payee(stores=stores, payee_id=row.id)
        except KeyGone:
            continue
        if details.gateway == gateway and row.verified_by and row.verified_at:
            return Receiver(row.id, details.number, row.verified_by, row.verified_at)
    return None
