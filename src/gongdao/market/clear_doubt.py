"""A person looked at what a supplier said against himself, and ends the doubt with a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.market.models import Finding, Order, TopUp
from gongdao.market.staff import Actor, check_reason, note_deed


@transaction.atomic
def clear_doubt(*, top_up_id: UUID, reason: str, by: Actor, at: datetime) -> bool:
    """End the doubt about one top-up; False where there is none. The supplier's answers stay, money
    is not moved: what follows is done with the order's own verbs.

    The watchdog's finding is closed with the last doubt of the order. Lock: the order first, as
    everywhere where top-ups are judged.
    """
    text = check_reason(reason)
    order_id = TopUp.objects.filter(id=top_up_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise InputError(Phrase("没有这笔直充。"), field="top_up")
    Order.objects.select_for_update().get(id=order_id)
    row = TopUp.objects.select_for_update(of=("self",)).get(id=top_up_id)
    if not row.doubt:
        return False
    told = f"{row.doubt}: {text}"
    row.doubt = ""
    row.save(update_fields=["doubt"])
    note_deed(by=by, deed="doubt.clear", about=("order", str(order_id)), reason=told, at=at)
    if not TopUp.objects.filter(order_id=order_id).exclude(doubt="").exists():
        Finding.objects.filter(order_id=order_id, code="supplier_doubt", closed_at=None).update(
            closed_at=at
        )
    return True
