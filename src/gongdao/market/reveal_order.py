"""Show a buyer the secrets he bought; every time is recorded, the first is in the public log."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from gongdao.core.errors import NotDelivered
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append_inline import leaf_values, move_ctes
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.find_order import FoundOrder
from gongdao.market.states import OrderState, Recording
from gongdao.vault.reveal import (
    REVEALED,
    RevealedSecret,
    read_revealed,
    reveal,
    reveal_ctes,
    reveal_values,
)
from gongdao.vault.run_sql import run_prepared

_READABLE = frozenset({OrderState.DELIVERED, OrderState.COMPLETED})


def reveal_order(
    *,
    stores: Stores,
    order: FoundOrder,
    who: str,
    recording: Recording = Recording.NOT_ASKED,
    at: datetime,
) -> list[RevealedSecret]:
    """The secrets of ``order`` in the order of their units. ``who`` looks: kept as a digest.
    ``recording``: what the buyer chose; kept with the first look, and never changed.

    Raise NotDelivered where there is nothing to show (yet, or any more).
    """
    if order.state not in _READABLE:
        raise NotDelivered
    claim = SubjectRef("order", order.id)
    if order.revealed_at is not None:
        return reveal(stores=stores, claim=claim, who=who, at=at)
    leaves = [NewLeaf("order.revealed", order.subject)]
    values = {
        "recording": recording.value,
        **reveal_values(stores=stores, claim=claim, who=who, at=at),
        **leaf_values(leaves=leaves, before=order.chain, at=at),
    }
    return read_revealed(stores=stores, rows=run_prepared(_statement(), values))


@cache
def _statement() -> str:
    return (
        load_sql("gongdao.market", "reveal_order")
        .replace("{revealed}", REVEALED)
        .replace("{reveal}", reveal_ctes())
        .replace("{log}", move_ctes("EXISTS (SELECT FROM first)"))
    )
