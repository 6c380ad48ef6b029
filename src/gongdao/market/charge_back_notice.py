"""A payment service says that a buyer's bank takes a payment back, or that the money came back to
it: note it for a person.

Nothing is booked on this word alone: who looked at the service's books books it, with the amount
and the number that stand there. Until a taking is booked, or somebody says that nothing was taken,
an order that is paid and not delivered waits, and no money of the order leaves, neither to the
merchant nor to the buyer. What came back keeps nothing waiting.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.market.charge_back_told import CHARGED_BACK, RETURNED, is_booked, reason_of
from gongdao.market.models import Finding
from gongdao.payments.credit_report import note_said
from gongdao.payments.models import Credit, Refund
from gongdao.payments.port import Report, Told

__all__ = ["CHARGED_BACK", "RETURNED", "is_in_doubt", "note_charge_back", "refund_waits"]
IN_DOUBT = "payment_in_doubt"
"""Why a paid order is not delivered meanwhile."""
_WAITS = "UPDATE market_order SET why = %(why)s WHERE id = %(order)s AND state = 'paid'"
_FIND = """
INSERT INTO market_finding AS f (order_id, code, deed, times, found_at, acted_at)
VALUES (%(order)s, %(code)s, 'person', 1, %(at)s, %(at)s)
ON CONFLICT (order_id, code) DO UPDATE
SET times = f.times + 1, acted_at = %(at)s, closed_at = NULL,
  found_at = CASE WHEN f.closed_at IS NULL THEN f.found_at ELSE %(at)s END
"""


def note_charge_back(*, report: Report, gateway: str, digest: bytes, at: datetime) -> bool:
    """Keep what was said and put the order on the operator's desk; False where no payment of ours
    has that number, which is kept as well. The same event again adds nothing, nor does one of what
    is booked already; money that is taken again after it came back is a new event."""
    code = CHARGED_BACK if report.told is Told.CHARGED_BACK else RETURNED
    credit = (
        Credit.objects.select_related("intent")
        .filter(gateway=gateway, trade_no=report.trade_no)
        .first()
    )
    known = credit is not None and credit.intent.account == report.account
    number = credit.intent.out_trade_no if credit is not None and known else ""
    with transaction.atomic():
        reason = reason_of(code, report.event_no, number) if known else "unknown_payment"
        new = note_said(
            report=report,
            gateway=gateway,
            out_trade_no=number,
            reason=reason,
            digest=digest,
            at=at,
        )
        if credit is None or not known:
            return False
        if not new or credit.intent.owner_kind != "order":
            return True
        if code == RETURNED or not is_booked(credit.intent.owner_id, reason=reason):
            with connection.cursor() as cursor:
                values: dict[str, Any] = {
                    "order": credit.intent.owner_id,
                    "code": code,
                    "at": at,
                    "why": IN_DOUBT,
                }
                if code == CHARGED_BACK:
                    cursor.execute(_WAITS, values)
                cursor.execute(_FIND, values)
    return True


def refund_waits(refund: Refund) -> bool:
    """Whether a refund is not asked for now, since the bank may be giving the buyer the same money
    back."""
    intent = refund.credit.intent
    return intent.owner_kind == "order" and is_in_doubt(intent.owner_id)


def is_in_doubt(order_id: UUID) -> bool:
    """Whether the order's payment may be gone, and nobody has said yet whether it is."""
    rows = Finding.objects.filter(order_id=order_id, code=CHARGED_BACK, closed_at=None)
    return rows.exists()
