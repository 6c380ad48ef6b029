"""What a server keeps things with, handed to every verb that needs it: keys and blobs."""

from __future__ import annotations

from dataclasses import dataclass, field

from gongdao.core.blobs import BlobStore
from gongdao.core.envelope import MasterKeys


@dataclass(frozen=True)
class Stores:
    """The master keys and the place for blobs of one installation."""

    masters: MasterKeys = field(repr=False)
    blobs: BlobStore
