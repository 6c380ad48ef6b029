"""Anchors in a receipt: an outsider's word that a tree, with the receipt's leaf in it, existed.

An anchor is about one checkpoint of the same log. It says something of the leaf if the leaf is in
that tree, and if the consistency proof shows that the receipt's tree and the anchored one are
stages of a single tree. A time-stamp is then checked wholly; a transaction on a chain can only be
named here, for whoever wants to look it up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from gongdao_verify.anchor import ANCHORED, check_token
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.merkle import BadProof, check_consistency
from gongdao_verify.receipt_extra import BadReceipt, is_number, read_hex
from gongdao_verify.signed_note import BadNote, decode_base64, parse_note, verify_note
from gongdao_verify.tlog_policy import LogKey

RFC3161, EVM = "rfc3161", "evm"
_TRANSACTION = re.compile(r"0x[0-9a-f]{64}")
_MOST_HASHES = 64


@dataclass(frozen=True)
class AnchorSeen:
    """One anchor: ``trusted`` only if all of it was checked up to something that the reader trusts.

    Otherwise ``reason`` (a key of words.py) says why not; ``at`` and ``authority`` are then a mere
    claim. ``reference`` names a transaction.
    """

    kind: str
    size: int
    trusted: bool = False
    reason: str = ""
    at: datetime | None = None
    authority: str = ""
    reference: str = ""


def judge_anchor(
    anchor: Mapping[str, Any],
    checkpoint: Checkpoint,
    index: int,
    log: LogKey | None,
    roots: Sequence[x509.Certificate],
) -> AnchorSeen:
    """Judge ``anchor`` for the leaf at ``index`` in the tree of ``checkpoint``.

    ``log`` is the log that signed, if it is known. BadReceipt: the anchor is malformed, about
    something else, or does not hold.
    """
    kind = anchor.get("kind")
    if kind not in (RFC3161, EVM):
        return AnchorSeen(str(kind)[:32], 0, reason="anchor_kind")
    text, size = _check_place(anchor, checkpoint, index, log)
    if kind == EVM:
        return AnchorSeen(EVM, size, reason="anchor_online", reference=_reference(anchor))
    try:
        token = decode_base64(_text(anchor, "token"))
    except BadNote:
        raise BadReceipt("bad_anchor", "token") from None
    stamp, findings = check_token(token, text.encode(), roots)
    if findings:
        raise BadReceipt("bad_anchor", next(iter(findings)).detail)
    trusted = stamp.state == ANCHORED
    return AnchorSeen(RFC3161, size, trusted, stamp.reason, stamp.at, stamp.authority)


def _check_place(
    anchor: Mapping[str, Any], checkpoint: Checkpoint, index: int, log: LogKey | None
) -> tuple[str, int]:
    """The text and size of the anchored checkpoint, after checking that the leaf is in it."""
    try:
        note = parse_note(_text(anchor, "checkpoint").encode())
        anchored = Checkpoint.parse(note.text)
        if log is not None and not verify_note(note, log.keys_at(anchored.size)):
            raise BadReceipt("bad_anchor", "unsigned")
    except (BadNote, UnicodeEncodeError) as bad:
        raise BadReceipt("bad_anchor", str(bad)) from None
    named = (anchor.get("size"), read_hex(anchor.get("root"), 32), checkpoint.origin)
    if not is_number(named[0]) or named != (anchored.size, anchored.root, anchored.origin):
        raise BadReceipt("bad_anchor", "another checkpoint")
    if index >= anchored.size:
        raise BadReceipt("bad_anchor", "the leaf is not in it")
    path = anchor.get("consistency", [])
    if not isinstance(path, list) or len(path) > _MOST_HASHES:
        raise BadReceipt("bad_anchor", "consistency")
    old, new = sorted((checkpoint, anchored), key=lambda one: one.size)
    try:
        check_consistency(
            old_size=old.size,
            old_root=old.root,
            new_size=new.size,
            new_root=new.root,
            path=[read_hex(one, 32) for one in path],
        )
    except BadProof as bad:
        raise BadReceipt("bad_anchor", str(bad)) from None
    return note.text, anchored.size


def _reference(anchor: Mapping[str, Any]) -> str:
    """``CHAIN/BLOCK/TRANSACTION``, to be looked up."""
    chain, block, transaction = (anchor.get(key) for key in ("chain_id", "block", "tx"))
    if (
        not is_number(chain)
        or not is_number(block)
        or not _TRANSACTION.fullmatch(_text(anchor, "tx"))
    ):
        raise BadReceipt("bad_anchor", "transaction")
    return f"{chain}/{block}/{transaction}"


def _text(anchor: Mapping[str, Any], key: str) -> str:
    value = anchor.get(key)
    if not isinstance(value, str):
        raise BadReceipt("bad_anchor", key)
    return value
