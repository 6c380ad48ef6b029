"""Two checkpoints of a log: stages of one tree, or proof that the log was forked.

Two of one size must have one root. Of different sizes, the larger must continue the smaller; that
can be seen from the log's tiles, which need not be trusted: they must lead to the larger root.
"""

from __future__ import annotations

from dataclasses import dataclass

from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.merkle import EMPTY_ROOT, BadProof, check_consistency
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.signed_note import BadNote, Note, parse_note, verify_note
from gongdao_verify.tlog_policy import Policy
from gongdao_verify.tlog_proof import HEADER, TlogProof
from gongdao_verify.tree_reader import TileSource, TreeReader

CONSISTENT, FORK, UNDECIDED = "consistent", "fork", "undecided"


@dataclass(frozen=True)
class ForkVerdict:
    """``reason`` is a key of words.py where undecided; ``signed``: both are by a log's known key.

    Only with ``signed`` does a fork prove anything. ``notes`` are the two checkpoints as given.
    """

    state: str
    notes: tuple[bytes, bytes]
    signed: bool = False
    reason: str = ""
    detail: str = ""

    @property
    def exit_code(self) -> int:
        """0 consistent, 1 fork, 2 undecided."""
        return {CONSISTENT: 0, FORK: 1}.get(self.state, 2)


class _Undecided(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def judge_fork(
    first: bytes, second: bytes, *, policy: Policy | None, source: TileSource | None = None
) -> ForkVerdict:
    """Compare two signed checkpoints (or the checkpoints of two receipts).

    Without ``policy`` signatures are not checked; without ``source`` (of the log's tiles) only
    checkpoints of one size can be compared. BadReceipt: one of them cannot be read.
    """
    notes = _take_checkpoint(first), _take_checkpoint(second)
    try:
        read = [_read(note, policy) for note in notes]
        old, new = sorted(read, key=lambda one: one.size)
        state = CONSISTENT if _continues(old, new, source) else FORK
    except _Undecided as why:
        return ForkVerdict(UNDECIDED, notes, reason=why.reason, detail=why.detail)
    return ForkVerdict(state, notes, signed=policy is not None)


def _take_checkpoint(data: bytes) -> bytes:
    if not data.startswith(HEADER.encode()):
        return data
    try:
        return TlogProof.parse(data).checkpoint
    except BadNote as bad:
        raise BadReceipt("no_receipt", str(bad)) from None


def _read(data: bytes, policy: Policy | None) -> Checkpoint:
    try:
        note = parse_note(data)
        checkpoint = Checkpoint.parse(note.text)
    except BadNote as bad:
        raise BadReceipt("bad_checkpoint", str(bad)) from None
    if policy is not None:
        _check_signed(note, checkpoint, policy)
    return checkpoint


def _check_signed(note: Note, checkpoint: Checkpoint, policy: Policy) -> None:
    log = policy.logs.get(checkpoint.origin)
    if log is None:
        raise _Undecided("unknown_log")
    try:
        held = verify_note(note, log.keys_at(checkpoint.size))
    except BadNote as bad:
        raise _Undecided("bad_signature", str(bad)) from None
    if not held:
        raise _Undecided("unsigned")


def _continues(old: Checkpoint, new: Checkpoint, source: TileSource | None) -> bool:
    if old.origin != new.origin:
        raise _Undecided("other_log")
    if old.size == new.size:
        return old.root == new.root
    if old.size == 0:
        return old.root == EMPTY_ROOT
    if source is None:
        raise _Undecided("need_tiles")
    try:
        reader = TreeReader(source, new.size, new.root)
        path = reader.consistency_path(old.size)
    except (BadProof, LookupError, OSError) as error:
        raise _Undecided("bad_tiles", str(error)) from None
    try:
        check_consistency(
            old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, path=path
        )
    except BadProof:
        return False
    return True
