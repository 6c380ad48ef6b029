"""Old orders, kept so that their old links go on working for who knows what belongs to them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.envelope import derive, open_sealed, seal
from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.market.market_key import market_key
from gongdao.market.moved_models import MovedOrder
from gongdao.market.moving_in import dujiaoka_dump as old

_COLUMNS = {
    "id": "uuid",
    "old_id": "bigint",
    "number": "text",
    "state": "text",
    "quantity": "bigint",
    "paid_minor": "bigint",
    "currency": "text",
    "ordered_at": "timestamptz",
    "proof": "bytea",
    "by_password": "boolean",
    "sealed": "bytea",
}
_NAMES = ", ".join(_COLUMNS)
_KEEP = f"""
INSERT INTO market_movedorder (merchant_id, shop, moved_at, {_NAMES})
SELECT %(merchant)s, %(shop)s, %(at)s, {_NAMES}
FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, kind in _COLUMNS.items())})
  AS given ({_NAMES})
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class OldShop:
    """One old shop of a merchant."""

    merchant_id: UUID
    name: str


class OldOrderKeys:
    """What is derived from the market's key for old orders."""

    def __init__(self, key: bytes) -> None:
        self._sealing = derive(key, "moved order")
        self._naming = derive(key, "moved order proof")

    def seal(self, order_id: UUID, plain: bytes) -> bytes:
        """Bound to the order."""
        return seal(self._sealing, plain, order_id.bytes)

    def open(self, order_id: UUID, sealed: bytes) -> bytes:
        """What ``seal`` was given."""
        return open_sealed(self._sealing, sealed, order_id.bytes)

    def proof(self, number: str, text: str, *, by_password: bool) -> bytes:
        """A digest of what opens the order ``number``: a password as it was chosen, an address
        without regard to case. Of no use without the key, and different for each order."""
        said = text if by_password else text.strip().lower()
        words = json.dumps([number, by_password, said])
        return hmac.digest(self._naming, words.encode(), "sha256")

    def who(self, text: str) -> bytes:
        """A digest of who looked."""
        return hmac.digest(self._naming, b"who\0" + text.encode(), "sha256")


@lru_cache(maxsize=4)
def _derive(key: bytes) -> OldOrderKeys:
    return OldOrderKeys(key)


def old_order_keys(stores: Stores, at: datetime) -> OldOrderKeys:
    """The derived keys of this installation."""
    return _derive(market_key(stores, at))


def find_kept(shop: OldShop, orders: Sequence[old.MovedOrder]) -> set[int]:
    """Which of ``orders`` are kept already, by their old ids."""
    rows = MovedOrder.objects.filter(
        merchant_id=shop.merchant_id, shop=shop.name, old_id__in=[one.id for one in orders]
    )
    return set(rows.values_list("old_id", flat=True))


def keep_orders(
    *, stores: Stores, shop: OldShop, orders: Sequence[old.MovedOrder], at: datetime
) -> int:
    """Keep those of ``orders`` that are not kept; how many. Two at once keep each order once."""
    keys, kept = old_order_keys(stores, at), find_kept(shop, orders)
    fresh = {one.id: one for one in orders if one.id not in kept}
    if fresh:
        rows = [_row(keys, one, at) for one in fresh.values()]
        values: dict[str, Any] = {"merchant": shop.merchant_id, "shop": shop.name, "at": at}
        values |= zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, values)
    return len(fresh)


def _row(keys: OldOrderKeys, one: old.MovedOrder, at: datetime) -> tuple[Any, ...]:
    """What is kept of an order, in the order of `_COLUMNS`."""
    order_id = new_id(at)
    plain = {
        "title": one.title,
        "email": one.email,
        "content": one.content,
        "automatic": one.automatic,
        "trade_no": one.trade_no,
    }
    secret = one.password or one.email.strip()
    by_password = bool(one.password)
    proof = keys.proof(one.number, secret, by_password=by_password) if secret else b""
    sealed = keys.seal(order_id, json.dumps(plain, ensure_ascii=False).encode())
    return (
        order_id,
        one.id,
        one.number,
        one.state.value,
        one.quantity,
        one.paid.minor,
        one.paid.currency,
        one.created_at,
        proof,
        by_password,
        sealed,
    )
