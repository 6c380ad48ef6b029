"""The locks of disputes and their order, so that two verbs never wait for each other in a circle.

1. the order's row, 2. the case's row, 3. what the ledger locks (``ledger/locks.py``), 4. the
payment's credit, 5. units of the vault, 6. chains of the public log. The first two are
``FOR UPDATE`` and go with the transaction; sweeps skip what somebody else holds.
"""

from __future__ import annotations

from uuid import UUID

from gongdao.core.errors import DisputeRefused
from gongdao.core.language import Phrase
from gongdao.disputes.models import Case
from gongdao.market.models import Order


def lock_order(order_id: UUID) -> Order:
    """The order, locked; raise DisputeRefused where there is none."""
    order = Order.objects.select_for_update().filter(id=order_id).first()
    if order is None:
        raise DisputeRefused(Phrase("没有这个订单。"))
    return order


def lock_case(case_id: UUID) -> tuple[Case, Order]:
    """The case and its order, both locked; raise DisputeRefused where there is none."""
    order_id = Case.objects.filter(id=case_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise DisputeRefused(Phrase("没有这个案件。"))
    order = lock_order(order_id)
    return Case.objects.select_for_update().get(id=case_id), order


def lock_case_if_free(case_id: UUID) -> tuple[Case, Order] | None:
    """The case and its order, locked; None where somebody else holds one of them now."""
    # One statement for both: what skips never waits, so that its order of locks matters to nobody.
    rows = Case.objects.select_for_update(skip_locked=True, of=("self", "order"))
    case = rows.select_related("order").filter(id=case_id).first()
    return None if case is None else (case, case.order)
