"""The locks of disputes and their order, so that two verbs never wait for each other in a circle.

1. the order's row, 2. the case's row, 3. the request of an authority that holds it, 4. what the
ledger locks (``ledger/locks.py``), 5. the payment's credit, 6. units of the vault, 7. chains of the
public log. The first three are ``FOR UPDATE`` and go with the transaction; sweeps skip what
somebody else holds. Who needs several orders locks them by id, each with its case.
"""

from __future__ import annotations

from functools import cache
from uuid import UUID

from gongdao.core.errors import DisputeRefused
from gongdao.core.language import Phrase
from gongdao.disputes.models import Case
from gongdao.disputes.table_rows import columns_of, read_rows, row_of
from gongdao.market.models import Order
from gongdao.vault.run_sql import run_prepared


def lock_order(order_id: UUID) -> Order:
    """The order, locked; raise DisputeRefused where there is none."""
    found = read_rows(Order, "WHERE id = %(id)s FOR UPDATE", {"id": order_id})
    if not found:
        raise DisputeRefused(Phrase("没有这个订单。"))
    return found[0]


def lock_case(case_id: UUID) -> tuple[Case, Order]:
    """The case and its order, both locked; raise DisputeRefused where there is none."""
    found = run_prepared("SELECT order_id FROM dispute_case WHERE id = %(id)s", {"id": case_id})
    if not found:
        raise DisputeRefused(Phrase("没有这个案件。"))
    order = lock_order(found[0][0])
    return read_rows(Case, "WHERE id = %(id)s FOR UPDATE", {"id": case_id})[0], order


def lock_case_if_free(case_id: UUID) -> tuple[Case, Order] | None:
    """The case and its order, locked; None where somebody else holds one of them now."""
    # One statement for both: what skips never waits, so that its order of locks matters to nobody.
    found = run_prepared(_if_free(), {"id": case_id})
    if not found:
        return None
    width = len(Case._meta.concrete_fields)
    case, order = row_of(Case, found[0][:width]), row_of(Order, found[0][width:])
    case.order = order
    return case, order


@cache
def _if_free() -> str:
    return f"""SELECT {columns_of(Case, "c")}, {columns_of(Order, "o")}
      FROM dispute_case c JOIN market_order o ON o.id = c.order_id
      WHERE c.id = %(id)s FOR UPDATE OF c, o SKIP LOCKED"""
