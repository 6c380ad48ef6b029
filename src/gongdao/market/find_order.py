"""Find an order by its number and its query code; the number alone opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from gongdao.core.attempts import USED_UP, Limit, count_attempt, used_up_values
from gongdao.core.envelope import same
from gongdao.core.errors import OrderLocked, TooManyAttempts
from gongdao.core.ids import tidy_code
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.log.append_inline import CHAIN_COLUMNS, CHAIN_JOIN, Chain
from gongdao.market.market_key import order_keys
from gongdao.market.states import OrderState
from gongdao.vault.run_sql import run_prepared

GUESSES = Limit("order-code", 10, timedelta(hours=1))
_LONGEST = 16


@dataclass(frozen=True)
class FoundOrder:
    """An order that was opened; what its pages and its verbs start from."""

    id: UUID
    number: str
    state: OrderState
    listing_id: UUID
    version: int
    quantity: int
    subject: str
    revealed_at: datetime | None
    chain: Chain


def find_order(*, stores: Stores, number: str, code: str, at: datetime) -> FoundOrder:
    """The order that ``number`` and ``code`` open together. Raise OrderLocked for a number that is
    none and for a wrong code alike, TooManyAttempts after ten wrong codes in an hour, right or not.
    """
    number = number.strip().upper()[:_LONGEST]
    values = used_up_values(stores=stores, limit=GUESSES, who=number, at=at)
    ((used_up, *row),) = run_prepared(_statement(), {**values, "number": number})
    if used_up is not None:
        raise TooManyAttempts(used_up)
    keys, known = order_keys(stores, at), row[0] is not None
    right = keys.code(row[0], row[1]) if known else keys.code(UUID(int=0), 0)
    if not same(right.encode(), tidy_code(code).encode()) or not known:
        count_attempt(stores=stores, limit=GUESSES, who=number, at=at)
        raise OrderLocked
    order_id, _round, state, listing, version, quantity, subject, revealed_at, *chain = row
    return FoundOrder(
        order_id,
        number,
        OrderState(state),
        listing,
        version,
        quantity,
        subject,
        revealed_at,
        Chain(bytes(chain[0]), chain[1], chain[2]),
    )


@cache
def _statement() -> str:
    return (
        load_sql("gongdao.market", "open_order")
        .replace("{used_up}", USED_UP)
        .replace("{chain}", CHAIN_COLUMNS)
        .replace("{chain_join}", CHAIN_JOIN.format(subject="o.log_subject"))
    )
