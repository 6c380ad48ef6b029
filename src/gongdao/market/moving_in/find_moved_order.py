"""Open an order of an old shop: by its number and what the buyer alone knows, never by the number.

Where he chose a search password there, only that opens it; else the e-mail address that he gave.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from gongdao.core.attempts import USED_UP, Limit, count_attempt, used_up_values
from gongdao.core.envelope import same
from gongdao.core.errors import OrderLocked, TooManyAttempts
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.market.models import Listing
from gongdao.market.moved_models import MovedLook, MovedOrder, MovedThing
from gongdao.market.moving_in.dujiaoka_dump import MovedOrderState
from gongdao.market.moving_in.keep_orders import OldOrderKeys, old_order_keys
from gongdao.market.states import ListingState
from gongdao.vault.run_sql import run_prepared

GUESSES = Limit("moved-order", 10, timedelta(hours=1))
_LONGEST_NUMBER = 150
_LONGEST_PROOF = 254
_MOST_SAME = 5
"""Orders of one number: shops draw them at random, so there is nearly always one."""


@dataclass(frozen=True)
class OpenedOrder:
    """An old order as its buyer sees it. ``content`` is what was delivered, or what he filled in
    where a person delivered (``automatic`` False)."""

    number: str
    merchant_name: str
    title: str
    state: MovedOrderState
    quantity: int
    paid: Money
    ordered_at: datetime | None
    automatic: bool
    content: str = field(repr=False)


def open_moved_order(
    *, stores: Stores, number: str, proof: str, who: str, at: datetime
) -> OpenedOrder:
    """The old order that ``number`` and ``proof`` open together; that ``who`` looked is recorded.

    Raise OrderLocked for a number that is none and for a wrong proof alike, TooManyAttempts after
    ten wrong ones in an hour, right or not.
    """
    number, proof = number.strip()[:_LONGEST_NUMBER], proof[:_LONGEST_PROOF]
    values = used_up_values(stores=stores, limit=GUESSES, who=number, at=at)
    ((used_up,),) = run_prepared(f"SELECT {USED_UP}", values)
    if used_up is not None:
        raise TooManyAttempts(used_up)
    keys = old_order_keys(stores, at)
    digests = {kind: keys.proof(number, proof, by_password=kind) for kind in (True, False)}
    rows = MovedOrder.objects.filter(number=number).select_related("merchant")[:_MOST_SAME]
    fitting = [row for row in rows if same(bytes(row.proof), digests[row.by_password])]
    if not fitting or not proof.strip():
        count_attempt(stores=stores, limit=GUESSES, who=number, at=at)
        raise OrderLocked
    row = fitting[0]
    MovedLook.objects.create(order=row, who=keys.who(who), at=at)
    return _read(keys, row)


def _read(keys: OldOrderKeys, row: MovedOrder) -> OpenedOrder:
    plain = json.loads(keys.open(row.id, bytes(row.sealed)))
    return OpenedOrder(
        number=row.number,
        merchant_name=row.merchant.display_name,
        title=plain["title"],
        state=MovedOrderState(row.state),
        quantity=row.quantity,
        paid=Money(row.paid_minor, row.currency),
        ordered_at=row.ordered_at,
        automatic=plain["automatic"],
        content=plain["content"],
    )


def find_moved_listing(*, old_id: int) -> UUID | None:
    """The published listing that goods ``old_id`` of an old shop became; None where there is none,
    or several shops brought goods of this number."""
    if not 0 < old_id < 1 << 63:
        return None
    rows = MovedThing.objects.filter(kind="goods", old_id=old_id).values_list("new_id", flat=True)
    found = list(rows[:2])
    if len(found) != 1:
        return None
    published = Listing.objects.filter(id=found[0], state=ListingState.PUBLISHED)
    return found[0] if published.exists() else None
