"""Names that follow from a secret without telling it: of a batch, and of a supplier."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID

from gongdao.core.envelope import derive
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef

_PIECE = 1 << 20
_FIXED_BITS = 0xF << 76 | 0b11 << 62
"""Where a UUID says which version it is (8: made by a rule of its own) and which variant."""


def batch_of_file(*, stores: Stores, sku: UUID, file: BinaryIO) -> UUID:
    """The id of the batch that ``file`` (which can seek) makes on the shelf ``sku``: the same file
    again is the same batch. Keyed: it says nothing about what is in the file."""
    digest = sha256(sku.bytes)
    file.seek(0)
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(0)
    key = derive(stores.masters.current, "vault batch of file")
    keyed = int.from_bytes(hmac.digest(key, digest.digest(), "sha256")[:16], "big")
    return UUID(int=keyed & ~_FIXED_BITS | 8 << 76 | 0b10 << 62)


def supplier_pseudonym(*, stores: Stores, seller: SubjectRef, name: str) -> str:
    """What the log calls the supplier ``name`` of ``seller``: always the same, and no name."""
    key = derive(stores.masters.current, "vault supplier")
    said = f"{seller.kind}:{seller.id}/{' '.join(name.split())}"
    return f"supplier:{hmac.digest(key, said.encode(), 'sha256').hex()[:32]}"
