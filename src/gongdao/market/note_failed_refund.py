"""A payment service says that a refund did not reach its buyer after all: note it for a person.

Nothing is booked on this word alone: who looked at the service's books notes that the refund came
back, and the service is asked for it then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.market.models import Finding
from gongdao.payments.credit_report import note_said
from gongdao.payments.missing_refunds import NOT_IN_BOOKS
from gongdao.payments.models import Credit
from gongdao.payments.port import Report

CAME_BACK = "came_back"
"""The finding: the service has the money of a confirmed refund again."""
_FIND = """
INSERT INTO market_finding AS f (order_id, code, deed, times, found_at, acted_at)
VALUES (%(order)s, %(code)s, 'person', 1, %(at)s, %(at)s)
ON CONFLICT (order_id, code) DO UPDATE
SET times = f.times + 1, acted_at = %(at)s, closed_at = NULL
"""


def note_failed_refund(*, report: Report, gateway: str, digest: bytes, at: datetime) -> bool:
    """Keep what was said and put the order on the operator's desk where we hold the refund for
    confirmed. One that is still asked for is judged by its own answer. False where no refund of
    ours has that number, which is kept as well. The same refund again adds nothing."""
    with transaction.atomic():
        credit = (
            Credit.objects.select_related("intent")
            .filter(gateway=gateway, trade_no=report.trade_no, intent__account=report.account)
            .first()
        )
        refunds = credit.refunds.select_for_update() if credit is not None else ()
        refund = next((one for one in refunds if one.asked_no == report.event_no), None)
        known = credit is not None and refund is not None
        new = note_said(
            report=report,
            gateway=gateway,
            out_trade_no=credit.intent.out_trade_no if credit is not None and known else "",
            reason=f"refund_failed:{report.event_no}" if known else "unknown_refund",
            digest=digest,
            at=at,
        )
        if credit is None or refund is None:
            return False
        if new and refund.state == "confirmed" and credit.intent.owner_kind == "order":
            with connection.cursor() as cursor:
                order = credit.intent.owner_id
                values: dict[str, Any] = {"order": order, "code": CAME_BACK, "at": at}
                cursor.execute(_FIND, values)
    return True


def settle_came_back(*, order_id: UUID, at: datetime) -> None:
    """What the service said, or its books did not say, was noted: the finding is over."""
    codes = [CAME_BACK, NOT_IN_BOOKS]
    rows = Finding.objects.filter(order_id=order_id, code__in=codes, closed_at=None)
    rows.update(closed_at=at)
