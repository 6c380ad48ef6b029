"""What a payment service told of chargebacks of an order, and whether all of it is booked.

The service names each by its number. Its word is kept among the callbacks with a reason, such as
``charged_back:dp_1``. An inquiry, which takes no money, has a question mark behind its number.
Money that is taken again after it came back is told apart by ``~2``, and is booked so.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, Sum

from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.market.models import Finding
from gongdao.payments.models import CallbackSeen, Intent

CHARGED_BACK = "charged_back"
"""The finding, and how the reason begins that is kept with what was said."""
RETURNED = "charge_back_returned"
"""The finding that the service has the money again, how the reason begins, and why a buyer who
never got his goods is refunded then."""
INQUIRY = "?"
"""What stands behind the number of a dispute that takes no money yet."""
_LONGEST = 64


def reason_of(code: str, event_no: str, out_trade_no: str) -> str:
    """The reason under which a service's word is kept: the same one where this was said last of the
    dispute ``event_no``."""
    names = Q()
    for one in (CHARGED_BACK, RETURNED):
        name = f"{one}:{event_no}"[:_LONGEST]
        names |= Q(reason=name) | Q(reason__startswith=f"{name}~")
    rows = CallbackSeen.objects.filter(names, out_trade_no=out_trade_no).order_by("id")
    said = list(rows.values_list("reason", flat=True))
    number = said[-1].partition(":")[2] if said else event_no
    if code == CHARGED_BACK and said and said[-1].startswith(f"{RETURNED}:"):
        times = len({one for one in said if one.startswith(f"{CHARGED_BACK}:")})
        number = f"{event_no}~{times + 1}"
    return f"{code}:{number}"[:_LONGEST]


def is_booked(order_id: UUID, *, reason: str = "") -> bool:
    """Whether every taking is booked that the service told since the order's doubt began, in all it
    told of; or the one alone that is kept under ``reason``. What is missing of one is booked under
    its number with something after a hyphen (``dp_1-2``). An inquiry is over with the taking of the
    same number."""
    numbers = Intent.objects.filter(owner_kind="order", owner_id=order_id)
    rows = CallbackSeen.objects.filter(
        out_trade_no__in=numbers.values("out_trade_no"), reason__startswith=f"{CHARGED_BACK}:"
    )
    found = Finding.objects.filter(order_id=order_id, code=CHARGED_BACK, closed_at=None).first()
    if reason:
        rows = rows.filter(reason=reason)
    elif found is not None:
        rows = rows.filter(at__gte=found.found_at)
    told = dict(rows.order_by("id").values_list("reason", "amount_minor"))
    return all(_is_booked(order_id, one, minor or 0) for one, minor in told.items())


def _is_booked(order_id: UUID, reason: str, minor: int) -> bool:
    inquiry = reason.endswith(INQUIRY)
    key = f"{Ground.CHARGEBACK}:{reason.partition(':')[2].removesuffix(INQUIRY)}"
    rows = LedgerTransfer.objects.filter(
        Q(reference=key) | Q(reference__startswith=f"{key}-"),
        owner_kind="order",
        owner_id=order_id,
        kind=TransferKind.CHARGE_BACK.value,
    )
    booked = int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)
    return booked > 0 if inquiry else booked >= max(minor, 1)
