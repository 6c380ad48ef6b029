"""The key that guards orders: what buyers enter, who they are, their query codes."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from gongdao.core.envelope import derive, open_sealed, seal
from gongdao.core.errors import KeyGone
from gongdao.core.ids import code_of_bits, new_number, spell_bits
from gongdao.core.keys import get_key, make_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef

_SUBJECT = SubjectRef("market", UUID(int=1))
_MARK = 3
_held: dict[bytes, bytes] = {}


def market_key(stores: Stores, at: datetime) -> bytes:
    """The one key of this installation's market, made when first needed; held in memory.

    Several threads may read it at once. No lock keeps them apart: one that had it would wait for
    a connection of the pool, which those that wait for the lock may hold, all of them.
    """
    master = stores.masters.current
    found = _held.get(master)
    if found is None:
        found = _get_or_make(stores, at)
        if not connection.in_atomic_block:  # or it might go with a transaction that is undone
            _held[master] = found
    return found


def _get_or_make(stores: Stores, at: datetime) -> bytes:
    try:
        return get_key(stores=stores, subject=_SUBJECT)
    except KeyGone:
        try:
            with transaction.atomic():
                return make_key(stores=stores, subject=_SUBJECT, at=at)
        except IntegrityError:  # another process was quicker
            return get_key(stores=stores, subject=_SUBJECT)


class OrderKeys:
    """What is derived from the market's key, once: deriving costs more than using."""

    def __init__(self, key: bytes) -> None:
        self._sealing = derive(key, "order")
        self._naming = derive(key, "buyer")
        self._codes = derive(key, "query code")
        self._marks = derive(key, "number")
        self._subjects = derive(key, "log subject")

    def seal(self, order_id: UUID, plain: bytes) -> bytes:
        """What the buyer entered, bound to the order."""
        return seal(self._sealing, plain, order_id.bytes)

    def open(self, order_id: UUID, sealed: bytes) -> bytes:
        """What ``seal`` was given."""
        return open_sealed(self._sealing, sealed, order_id.bytes)

    def buyer(self, who: str) -> bytes:
        """A digest of ``who`` buys: equal for equal buyers, of no use without the key."""
        return hmac.digest(self._naming, who.strip().lower().encode(), "sha256")

    def number(self, listing_id: UUID) -> str:
        """A number for an order of this listing: random but for its last signs, which only the key
        can tie to the listing. So a payment of which no row is left still says what it was for."""
        head = new_number()[:-_MARK]
        return head + self._mark(head, listing_id)

    def is_of(self, number: str, listing_id: UUID) -> bool:
        """Whether ``number`` may be of an order of the listing; by chance of one in 32,768 it only
        seems so."""
        head = number[:-_MARK]
        return hmac.compare_digest(number.encode(), (head + self._mark(head, listing_id)).encode())

    def _mark(self, head: str, listing_id: UUID) -> str:
        digest = hmac.digest(self._marks, listing_id.bytes + head.encode(), "sha256")
        return spell_bits(int.from_bytes(digest[:2], "big"), _MARK).upper()

    def subject(self, number: str) -> str:
        """What the public log calls the order of this number: random to whoever lacks the key, and
        found again from the number alone."""
        return f"order:{hmac.digest(self._subjects, number.encode(), 'sha256')[:16].hex()}"

    def code(self, order_id: UUID, code_round: int) -> str:
        """The query code of an order, as people type it: 50 bits that only the key can tell."""
        digest = hmac.digest(self._codes, order_id.bytes + bytes([code_round]), "sha256")
        return code_of_bits(int.from_bytes(digest[:8], "big") >> 14)


_derived: dict[bytes, OrderKeys] = {}


def order_keys(stores: Stores, at: datetime) -> OrderKeys:
    """The derived keys of this installation, held in memory."""
    key = market_key(stores, at)
    if key not in _derived:
        _derived[key] = OrderKeys(key)
    return _derived[key]
