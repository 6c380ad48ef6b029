"""Write down the statements of whole orders, values and all, without leaving anything: each order
is placed, paid and read by the market's own verbs within a transaction that is rolled back. Played
back later, they are what the database alone can do with exactly these statements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
from django.db import transaction

from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.gateways import make_sandbox
from gongdao.front.stores import get_stores
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.find_order import find_order
from gongdao.market.place_order import Placed, Wanted, place_order
from gongdao.market.reveal_order import reveal_order
from gongdao.market.terms import terms_number
from gongdao.payments.port import Report, Told

Step = tuple[bytes, Mapping[str, Any]]
"""A statement and its values."""
Tape = list[list[Step]]
"""One order: the statements of each of its transactions."""


class _Undone(Exception):
    """The order was written down; nothing of it stays."""


def record_orders(*, listing_id: UUID, version: int, count: int) -> list[Tape]:
    """The tapes of ``count`` orders of one unit each."""
    return [_record(listing_id, version, number) for number in range(count)]


def _record(listing_id: UUID, version: int, number: int) -> Tape:
    tape: Tape = []
    try:
        with transaction.atomic():
            placed = _place(tape, listing_id, version, number)
            with _taping() as steps:
                _confirm(placed)
            tape.extend([one] for one in steps)
            _read(tape, placed)
            raise _Undone
    except _Undone:
        return tape


def _place(tape: Tape, listing_id: UUID, version: int, number: int) -> Placed:
    sandbox = make_sandbox()
    wanted = Wanted(
        listing_id=listing_id,
        version=version,
        quantity=1,
        contact=f"raw-{number}@example.invalid",
        terms=terms_number(now()),
        gateway=sandbox.name,
        account=sandbox.account,
        answers={},
    )
    with _taping() as steps:
        placed = place_order(stores=get_stores(), wanted=wanted, at=now())
    tape.extend([one] for one in steps)
    return placed


def _confirm(placed: Placed) -> None:
    sandbox = make_sandbox()
    trade_no = f"T{placed.number}"
    total = Money(placed.total.minor, placed.total.currency)
    confirm_payment(
        stores=get_stores(),
        report=Report(placed.number, trade_no, Told.PAID, total, sandbox.account),
        gateway=sandbox.name,
        way="callback",
        digest=hashlib.sha256(trade_no.encode()).digest(),
        at=now(),
    )


def _read(tape: Tape, placed: Placed) -> None:
    """Find the order and read its secret: each statement is a transaction of its own."""
    stores = get_stores()
    with _taping() as steps:
        order = find_order(stores=stores, number=placed.number, code=placed.code, at=now())
        reveal_order(stores=stores, order=order, who="buyer", at=now())
    tape.extend([one] for one in steps)


@contextmanager
def _taping() -> Iterator[list[Step]]:
    """The hot statements that run inside, as they are sent."""
    steps: list[Step] = []

    class Taping(psycopg.Cursor[Any]):
        """A cursor that writes down what is prepared."""

        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            """Write it down, and run it."""
            if more.get("prepare"):
                steps.append((query, params))
            return super().execute(query, params, **more)

    with patch.object(psycopg, "Cursor", Taping):
        yield steps
