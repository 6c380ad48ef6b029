"""A log's signed promise for a leaf that had no receipt yet: sound, kept, open, or broken.

    gongdao-promise/v1
    ORIGIN
    LEAF HASH (hex)
    DEADLINE (UTC, to the second)

Without the log's tiles only form and signature can be judged. With them: the leaf is in the tree
(kept); it is not, and the tree holds a leaf that the log itself dates after the deadline (broken:
promise and checkpoint together are proof); or neither (open). No clock is asked but the log's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import BadLeaf, parse_leaf
from gongdao_verify.merkle import BadProof, leaf_hash
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.signed_note import BadNote, Note, is_key_name, parse_note, verify_note
from gongdao_verify.tlog_policy import LogKey, Policy
from gongdao_verify.tlog_tiles import TILE_WIDTH, split_bundle, tile_path, width_at
from gongdao_verify.tree_reader import TileSource, TreeReader

HEADER = "gongdao-promise/v1"
_HASH = re.compile(r"[0-9a-f]{64}")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class PromiseState(StrEnum):
    """What can be said of a promise; see docs/formats/log.md."""

    INVALID = "INVALID"
    UNCHECKED = "PROMISE_UNCHECKED"
    PROMISED = "PROMISED"
    KEPT = "PROMISE_KEPT"
    OPEN = "PROMISE_OPEN"
    BROKEN = "PROMISE_BROKEN"


@dataclass(frozen=True)
class PromiseVerdict:
    """What `judge_promise` answers. ``reason`` (a key of words.py) only where it is invalid;
    ``index`` where it was kept; ``size`` and ``seen`` (the log's own time of the newest leaf) where
    tiles were read; ``notes``, the two signed notes, where it was broken."""

    state: PromiseState
    origin: str = ""
    leaf_hash: bytes = b""
    deadline: datetime | None = None
    reason: str = ""
    detail: str = ""
    size: int | None = None
    index: int | None = None
    seen: datetime | None = None
    notes: tuple[bytes, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 invalid or broken, else 0."""
        return int(self.state in (PromiseState.INVALID, PromiseState.BROKEN))


@dataclass(frozen=True)
class _Promise:
    origin: str
    leaf_hash: bytes
    deadline: datetime
    note: Note


def judge_promise(
    data: bytes,
    *,
    policy: Policy | None,
    source: TileSource | None = None,
    checkpoint: bytes = b"",
) -> PromiseVerdict:
    """Judge the promise in ``data``; BadReceipt where it is none, or ``checkpoint`` or tiles cannot
    be used.

    ``policy`` says which logs the reader knows. ``source`` are the log's tiles, ``checkpoint`` the
    signed note over them: with both it is seen whether the promise was kept.
    """
    promise = _parse(data)
    log = None
    try:
        if policy is not None:
            log = _check_signed(promise, policy)
    except BadReceipt as bad:
        return PromiseVerdict(
            PromiseState.INVALID,
            promise.origin,
            promise.leaf_hash,
            promise.deadline,
            reason=bad.code,
            detail=bad.detail,
        )
    state = PromiseState.UNCHECKED if log is None else PromiseState.PROMISED
    verdict = PromiseVerdict(state, promise.origin, promise.leaf_hash, promise.deadline)
    if source is None or log is None:
        return verdict
    return _look(promise, verdict, data, source, checkpoint, log)


def _parse(data: bytes) -> _Promise:
    try:
        note = parse_note(data)
    except BadNote as bad:
        raise BadReceipt("no_promise", str(bad)) from None
    lines = note.text.split("\n")
    if len(lines) != 5 or lines[0] != HEADER or lines[4]:
        raise BadReceipt("no_promise", "lines")
    _header, origin, digest, at, _end = lines
    if not is_key_name(origin) or not _HASH.fullmatch(digest) or not _AT.fullmatch(at):
        raise BadReceipt("no_promise", "lines")
    try:
        deadline = datetime.fromisoformat(at).astimezone(UTC)
    except ValueError:
        raise BadReceipt("no_promise", "time") from None
    return _Promise(origin, bytes.fromhex(digest), deadline, note)


def _check_signed(promise: _Promise, policy: Policy) -> LogKey:
    log = policy.logs.get(promise.origin)
    if log is None:
        raise BadReceipt("unknown_log", promise.origin)
    try:
        held = verify_note(promise.note, log.keys)
    except BadNote as bad:
        raise BadReceipt("bad_signature", str(bad)) from None
    if not held:
        raise BadReceipt("unsigned")
    return log


def _look(
    promise: _Promise,
    verdict: PromiseVerdict,
    data: bytes,
    source: TileSource,
    checkpoint: bytes,
    log: LogKey,
) -> PromiseVerdict:
    """The verdict, now that the log's tiles can be read."""
    head = _read_checkpoint(checkpoint, promise.origin, log)
    try:
        index, seen = _search(TreeReader(source, head.size, head.root), source, promise.leaf_hash)
    except (BadProof, BadLeaf, LookupError, OSError, ValueError) as error:
        raise BadReceipt("bad_tiles", str(error)) from None
    late = seen is not None and seen > promise.deadline
    state = PromiseState.KEPT if index is not None else PromiseState.OPEN
    if index is None and late:
        state = PromiseState.BROKEN
    return PromiseVerdict(
        state,
        verdict.origin,
        verdict.leaf_hash,
        verdict.deadline,
        size=head.size,
        index=index,
        seen=seen,
        notes=(data, checkpoint) if state is PromiseState.BROKEN else (),
    )


def _read_checkpoint(data: bytes, origin: str, log: LogKey) -> Checkpoint:
    try:
        note = parse_note(data)
        head = Checkpoint.parse(note.text)
        held = verify_note(note, log.keys_at(head.size))
    except BadNote as bad:
        raise BadReceipt("bad_checkpoint", str(bad)) from None
    if not held or head.origin != origin:
        raise BadReceipt("bad_checkpoint", "unsigned")
    return head


def _search(
    reader: TreeReader, source: TileSource, wanted: bytes
) -> tuple[int | None, datetime | None]:
    """The leaf's number, if it is in the tree, and when the log dates its newest leaf."""
    reader.root()
    if not reader.size:
        return None, None
    index = next((n for n in range(reader.size) if reader.hash_at(0, n) == wanted), None)
    last = reader.size - 1
    n = last // TILE_WIDTH
    entries = split_bundle(source(tile_path(None, n, width_at(reader.size, None, n))))
    entry = entries[last % TILE_WIDTH]
    if leaf_hash(entry) != reader.hash_at(0, last):
        raise BadProof(tile_path(None, n))
    return index, parse_leaf(entry).at
