"""Ask for money to go back: a row that the worker carries out until the service confirms."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id, new_number
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.payments.models import Refund

_LOCK = "SELECT amount_minor, currency FROM payments_credit WHERE id = %s FOR UPDATE"
_ASKED = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments_refund WHERE credit_id = %s"


def request_refund(*, credit_id: int, amount: Money | None, reason: str, at: datetime) -> Refund:
    """Write the wish to give back ``amount`` of a credit, in the caller's transaction; None gives
    back all that is left. Raise InputError where more would go back than came.

    Locks the credit, so two at once cannot give the same money back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [credit_id])
        came, currency = cursor.fetchone()
        cursor.execute(_ASKED, [credit_id])  # only now: another one may have asked meanwhile
        left = came - cursor.fetchone()[0]
    wanted = left if amount is None else amount.minor
    if amount is not None and amount.currency != currency:
        raise InputError(_("退款的币种和付款不同。"), field="amount")
    if not 0 < wanted <= left:
        raise InputError(
            _("最多还能退 {most} 元。").format(most=Money(left, currency)), field="amount"
        )
    return Refund.objects.create(
        id=new_id(at),
        credit_id=credit_id,
        refund_no=f"R{new_number()}",
        amount_minor=wanted,
        state="requested",
        reason=reason,
        next_try_at=at,
        requested_at=at,
    )
