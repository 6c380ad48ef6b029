"""What a transaction that anchors a checkpoint says: 89 bytes, the same on every chain.

    "gongdao-anchor/v1" ‖ SHA-256(origin) ‖ size (8 bytes, big-endian) ‖ root

The checkpoint's text could be longer than a chain likes; these bytes name it just as well.
"""

from __future__ import annotations

import hashlib

from gongdao_verify.checkpoint import Checkpoint

MAGIC = b"gongdao-anchor/v1"
LENGTH = len(MAGIC) + 32 + 8 + 32


def anchor_data(checkpoint: Checkpoint) -> bytes:
    """The bytes that anchor ``checkpoint``."""
    origin = hashlib.sha256(checkpoint.origin.encode()).digest()
    return MAGIC + origin + checkpoint.size.to_bytes(8, "big") + checkpoint.root
