"""A payment service's books say something else of an order's payment than this program: a person
looks, and says when it is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import InputError, MoneyRefused
from gongdao.core.language import Phrase
from gongdao.market.charge_back_notice import CHARGED_BACK, RETURNED
from gongdao.market.models import Finding
from gongdao.market.note_failed_refund import CAME_BACK
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.payments.missing_refunds import NOT_IN_BOOKS
from gongdao.payments.models import Credit, Refund
from gongdao.payments.read_bills import DIFFERS

SETTLED_BY_HAND = (DIFFERS, CHARGED_BACK, RETURNED, CAME_BACK, NOT_IN_BOOKS)
"""Findings that a person ends: nothing in the order shows that they are over."""
_FIND = """
INSERT INTO market_finding AS f (order_id, code, deed, times, found_at, acted_at)
VALUES (%(order)s, %(code)s, 'person', 1, %(at)s, %(at)s)
ON CONFLICT (order_id, code) DO UPDATE
SET times = f.times + 1, acted_at = %(at)s, closed_at = NULL
"""


def note_bill_differs(*, credit: Credit, at: datetime) -> None:
    """Put the order of a payment on the operator's desk; of a payment that belongs to no order the
    day's own row tells."""
    _note(credit, DIFFERS, at)


def note_missing_refund(*, refund: Refund, at: datetime) -> None:
    """Put the order of a refund on the desk that the service's books do not have, though it was
    confirmed: nothing is booked on what is not said."""
    _note(refund.credit, NOT_IN_BOOKS, at)


def _note(credit: Credit, code: str, at: datetime) -> None:
    if credit.intent.owner_kind == "order":
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"order": credit.intent.owner_id, "code": code, "at": at}
            cursor.execute(_FIND, values)


def end_doubt(*, order_id: UUID, times: int, at: datetime) -> bool:
    """Nothing was taken of what a service said of the order's payment; False where that is settled
    already. Raise MoneyRefused where it said more than the ``times`` that were looked at. The
    caller writes down whose word it is."""
    rows = Finding.objects.select_for_update().filter(order_id=order_id, code=CHARGED_BACK)
    with transaction.atomic():
        found = rows.filter(closed_at=None).first()
        if found is None:
            return False
        if found.times != times:
            raise MoneyRefused(Phrase("支付渠道又说了新的，请再看一次它的后台，重新登记。"))
        found.closed_at = at
        found.save(update_fields=["closed_at"])
    return True


def settle_finding(*, order_id: UUID, code: str, reason: str, by: Actor, at: datetime) -> bool:
    """A person looked at it and says why it is over; False where it was before. Raise InputError
    without a reason, and for a finding that ends with its order alone."""
    said = check_reason(reason)
    if code not in SETTLED_BY_HAND:
        raise InputError(Phrase("这一项会随订单自己了结。"), field="code")
    with transaction.atomic():
        rows = Finding.objects.filter(order_id=order_id, code=code, closed_at=None)
        if not rows.update(closed_at=at):
            return False
        about = ("order", str(order_id))
        note_deed(by=by, deed="finding.settle", about=about, reason=f"{code}: {said}", at=at)
    return True
