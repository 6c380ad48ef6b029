"""Secrets of many units, decrypted for the vault's own work: nobody gets to see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from gongdao.core.errors import KeyGone
from gongdao.core.keys import get_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.make_sku import get_shelf
from gongdao.vault.sealing import OpenedSecret, Shelf, open_secret

_SEALED = """
SELECT s.id, u.batch_id, u.sku_id, s.ciphertext, s.commitment, s.canon_v
FROM vault_sealed s JOIN vault_unit u ON u.id = s.id WHERE s.id = ANY(%s) ORDER BY s.id
"""


@dataclass(frozen=True)
class Opened:
    """Secret ``sealed_id``, or None where the key of its batch was destroyed."""

    sealed_id: int
    batch: UUID
    shelf: Shelf
    secret: OpenedSecret | None = field(repr=False)


class Opener:
    """Opens secrets; keeps keys and shelves of the batches it has met for as long as it lives."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._keys: dict[UUID, bytes | None] = {}
        self._shelves: dict[UUID, Shelf] = {}

    def open(self, sealed_ids: Sequence[int]) -> Iterator[Opened]:
        """Those that exist, in the order of ids; raise SealedDataError where one does not open."""
        with connection.cursor() as cursor:
            cursor.execute(_SEALED, (list(sealed_ids),))
            rows = cursor.fetchall()
        for sealed_id, batch, sku, ciphertext, commitment, canon_v in rows:
            key, shelf = self._key(batch), self._shelf(sku)
            secret = None
            if key is not None:
                secret = open_secret(
                    key,
                    shelf,
                    sealed_id=sealed_id,
                    canon_v=canon_v,
                    ciphertext=bytes(ciphertext),
                    commitment=bytes(commitment),
                )
            yield Opened(sealed_id, batch, shelf, secret)

    def _key(self, batch: UUID) -> bytes | None:
        if batch not in self._keys:
            try:
                self._keys[batch] = get_key(stores=self._stores, subject=SubjectRef("batch", batch))
            except KeyGone:
                self._keys[batch] = None
        return self._keys[batch]

    def _shelf(self, sku: UUID) -> Shelf:
        if sku not in self._shelves:
            self._shelves[sku] = get_shelf(sku)
        return self._shelves[sku]
