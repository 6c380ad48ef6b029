"""Ask for money to go back: a row that the worker carries out until the service confirms."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Sum

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id, new_number
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.payments.models import Credit, Refund


def request_refund(*, credit_id: int, amount: Money | None, reason: str, at: datetime) -> Refund:
    """Write the wish to give back ``amount`` of a credit, in the caller's transaction; None gives
    back all that is left. Raise InputError where more would go back than came.

    Locks the credit, so two at once cannot give the same money back.
    """
    credit = Credit.objects.select_for_update().get(id=credit_id)
    asked = credit.refunds.aggregate(all=Sum("amount_minor"))["all"] or 0
    left = credit.amount_minor - asked
    wanted = left if amount is None else amount.minor
    if amount is not None and amount.currency != credit.currency:
        raise InputError(_("退款的币种和付款不同。"), field="amount")
    if not 0 < wanted <= left:
        raise InputError(
            _("最多还能退 {most} 元。").format(most=Money(left, credit.currency)), field="amount"
        )
    return Refund.objects.create(
        id=new_id(at),
        credit=credit,
        refund_no=f"R{new_number()}",
        amount_minor=wanted,
        state="requested",
        reason=reason,
        next_try_at=at,
        requested_at=at,
    )
