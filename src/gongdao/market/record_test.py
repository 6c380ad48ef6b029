"""Keep what the buyer says of the test he made right after the reveal (A16): works, or does not.

What he writes is sealed, since it may hold the secret itself. The public log gets commitments only:
whoever is given the openings can check that this was said, and when.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Order, OrderTest
from gongdao.market.states import OrderState

MOST_TESTS = 5
LONGEST_NOTE = 500


@dataclass(frozen=True)
class ToldTest:
    """What a buyer tells of his test: whether the secret works, whether the screen was recorded
    (None: not said), and his own words."""

    works: bool
    recorded: bool | None
    note: str = field(repr=False)
    at: datetime | None = field(default=None, compare=False)


@transaction.atomic
def record_test(*, stores: Stores, order_id: UUID, result: ToldTest, at: datetime) -> bool:
    """Add ``result`` to the order; the same again changes nothing. False where nothing can be
    tested: not revealed yet, completed or given back already, or told five times.

    Locks the order's row first, its chain in the log after it, as every verb of the market does.
    """
    order = Order.objects.select_for_update().get(id=order_id)
    if order.state != OrderState.DELIVERED or order.revealed_at is None:
        return False
    keys = order_keys(stores, at)
    told = list(order.tests.order_by("at"))
    if told and _read(keys, told[-1]) == result:
        return True
    if len(told) >= MOST_TESTS:
        return False
    plain = json.dumps({"note": result.note, "recorded": result.recorded}).encode()
    test_id = new_id(at)
    sealed = keys.seal(test_id, plain)
    OrderTest.objects.create(id=test_id, order=order, works=result.works, sealed=sealed, at=at)
    said = {"works": result.works, "told": sha256(plain).hexdigest()}
    leaf = NewLeaf("order.tested", order.log_subject, secret=said)
    append_leaves(stores=stores, leaves=[leaf], at=at)
    return True


def read_tests(*, stores: Stores, order_id: UUID, at: datetime) -> list[ToldTest]:
    """What the buyer told, in the order of telling."""
    keys = order_keys(stores, at)
    rows = OrderTest.objects.filter(order_id=order_id).order_by("at")
    return [_read(keys, row) for row in rows]


def _read(keys: OrderKeys, row: OrderTest) -> ToldTest:
    plain = json.loads(keys.open(row.id, bytes(row.sealed)))
    return ToldTest(row.works, plain["recorded"], plain["note"], row.at)
