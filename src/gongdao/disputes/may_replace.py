"""Which pieces of an order a case is about, and whether other secrets can end it."""

from __future__ import annotations

from gongdao.disputes.models import Case
from gongdao.market.models import Order


def claimed_places(*, case: Case, order: Order) -> tuple[int, ...]:
    """The pieces, counted from 1: those that the buyer named, or all where he claims all of the
    price; none where he claims a part and nobody said of which."""
    if case.places:
        return tuple(case.places)
    whole = order.quantity == 1 or case.amount_minor >= order.total_minor
    return tuple(range(1, order.quantity + 1)) if whole else ()


def may_replace(*, case: Case, order: Order) -> bool:
    """Whether it is said which pieces would be replaced: the others are not to be taken away."""
    return bool(claimed_places(case=case, order=order))
