"""The judgement about a receipt: is this leaf in the log, and who besides the operator says so?

1. The receipt's path leads from the leaf's hash to the root in the checkpoint.
2. The checkpoint is signed by a log that the reader's policy knows.
3. Witnesses of the policy cosigned it: they saw the log only ever grow. Cosigners that are run by
   the log's operator prove nothing against him, nor do several of one organisation.
4. Anchors: somebody else's word that a tree with this leaf existed at a time.

What the receipt carries beside (the leaf itself, salts, anchors) is signed by nobody and checked
against 1 and 2. No network, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography import x509

from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import BadLeaf, LeafForm, commitment, parse_leaf
from gongdao_verify.log_anchors import AnchorSeen, judge_anchor
from gongdao_verify.merkle import BadProof, leaf_hash, root_from_inclusion
from gongdao_verify.receipt_extra import BadReceipt, Extra, parse_extra
from gongdao_verify.signed_note import BadNote, Note, parse_note, verify_note
from gongdao_verify.tlog_policy import LogKey, Policy
from gongdao_verify.tlog_proof import TlogProof

ORGANISATIONS_NEEDED = 2
"""From how many organisations, none of them the operator's, cosigners must come."""
_LATEST = 253_402_300_799  # the last second of the year 9999


class LogState(StrEnum):
    """What can be said of a receipt; see docs/formats/log.md."""

    INVALID = "INVALID"
    CONSISTENT_UNWITNESSED = "CONSISTENT_UNWITNESSED"
    WITNESSED = "WITNESSED"
    AUDITED = "AUDITED"
    ANCHORED = "ANCHORED"


@dataclass(frozen=True)
class WitnessSeen:
    """A cosigner of the policy whose signature holds: when it signed, by its own clock."""

    name: str
    organisation: str
    at: datetime
    same_operator: bool
    auditor: bool


@dataclass(frozen=True)
class LogVerdict:
    """What `judge_receipt` answers.

    ``reason``, a key of words.py, says why it is invalid, or why nobody but the operator vouches
    for it. ``witnesses`` are all cosigners that hold, same operator included; ``audited`` and
    ``anchors`` (kinds) count outsiders alone. ``stamps`` are all anchors, trusted or not.
    """

    state: LogState
    reason: str = ""
    detail: str = ""
    origin: str = ""
    size: int = 0
    root: bytes = b""
    index: int = 0
    leaf_hash: bytes = b""
    leaf: LeafForm | None = None
    opened: Mapping[str, Any] = field(default_factory=dict)
    log_known: bool = False
    witnesses: tuple[WitnessSeen, ...] = ()
    witnessed: bool = False
    audited: bool = False
    stamps: tuple[AnchorSeen, ...] = ()

    @property
    def anchors(self) -> tuple[str, ...]:
        """The kinds of anchors that hold and that the reader trusts, each once."""
        return tuple(sorted({one.kind for one in self.stamps if one.trusted}))

    @property
    def organisations(self) -> tuple[str, ...]:
        """The organisations, other than the operator's, that cosigned."""
        return tuple(sorted({w.organisation for w in self.witnesses if not w.same_operator}))

    @property
    def exit_code(self) -> int:
        """0 consistent, 1 invalid."""
        return int(self.state is LogState.INVALID)

    def not_proven(self) -> tuple[str, ...]:
        """The keys (of words.py) of what stays unproven."""
        if self.state is LogState.INVALID:
            return ()
        missing = (
            ("np_log_key", not self.log_known),
            ("np_log_split", not self.witnessed),
            ("np_log_rules", not self.audited),
            ("np_log_when", not self.anchors),
            ("np_revoked", bool(self.anchors)),
        )
        return ("np_log_truth", "np_log_all", "np_log_who", *(k for k, open_ in missing if open_))


def judge_receipt(
    receipt: bytes,
    *,
    policy: Policy | None,
    roots: Sequence[x509.Certificate] = (),
    entry: bytes | None = None,
) -> LogVerdict:
    """Judge the ``receipt``; BadReceipt if the bytes are none at all.

    ``policy`` says which logs and witnesses the reader trusts, ``roots`` which time-stamping
    authorities. ``entry`` are the leaf's bytes, if the reader has them from elsewhere; they must
    be those in the receipt.
    """
    try:
        proof = TlogProof.parse(receipt)
    except BadNote as bad:
        raise BadReceipt("no_receipt", str(bad)) from None
    try:
        return _judge(proof, policy, roots, entry)
    except BadReceipt as bad:
        return LogVerdict(LogState.INVALID, bad.code, bad.detail, index=proof.index)


def _judge(
    proof: TlogProof,
    policy: Policy | None,
    roots: Sequence[x509.Certificate],
    entry: bytes | None,
) -> LogVerdict:
    note, checkpoint = _read_checkpoint(proof.checkpoint)
    extra = parse_extra(proof.extra)
    if extra.entry is None and entry is None:
        raise BadReceipt("no_entry")
    if None not in (extra.entry, entry) and extra.entry != entry:
        raise BadReceipt("other_entry")
    bytes_ = extra.entry if entry is None else entry
    leaf = leaf_hash(bytes_ or b"")
    _check_inclusion(proof, checkpoint, leaf)
    log = _find_log(note, checkpoint, policy)
    form = _read_leaf(bytes_ or b"")
    stamps = tuple(judge_anchor(one, checkpoint, proof.index, log, roots) for one in extra.anchors)
    verdict = LogVerdict(
        LogState.CONSISTENT_UNWITNESSED,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        index=proof.index,
        leaf_hash=leaf,
        leaf=form,
        opened=_open(extra, form),
        log_known=log is not None,
        stamps=stamps,
    )
    if policy is None or log is None:
        return replace(verdict, reason="no_policy")
    return _graded(verdict, _find_witnesses(note, policy, log), policy)


def _read_checkpoint(data: bytes) -> tuple[Note, Checkpoint]:
    try:
        note = parse_note(data)
        return note, Checkpoint.parse(note.text)
    except BadNote as bad:
        raise BadReceipt("bad_checkpoint", str(bad)) from None


def _check_inclusion(proof: TlogProof, checkpoint: Checkpoint, leaf: bytes) -> None:
    try:
        root = root_from_inclusion(
            index=proof.index, size=checkpoint.size, leaf=leaf, path=proof.path
        )
    except BadProof as bad:
        raise BadReceipt("not_included", str(bad)) from None
    if root != checkpoint.root:
        raise BadReceipt("not_included")


def _read_leaf(entry: bytes) -> LeafForm:
    try:
        return parse_leaf(entry)
    except BadLeaf as bad:
        raise BadReceipt("bad_leaf", str(bad)) from None


def _open(extra: Extra, form: LeafForm) -> dict[str, Any]:
    """The opened commitments, each checked against the leaf."""
    for name, opening in extra.openings.items():
        if form.data.get(name) != commitment(opening.salt, opening.value):
            raise BadReceipt("bad_opening", name)
    return {name: opening.value for name, opening in extra.openings.items()}


def _find_log(note: Note, checkpoint: Checkpoint, policy: Policy | None) -> LogKey | None:
    """The log of the policy that signed; None without a policy."""
    if policy is None:
        return None
    log = policy.logs.get(checkpoint.origin)
    if log is None:
        raise BadReceipt("unknown_log", checkpoint.origin)
    try:
        held = verify_note(note, log.keys_at(checkpoint.size))
    except BadNote as bad:
        raise BadReceipt("bad_signature", str(bad)) from None
    if not held:
        raise BadReceipt("unsigned")
    return log


def _find_witnesses(note: Note, policy: Policy, log: LogKey) -> tuple[WitnessSeen, ...]:
    by_key = {witness.key: witness for witness in policy.witnesses.values()}
    try:
        held = verify_note(note, by_key)
    except BadNote as bad:
        raise BadReceipt("bad_signature", str(bad)) from None
    found = []
    for one in held:
        witness = by_key[one.key]
        at = _moment(one.at)
        same = witness.same_operator(log)
        found.append(WitnessSeen(witness.name, witness.organisation, at, same, witness.auditor))
    return tuple(found)


def _moment(seconds: int | None) -> datetime:
    if seconds is None or seconds > _LATEST:
        raise BadReceipt("bad_signature", "a witness's time")
    return datetime.fromtimestamp(seconds, UTC)


def _graded(verdict: LogVerdict, witnesses: tuple[WitnessSeen, ...], policy: Policy) -> LogVerdict:
    """The verdict with its state, now that the cosigners are known."""
    verdict = replace(verdict, witnesses=witnesses)
    reason = _find_lack(verdict, policy)
    witnessed = not reason
    audited = witnessed and any(w.auditor and not w.same_operator for w in witnesses)
    if verdict.anchors:
        state = LogState.ANCHORED
    elif witnessed:
        state = LogState.AUDITED if audited else LogState.WITNESSED
    else:
        state = LogState.CONSISTENT_UNWITNESSED
    return replace(verdict, state=state, reason=reason, witnessed=witnessed, audited=audited)


def _find_lack(verdict: LogVerdict, policy: Policy) -> str:
    """Why the cosigners do not suffice, a key of words.py; empty if they do."""
    if not verdict.witnesses:
        return "no_witness"
    if not verdict.organisations:
        return "same_operator"
    if len(verdict.organisations) < ORGANISATIONS_NEEDED:
        return "one_organisation"
    if not policy.judge(witness.name for witness in verdict.witnesses):
        return "no_quorum"
    return ""
