"""The key of one case: what people wrote and handed in is sealed under it, and goes with it.

It is made of the market's key and of 32 random bytes that stand in the case's own row, so that it
costs no statement to make or to find. Without those bytes nobody makes it again, whatever else he
has: emptying them destroys all that was sealed, although no row of it may be deleted. A case from
before this has none and lies under the market's key.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from uuid import UUID

from gongdao.core.blobs import blob_name
from gongdao.core.envelope import address_of, derive, open_sealed, seal
from gongdao.core.errors import KeyGone
from gongdao.core.stores import Stores
from gongdao.disputes.models import Case
from gongdao.market.market_key import OrderKeys, market_key, order_keys

OWN_KEY_BYTES = 32
_derived: dict[bytes, bytes] = {}


def new_own_key() -> bytes:
    """What makes the key of a new case."""
    return secrets.token_bytes(OWN_KEY_BYTES)


def _of_market(key: bytes) -> bytes:
    """What every case's key is made with, derived once."""
    if key not in _derived:
        _derived[key] = derive(key, "dispute case")
    return _derived[key]


class CaseKeys:
    """What seals and opens all that belongs to one case."""

    def __init__(self, case_id: UUID, key: bytes) -> None:
        self._case_id, self._key = case_id, key

    def seal(self, row_id: UUID, plain: bytes) -> bytes:
        """``plain``, bound to its row."""
        return seal(self._key, plain, row_id.bytes)

    def open(self, row_id: UUID, sealed: bytes | memoryview) -> bytes:
        """What ``seal`` was given."""
        return open_sealed(self._key, bytes(sealed), row_id.bytes)

    def seal_words(self, row_id: UUID, words: str) -> bytes:
        """Somebody's words, bound to their row."""
        return self.seal(row_id, words.encode())

    def read_words(self, row_id: UUID, sealed: bytes | memoryview) -> str:
        """What ``seal_words`` was given."""
        return self.open(row_id, sealed).decode()

    def place(self, digest: bytes) -> str:
        """Where the file of this digest (of its plain bytes) lies in the store: a name that tells
        nothing, and the same for the same file of the case."""
        return blob_name(self._case_id, address_of(self._key, digest.hex()))


class _OldKeys(CaseKeys):
    """Those of a case from before it had a key of its own."""

    def __init__(self, case_id: UUID, key: bytes, market: OrderKeys) -> None:
        super().__init__(case_id, key)
        self._market = market

    def seal(self, row_id: UUID, plain: bytes) -> bytes:
        return self._market.seal(row_id, plain)

    def open(self, row_id: UUID, sealed: bytes | memoryview) -> bytes:
        return self._market.open(row_id, bytes(sealed))

    def place(self, digest: bytes) -> str:
        files = derive(self._key, "dispute files")
        address = hmac.digest(files, self._case_id.bytes + digest, "sha256")
        return blob_name(self._case_id, address.hex())


def case_keys(*, stores: Stores, case: Case, at: datetime) -> CaseKeys:
    """The keys of ``case``; no statement. Raise KeyGone where they were destroyed."""
    if case.erased_at is not None:
        raise KeyGone
    own, market = bytes(case.own_key), market_key(stores, at)
    if not own:
        return _OldKeys(case.id, market, order_keys(stores, at))
    return CaseKeys(case.id, hmac.digest(_of_market(market), case.id.bytes + own, "sha256"))
