"""The witness's judgement (c2sp.org/tlog-witness): what is asked, and whether to cosign it. Pure.

A witness cosigns a checkpoint only if the log signed it and it continues the one that the witness
cosigned last. The order of the checks is that of the specification, and so are the answers:

    400  no request of this form, or its old size is above the checkpoint's size
    404  a log that this witness does not know
    403  not signed by the log
    409  the old size is not that of the last cosigned checkpoint; the answer says which is
    422  does not continue the last cosigned checkpoint: a bad proof, or another root at one size
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from gongdao_verify.checkpoint import Checkpoint, parse_number
from gongdao_verify.merkle import EMPTY_ROOT, HASH_BYTES, BadProof, check_consistency
from gongdao_verify.signed_note import (
    BadNote,
    decode_base64,
    join_note,
    parse_note,
    verify_note,
)
from gongdao_verify.tlog_policy import LogSigner

MOST_BODY_BYTES = 128 * 1024
"""Enough for 63 hashes and some thirty signature lines of the largest kind."""
MOST_HASHES = 63
SIZE_TYPE = "text/x.tlog.size"
PLAIN_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    content_type: str = PLAIN_TYPE


@dataclass(frozen=True)
class Request:
    """An add-checkpoint request whose checkpoint the log did sign.

    ``text`` are the signed lines, ``lines`` the log's own signature lines, others left out.
    """

    old_size: int
    path: tuple[bytes, ...] = field(repr=False)
    checkpoint: Checkpoint
    text: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Refused:
    """Why nothing is cosigned. ``fork``: the log signed two roots for one size."""

    answer: Answer
    fork: bool = False


@dataclass(frozen=True)
class Cosigned:
    """What the witness cosigned last for a log: the size, its root, and when (seconds, UTC)."""

    size: int
    root: bytes
    at: int


def refuse(status: int, reason: str) -> Refused:
    """An answer with ``reason`` (plain English, for whoever runs the log)."""
    return Refused(Answer(status, f"{reason}\n".encode()))


def origin_name(origin: str) -> str:
    """How a log is named in the addresses of witnesses and mirrors: SHA-256 of its origin, hex."""
    return hashlib.sha256(origin.encode()).hexdigest()


def read_request(body: bytes, logs: Mapping[str, LogSigner]) -> Request | Refused:
    """Take ``body`` apart and check the log's signature; ``logs`` has the keys of each origin."""
    if len(body) > MOST_BODY_BYTES:
        return refuse(413, "the request is too long")
    head, gap, note = body.partition(b"\n\n")
    try:
        old_size, path = _read_head(head) if gap else (0, ())
    except (BadNote, UnicodeDecodeError):
        gap = b""
    if not gap:
        return refuse(400, "not an add-checkpoint request")
    origin = note.partition(b"\n")[0].decode("utf-8", "replace")
    log = logs.get(origin)
    if log is None:
        return refuse(404, "unknown log")
    return _read_checkpoint(note, log, old_size, path)


def _read_head(head: bytes) -> tuple[int, tuple[bytes, ...]]:
    first, *lines = head.decode("ascii").split("\n")
    word, blank, number = first.partition(" ")
    if word != "old" or not blank or len(lines) > MOST_HASHES:
        raise BadNote("no old size, or too many hashes")
    path = tuple(decode_base64(line) for line in lines)
    if any(len(one) != HASH_BYTES for one in path):
        raise BadNote("a hash is not 32 bytes long")
    return parse_number(number), path


def _read_checkpoint(
    data: bytes, log: LogSigner, old_size: int, path: tuple[bytes, ...]
) -> Request | Refused:
    try:
        note = parse_note(data)
        checkpoint = Checkpoint.parse(note.text)
    except BadNote as bad:
        if f"\n— {log.name} ".encode() in data:
            # Signed in the log's name, but not in a form that could hold.
            return refuse(403, f"invalid signature: {bad}")
        return refuse(400, f"malformed checkpoint: {bad}")
    try:
        held = verify_note(note, log.keys_at(checkpoint.size))
    except BadNote as bad:
        return refuse(403, f"invalid signature: {bad}")
    if not held:
        return refuse(403, "no signature by the log's key")
    if old_size > checkpoint.size:
        return refuse(400, "the old size is above the checkpoint's size")
    lines = tuple(one.signature.line for one in held)
    return Request(old_size, path, checkpoint, note.text, lines)


def judge_request(request: Request, last: Cosigned | None, *, at: int) -> Refused | None:
    """Whether ``request`` may be cosigned at ``at`` after ``last``; None means yes.

    Whoever calls this holds the lock of the log until what was cosigned is on disk.
    """
    size = last.size if last else 0
    if request.old_size != size:
        fork = last is not None and _differs(request.checkpoint, last)
        return Refused(Answer(409, f"{size}\n".encode(), SIZE_TYPE), fork)
    if last is not None and _differs(request.checkpoint, last):
        return Refused(refuse(422, "another root than was cosigned for this size").answer, True)
    problem = _find_fault(request, last)
    if problem:
        return refuse(422, problem)
    if last is not None and at < last.at:
        return refuse(503, "this witness's clock is behind its last cosignature")
    return None


def _differs(checkpoint: Checkpoint, last: Cosigned) -> bool:
    return checkpoint.size == last.size and checkpoint.root != last.root


def _find_fault(request: Request, last: Cosigned | None) -> str:
    """Why the checkpoint does not continue ``last``; empty if it does."""
    new = request.checkpoint
    if new.size == 0 and new.root != EMPTY_ROOT:
        return "the empty tree has another root"
    if last is None or last.size == 0:
        return "a consistency proof from nothing must be empty" if request.path else ""
    try:
        check_consistency(
            old_size=last.size,
            old_root=last.root,
            new_size=new.size,
            new_root=new.root,
            path=request.path,
        )
    except BadProof as bad:
        return f"bad consistency proof: {bad}"
    return ""


def join_cosigned(request: Request, line: str) -> bytes:
    """The note that the witness keeps and shows: the log's signature and its own ``line``."""
    return join_note(request.text, (*request.lines, line))
