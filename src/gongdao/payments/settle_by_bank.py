"""A buyer's bank gave him what was on its way back to him already: those refunds are done.

Only a refund of which it is certain that the service has paid nothing is settled so: one that was
never asked for, or that the service refused. Of any other a person looks first.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from gongdao.core.ids import new_id, new_number
from gongdao.payments.fail_refund import BOUNCED
from gongdao.payments.models import Refund

BY_BANK = "chargeback:"
"""How `Refund.paid_elsewhere` begins where the buyer's bank took the money back for him."""
_NOT_PAID = (
    Q(tries=0, problem="")
    | Q(problem__startswith="refused:")
    | Q(problem__in=["gateway_off", BOUNCED])
)


def settle_by_bank(*, credit_id: int, most: int, at: datetime) -> int:
    """Call refunds of a credit that nobody has paid confirmed, up to ``most`` minor units; how many
    were. Of a refund that is larger the rest stays asked for, under a number of its own.

    One that somebody works on this moment is passed over. The caller books the money.
    """
    done = 0
    with transaction.atomic():
        rows = Refund.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            _NOT_PAID, credit_id=credit_id, state__in=["requested", "stuck"]
        )
        for refund in rows.order_by("requested_at", "id"):
            part = min(most - done, refund.amount_minor)
            if not part:
                break
            _settle(refund if part == refund.amount_minor else _cut(refund, part, at), at)
            done += part
    return done


def _cut(refund: Refund, part: int, at: datetime) -> Refund:
    """Take ``part`` out of a refund, as a refund of its own that is not kept yet."""
    refund.amount_minor -= part
    refund.again += 1  # under the old number the service knows another amount
    refund.save(update_fields=["amount_minor", "again"])
    return Refund(
        id=new_id(at),
        credit_id=refund.credit_id,
        refund_no=f"R{new_number()}",
        amount_minor=part,
        reason=refund.reason,
        requested_at=refund.requested_at,
    )


def _settle(refund: Refund, at: datetime) -> None:
    refund.state, refund.confirmed_at, refund.next_try_at = "confirmed", at, None
    refund.problem, refund.paid_elsewhere = "", f"{BY_BANK}{refund.refund_no}"
    refund.save()
