"""A refund that the service cannot pay reached its buyer by other means: a bank transfer, say."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError, MoneyRefused, ReferenceReused
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.carry_out_refunds import OnConfirmed
from gongdao.payments.decide_callback import has_sound_number
from gongdao.payments.models import Refund


def settle_elsewhere(
    *,
    refund_id: UUID,
    asked_no: str,
    fate: RefundFate,
    reference: str,
    confirmed: OnConfirmed,
    at: datetime,
) -> bool:
    """Write that a stuck refund was paid under the bank's number ``reference``; the service is not
    asked for it again. False where it is not stuck (any more) under the number ``asked_no``.

    ``fate`` is what the service said of that number just now (`ask_refund`). Raise MoneyRefused
    where it paid, InputError for a bank's number that cannot be, ReferenceReused for one that paid
    another refund.
    """
    if fate is RefundFate.ARRIVED:
        raise MoneyRefused(
            Phrase("支付渠道说这笔退款已经办成，不能再从银行付。请用“再退一次”让它重新确认。")
        )
    number = reference.strip()
    if not has_sound_number(number):
        raise InputError(_("银行流水号要写，最多 64 个字母、数字或符号。"), field="reference")
    with transaction.atomic():
        rows = Refund.objects.select_for_update(of=("self",)).select_related("credit__intent")
        refund = rows.filter(id=refund_id, state="stuck").first()
        if refund is None or refund.asked_no != asked_no:
            return False
        if Refund.objects.filter(paid_elsewhere=number).exists():
            raise ReferenceReused(number)
        refund.state, refund.confirmed_at, refund.paid_elsewhere = "confirmed", at, number
        refund.problem = ""
        refund.save(update_fields=["state", "confirmed_at", "paid_elsewhere", "problem"])
        confirmed(refund)
    return True
