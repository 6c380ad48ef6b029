"""The leaf by which the log itself says that an anchor was obtained."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256

from gongdao.log.anchors.port import Receipt
from gongdao.log.new_leaf import NewLeaf
from gongdao_verify.canonical import canonical
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import LOG_SUBJECT

_NAMES_IT = ("block", "chain_id", "tx")


def anchored_leaf(receipt: Receipt, checkpoint: Checkpoint) -> NewLeaf:
    """``log.anchor`` for a confirmed ``receipt`` of ``checkpoint``."""
    return NewLeaf(
        "log.anchor",
        LOG_SUBJECT,
        {
            "kind": receipt.kind,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "receipt_sha256": receipt_digest(receipt).hex(),
        },
    )


def receipt_digest(receipt: Receipt) -> bytes:
    """SHA-256 of what others get to see of the anchor: the time-stamp's bytes, or the canonical
    JSON of chain, transaction and block."""
    if "token" in receipt.fields:
        return sha256(b64decode(str(receipt.fields["token"]))).digest()
    return sha256(canonical({name: receipt.fields[name] for name in _NAMES_IT})).digest()
