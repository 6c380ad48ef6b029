"""Carry refunds out: ask the service, and believe nothing but its word.

A refund is taken for a while by moving its next try (a lease), asked for outside any transaction,
and settled in a second one. After silence the service is asked what became of it before it is asked
again; where it cannot be asked, and the same number again might refund again, a person looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from gongdao.core.money import Money
from gongdao.payments.models import Refund
from gongdao.payments.port import (
    Gateway,
    GatewayError,
    GatewayRefused,
    RefundReport,
    Report,
    Told,
)

MOST_TRIES = 20
LEASE = timedelta(minutes=5)
"""Longer than a service may take; a worker that died gives its refund back after it."""
LONGEST_WAIT = timedelta(days=14)
"""How long a service may say "not done yet"."""
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
NOT_DONE_YET = "not_done_yet"
UNKNOWN = "outcome_unknown"
ASKING = "asking"
"""Stands on a refund while it is asked for, and stays where the worker dies at it."""
_NOTHING_HAPPENED = ("new", "refused:", "gateway_off")
OnConfirmed = Callable[[Refund], None]
"""Called in the transaction that confirms a refund: its owner moves on."""
Waits = Callable[[Refund], bool]
"""Whether a refund must not be asked for now; asked with the refund locked."""
_WAITING_PAUSE = timedelta(minutes=10)


def carry_out_refunds(
    *,
    gateways: Mapping[str, Gateway],
    confirmed: OnConfirmed,
    at: datetime,
    waits: Waits = lambda _refund: False,
    most: int = 10,
) -> int:
    """Work on refunds that are due; return how many were confirmed. Several workers may do this at
    once. ``most`` times what one asking may last has to stay below `LEASE`, which counts from
    ``at``. A refund that ``waits`` is not asked for, and looked at again later."""
    done = 0
    for _ in range(most):
        taken = _take(at, waits)
        if taken is None:
            break
        refund, earlier = taken
        answer, problem = _ask(refund, earlier, gateways.get(refund.credit.gateway), at)
        done += _settle(refund.id, refund.tries, answer, problem, confirmed, at)
    return done


def _take(at: datetime, waits: Waits) -> tuple[Refund, str] | None:
    """The refund that is due longest and need not wait, held for `LEASE`, and how the try before
    ended."""
    while True:
        with transaction.atomic():
            refund = (
                Refund.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("credit__intent")
                .filter(state="requested", next_try_at__lte=at)
                .order_by("next_try_at")
                .first()
            )
            if refund is None:
                return None
            if waits(refund):
                refund.next_try_at = at + _WAITING_PAUSE
                refund.save(update_fields=["next_try_at"])
                continue
            earlier = refund.problem or "new"
            refund.tries += 1
            refund.problem = ASKING
            refund.next_try_at = at + LEASE
            refund.save(update_fields=["tries", "problem", "next_try_at"])
        return refund, earlier


def _ask(
    refund: Refund, earlier: str, gateway: Gateway | None, at: datetime
) -> tuple[RefundReport | None, str]:
    """The service's word on the refund, or why there is none that can be used."""
    if gateway is None:
        return None, "gateway_off"
    credit = refund.credit
    amount = Money(refund.amount_minor, credit.currency)
    report = Report(
        credit.intent.out_trade_no,
        credit.trade_no,
        Told.PAID,
        Money(credit.amount_minor, credit.currency),
        credit.intent.account,
    )
    try:
        number = refund.asked_no
        answer = gateway.query_refund(number, report, at) if refund.tries > 1 else None
        if answer is None:
            if not gateway.repeatable_refunds and not earlier.startswith(_NOTHING_HAPPENED):
                return None, UNKNOWN
            answer = gateway.refund(report, number, amount, at)
    except GatewayRefused as error:
        return None, f"refused:{error.problem}"
    except GatewayError as error:
        return None, error.problem if gateway.repeatable_refunds else UNKNOWN
    if answer.amount != amount or answer.refund_no != number:
        return None, "other_refund"
    return answer, "" if answer.done else NOT_DONE_YET


def _settle(
    refund_id: UUID,
    tries: int,
    answer: RefundReport | None,
    problem: str,
    confirmed: OnConfirmed,
    at: datetime,
) -> bool:
    """Write what became of the try, unless another worker took the refund over meanwhile."""
    with transaction.atomic():
        refund = (
            Refund.objects.select_for_update(of=("self",))
            .select_related("credit__intent")
            .filter(id=refund_id, state="requested", tries=tries)
            .first()
        )
        if refund is None:
            return False
        if answer is None or not answer.done:
            _later(refund, problem, at)
            return False
        refund.state, refund.confirmed_at, refund.next_try_at = "confirmed", at, None
        refund.problem = ""
        refund.save(update_fields=["state", "confirmed_at", "next_try_at", "problem"])
        confirmed(refund)
    return True


def _later(refund: Refund, problem: str, at: datetime) -> None:
    refund.problem = problem[:64]
    refund.next_try_at = at + min(_FIRST_PAUSE * 2 ** min(refund.tries, 12), _LONGEST_PAUSE)
    waited = at - refund.requested_at >= LONGEST_WAIT
    if waited or problem == UNKNOWN or (refund.tries >= MOST_TRIES and problem != NOT_DONE_YET):
        refund.state, refund.next_try_at = "stuck", None
    refund.save(update_fields=["problem", "next_try_at", "state"])
