"""Which payment a refund row refunds, where the layout tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gongdao.evidence.reading import BillRow, Direction

_SUFFIXED = re.compile(r"(\d{16,40})[_*]\S+")


def link_refunds(rows: Sequence[BillRow]) -> tuple[BillRow, ...]:
    """The same rows with ``refund_of`` set to the payment's transaction number.

    In this order: the refund's own number starts with the payment's (``…_R1``); it is the same
    number; both carry the same merchant order number. Nothing is linked by amount alone.
    """
    payments = [r for r in rows if not r.is_refund and r.direction is not Direction.IN]
    numbers = {r.transaction_no for r in payments if r.transaction_no}
    orders: dict[str, set[str]] = {}
    for row in payments:
        if row.merchant_order_no and row.transaction_no:
            orders.setdefault(row.merchant_order_no, set()).add(row.transaction_no)
    return tuple(
        replace(row, refund_of=_refunded(row, numbers, orders)) if row.is_refund else row
        for row in rows
    )


def _refunded(row: BillRow, numbers: set[str], orders: dict[str, set[str]]) -> str:
    number = row.transaction_no
    if number in numbers:
        return number
    head = number.partition("_")[0]
    if head != number and head in numbers:
        return head
    if suffixed := _SUFFIXED.fullmatch(number):
        return suffixed[1]
    same_order = orders.get(row.merchant_order_no, set())
    return next(iter(same_order)) if len(same_order) == 1 else ""
