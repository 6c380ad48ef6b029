"""A buyer's bank gave him what was on its way back to him already: those refunds are done.

Only a refund of which it is certain that the service has paid nothing is settled so: one that was
never asked for, or that the service refused. Of any other the service is asked first, and where it
cannot say, a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from gongdao.core.errors import MoneyRefused
from gongdao.core.ids import new_id, new_number
from gongdao.core.language import Phrase
from gongdao.payments.ask_refund import RefundFate, ask_outcome
from gongdao.payments.carry_out_refunds import ASKING, OnConfirmed
from gongdao.payments.fail_refund import BOUNCED
from gongdao.payments.models import Refund
from gongdao.payments.port import Gateway

Fates = Mapping[str, tuple[int, RefundFate]]
"""What a service said of refunds, by the numbers they are asked for under, each with how often it
had been asked for then."""
BY_BANK = "chargeback:"
"""How `Refund.paid_elsewhere` begins where the buyer's bank took the money back for him."""
_OPEN: dict[str, Any] = {"state__in": ["requested", "stuck"]}
_NOT_PAID = (
    Q(tries=0, problem="")
    | Q(problem__startswith="refused:")
    | Q(problem__in=["gateway_off", BOUNCED])
)


def ask_unsure(*, credit_id: int, gateways: Mapping[str, Gateway], at: datetime) -> Fates:
    """What became of the refunds of a credit that may have been paid. Call it outside any
    transaction."""
    rows = Refund.objects.select_related("credit__intent").filter(credit_id=credit_id, **_OPEN)
    return {
        one.asked_no: (one.tries, ask_outcome(refund=one, gateways=gateways, at=at))
        for one in rows.exclude(_NOT_PAID)
    }


def end_unsure(
    *,
    credit_id: int,
    fates: Fates,
    said: RefundFate | None,
    confirmed: OnConfirmed,
    at: datetime,
) -> None:
    """No refund of a credit is in doubt any more: what arrived is confirmed, the rest the bank may
    settle. ``fates`` is what the service said just now (`ask_unsure`), ``said`` what a person
    saw in its console, which counts only where the service does not say.

    Raise MoneyRefused where neither is known, and where one is being asked for, or was since. The
    caller has the order locked, which a worker locks after his refund: nobody is waited for here.
    """
    rows = Refund.objects.select_related("credit__intent")
    unsure = rows.filter(credit_id=credit_id, **_OPEN).exclude(_NOT_PAID).order_by("id")
    numbers = {one.id: one.asked_no for one in unsure}
    locked = list(unsure.select_for_update(skip_locked=True, of=("self",)))
    for one in numbers.keys() - {refund.id for refund in locked}:
        raise MoneyRefused(_asked_now(numbers[one]))
    for refund in locked:
        number = refund.asked_no
        tries, fate = fates.get(number, (refund.tries, RefundFate.UNKNOWN))
        asking = refund.problem == ASKING and refund.next_try_at and refund.next_try_at > at
        if asking or tries != refund.tries:
            raise MoneyRefused(_asked_now(number))
        if fate is RefundFate.UNKNOWN:
            fate = said or fate
        if fate is RefundFate.UNKNOWN:
            raise MoneyRefused(
                Phrase(
                    "退款 {no} 办成没有，支付渠道没有说。到它的后台看清楚，在表里选好，再登记。",
                    no=number,
                )
            )
        if fate is RefundFate.ARRIVED:
            refund.state, refund.confirmed_at, refund.next_try_at = "confirmed", at, None
            refund.problem = ""
            refund.save(update_fields=["state", "confirmed_at", "next_try_at", "problem"])
            confirmed(refund)
        else:
            refund.problem = f"refused:refund_{fate.value}"
            refund.save(update_fields=["problem"])


def _asked_now(number: str) -> Phrase:
    return Phrase("退款 {no} 正在向支付渠道申请，几分钟后再登记。", no=number)


def settle_by_bank(*, credit_id: int, most: int, at: datetime) -> int:
    """Call refunds of a credit that nobody has paid confirmed, up to ``most`` minor units; how many
    were. Of a refund that is larger the rest stays asked for, under a number of its own.

    One that somebody works on this moment is passed over. The caller books the money.
    """
    done = 0
    with transaction.atomic():
        rows = Refund.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            _NOT_PAID, credit_id=credit_id, **_OPEN
        )
        for refund in rows.order_by("requested_at", "id"):
            part = min(most - done, refund.amount_minor)
            if not part:
                break
            _settle(refund if part == refund.amount_minor else _cut(refund, part, at), at)
            done += part
    return done


def ask_again(*, credit_id: int, most: int, at: datetime) -> int:
    """The bank took back from the buyer what it had given him: so much of what was called done with
    it is asked of the service again, under a number of its own; how many minor units."""
    done = 0
    with transaction.atomic():
        rows = Refund.objects.select_for_update().filter(
            credit_id=credit_id, state="confirmed", paid_elsewhere__startswith=BY_BANK
        )
        for refund in rows.order_by("-confirmed_at", "-id"):
            part = min(most - done, refund.amount_minor)
            if not part:
                break
            _ask(refund if part == refund.amount_minor else _cut(refund, part, at), at)
            done += part
    return done


def _ask(refund: Refund, at: datetime) -> None:
    refund.state, refund.confirmed_at, refund.paid_elsewhere = "requested", None, ""
    refund.problem, refund.tries, refund.next_try_at = "", 0, at
    refund.again += 1  # the service may have refused the number before
    refund.save()


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
