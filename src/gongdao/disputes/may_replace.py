"""Whether other secrets can end a case: those of an order are replaced all together."""

from __future__ import annotations

from gongdao.disputes.models import Case
from gongdao.market.models import Order


def may_replace(*, case: Case, order: Order) -> bool:
    """Whether all pieces of ``order`` are what the case is about. Of a claim to a part of several
    nobody says which pieces are meant, and the others are not to be taken away."""
    return order.quantity == 1 or case.amount_minor >= order.total_minor
