"""Show each new checkpoint to the witnesses, and keep what they sign (c2sp.org/tlog-witness).

Rounds, not queues: each round takes the newest published checkpoint and asks every witness that is
free, so that many cosign the same one, and a slow witness delays neither the others nor the log.
Auditors are not asked but looked at: they publish what they cosigned when they are through.

Nothing that comes back is trusted: it is bounded, parsed, and kept only if the key of the policy
signed our checkpoint.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gongdao.log.bounded_http import HttpPeer, Reply, Unanswered
from gongdao.log.witness import SIZE_TYPE, origin_name
from gongdao_verify.checkpoint import Checkpoint, parse_number
from gongdao_verify.signed_note import (
    BadNote,
    Note,
    VerifierKey,
    encode_base64,
    join_note,
    parse_note,
    parse_signature,
    verify_note,
    verify_signature,
)
from gongdao_verify.tlog_policy import LogSigner, Witness
from gongdao_verify.tree_reader import TileSource, TreeReader

MOST_ANSWER_BYTES = 256 * 1024
PATIENCE_S = 15
ROUND_S = 1.0
AUDITOR_ROUND_S = 60
_TRIES = 3
"""Requests to one witness in one round: it may say twice which size it has."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2, 600
_MOST_AHEAD_S = 600
"""A cosignature from further in the future than this is not kept."""
_LOG = logging.getLogger("gongdao.log.witnesses")


class WitnessProblem(Exception):
    """A witness did not cosign; the text says why. ``lasting``: asking soon does not help."""

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__(text)
        self.lasting = lasting


@dataclass(frozen=True)
class Published:
    """A checkpoint of ours with the log's own signature alone."""

    note: Note
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, data: bytes, log: LogSigner) -> Published:
        """Read a published note; BadNote unless the key of ``log`` for its size signed it."""
        note = parse_note(data)
        checkpoint = Checkpoint.parse(note.text)
        held = verify_note(note, log.keys_at(checkpoint.size))
        if not held or checkpoint.origin != log.name:
            raise BadNote("not signed by this log")
        return cls(Note(note.text, tuple(one.signature for one in held)), checkpoint)

    def dump(self, more: Sequence[str] = ()) -> bytes:
        """The note, and further signature lines below it."""
        return join_note(self.note.text, [*(one.line for one in self.note.signatures), *more])


@dataclass(frozen=True)
class Kept:
    """A cosignature that holds, over our checkpoint of ``size``."""

    size: int
    name: str
    line: str


def ask_witness(
    *, peer: HttpPeer, key: VerifierKey, shown: Published, old: int, source: TileSource, now: int
) -> Kept:
    """Ask the witness with ``key`` to cosign ``shown``; ``old`` is the size that it is thought to
    have cosigned last. Raise WitnessProblem; nothing else, whatever it answers."""
    size = shown.checkpoint.size
    for _try in range(_TRIES):
        try:
            reply = peer.post("add-checkpoint", _body(shown, old, source), limit=MOST_ANSWER_BYTES)
        except Unanswered as error:
            raise WitnessProblem(f"no answer: {error}") from None
        if reply.status == 200:
            return _read_lines(reply.body, key, shown, now)
        if reply.status != 409 or reply.content_type != SIZE_TYPE:
            raise WitnessProblem(_say(reply), lasting=400 <= reply.status < 500)
        last = _read_size(reply.body)
        if last > size:
            raise WitnessProblem(
                f"it has cosigned {last} leaves, and we have {size}: did somebody else sign?",
                lasting=True,
            )
        if last == old:
            raise WitnessProblem(f"it refuses the size {last} that it names", lasting=True)
        old = last
    raise WitnessProblem("it names another size each time")


def read_auditor(
    *, peer: HttpPeer, key: VerifierKey, log: LogSigner, ours: Callable[[int], bytes | None],
    now: int,
) -> Kept | None:  # fmt: skip
    """The cosignature under the checkpoint that the auditor shows; None where it shows none yet.

    ``ours`` gives our signed note of a size. Raise WitnessProblem; one says that the log signed
    two histories, with both notes.
    """
    try:
        reply = peer.get(f"{origin_name(log.name)}/checkpoint", limit=MOST_ANSWER_BYTES)
    except Unanswered as error:
        raise WitnessProblem(f"no answer: {error}") from None
    if reply.status == 404:
        return None
    if reply.status != 200:
        raise WitnessProblem(_say(reply))
    try:
        theirs = Published.parse(reply.body, log)
        kept = ours(theirs.checkpoint.size)
        if kept is None:
            return None  # between two of our checkpoints, or after all of ours
        mine = Published.parse(kept, log)
        if theirs.checkpoint.root != mine.checkpoint.root:
            notes = f"{mine.dump().decode()}\n{theirs.dump().decode()}"
            raise WitnessProblem(f"two histories are signed:\n{notes}", lasting=True)
        lines = [one.line for one in parse_note(reply.body).signatures if one.name == key.name]
        return _read_lines("".join(f"{line}\n" for line in lines).encode(), key, mine, now)
    except BadNote as bad:
        raise WitnessProblem(f"it shows no checkpoint of ours: {bad}") from None


def _body(shown: Published, old: int, source: TileSource) -> bytes:
    """An add-checkpoint request from the size ``old`` on."""
    new = shown.checkpoint
    path = TreeReader(source, new.size, new.root).consistency_path(old) if old else []
    lines = [f"old {old}", *(encode_base64(one) for one in path), ""]
    return "\n".join(lines).encode() + b"\n" + shown.dump()


def _read_lines(body: bytes, key: VerifierKey, shown: Published, now: int) -> Kept:
    """The signature by ``key`` among the lines of ``body``; those of other keys are ignored."""
    try:
        for line in body.decode("utf-8").split("\n"):
            signature = parse_signature(line) if line else None
            if signature is None or (signature.name, signature.key_id) != (key.name, key.key_id):
                continue
            verified = verify_signature(shown.note.text, signature, key)
            if (verified.at or 0) > now + _MOST_AHEAD_S:
                raise WitnessProblem("its cosignature is from the future")
            return Kept(shown.checkpoint.size, key.name, signature.line)
    except (BadNote, UnicodeDecodeError) as bad:
        raise WitnessProblem(f"its cosignature does not hold: {bad}") from None
    raise WitnessProblem("it did not sign with the key that the policy has")


def _read_size(body: bytes) -> int:
    try:
        return parse_number(body.decode("ascii").removesuffix("\n"))
    except (BadNote, UnicodeDecodeError):
        raise WitnessProblem("it names no size") from None


def _say(reply: Reply) -> str:
    words = " ".join(reply.body[:200].decode("utf-8", "replace").split())
    return f"it answers {reply.status} {words}".strip()


class _Asked:
    """What is known of one witness between rounds."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.size, self.failures = 0, 0
        self.due = 0.0
        self.busy, self.said = False, ""


@dataclass(frozen=True)
class Ground:
    """What the feeder stands on: the log's keys, what is published, the witnesses of the policy.

    ``checkpoint`` gives the published note (None before the first), ``ours`` that of a size;
    ``keep`` stores a cosignature, which may be one that is there already; ``clock`` is now, in
    seconds since 1970. Each may be called from several threads at once.
    """

    log: LogSigner
    witnesses: Sequence[Witness]
    checkpoint: Callable[[], bytes | None]
    ours: Callable[[int], bytes | None]
    source: TileSource
    keep: Callable[[Kept], None]
    clock: Callable[[], int]
    patience_s: float = PATIENCE_S
    auditor_round_s: float = AUDITOR_ROUND_S


class WitnessFeeder:
    """Asks in rounds, until it is stopped. Faults of witnesses are logged once each, and waited
    out longer and longer; none ends the feeder."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._asked = [_Asked(one) for one in ground.witnesses if one.url]

    def run(self, stop: threading.Event, *, round_s: float = ROUND_S) -> None:
        """Rounds until ``stop``."""
        while not stop.wait(round_s):
            try:
                self.begin_round()
            except (OSError, BadNote) as error:
                _LOG.error("no round of the witnesses: %s", error)

    def begin_round(self) -> list[threading.Thread]:
        """Ask every witness that is free, due, and has not cosigned the newest checkpoint; the
        threads in which that happens."""
        data = self._ground.checkpoint()
        if data is None:
            return []
        shown = Published.parse(data, self._ground.log)
        threads = []
        for one in self._asked:
            if one.busy or time.monotonic() < one.due:
                continue
            if one.witness.auditor or one.size < shown.checkpoint.size:
                one.busy = True
                name = f"witness {one.witness.name}"
                thread = threading.Thread(
                    target=self._ask, args=(one, shown), name=name, daemon=True
                )
                thread.start()
                threads.append(thread)
        return threads

    def _ask(self, one: _Asked, shown: Published) -> None:
        try:
            kept = self._exchange(one, shown)
            if kept is not None:
                self._ground.keep(kept)
                one.size = max(one.size, kept.size)
            one.failures, one.said = 0, ""
            one.due = time.monotonic() + (
                self._ground.auditor_round_s if one.witness.auditor else 0
            )
        except Exception as error:  # whatever it is, the next round tries again, later
            self._put_off(one, error)
        finally:
            one.busy = False

    def _exchange(self, one: _Asked, shown: Published) -> Kept | None:
        ground, witness = self._ground, one.witness
        peer = HttpPeer(witness.url, patience_s=ground.patience_s)
        try:
            if witness.auditor:
                return read_auditor(
                    peer=peer, key=witness.key, log=ground.log, ours=ground.ours, now=ground.clock()
                )
            return ask_witness(
                peer=peer,
                key=witness.key,
                shown=shown,
                old=one.size,
                source=ground.source,
                now=ground.clock(),
            )
        finally:
            peer.close()

    def _put_off(self, one: _Asked, error: Exception) -> None:
        one.failures += 1
        lasting = isinstance(error, WitnessProblem) and error.lasting
        pause = _LONGEST_PAUSE_S if lasting else _FIRST_PAUSE_S * 2 ** (one.failures - 1)
        one.due = time.monotonic() + min(pause, _LONGEST_PAUSE_S)
        text = str(error) if isinstance(error, WitnessProblem) else repr(error)
        if text != one.said:
            _LOG.warning("witness %s: %s", one.witness.name, text)
        one.said = text
