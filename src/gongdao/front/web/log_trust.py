"""Whom the pages of the log name as trustworthy, and how far they vouch; read anew by the same
code that strangers use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gongdao.core.language import language
from gongdao.front.settings import Settings
from gongdao.front.web.log_view import Instant, anchor_name, anchor_state
from gongdao.front.web.log_words import say_politely
from gongdao.log.errors import LeafNotCovered
from gongdao.log.models import LogAnchor, LogCosignature, LogEntry
from gongdao.log.reader import database_source, find_checkpoint, run_query
from gongdao.log.signers import Signer, policy_lines, read_signers
from gongdao_verify.log_verdict import LogState, LogVerdict, judge_receipt
from gongdao_verify.receipt_extra import Extra
from gongdao_verify.show_log import log_sentences
from gongdao_verify.signed_note import BadNote, parse_signature
from gongdao_verify.tlog_policy import BadPolicy, LogKey, Policy, Witness
from gongdao_verify.tlog_proof import TlogProof
from gongdao_verify.tree_reader import TreeReader

GREEN = frozenset({LogState.WITNESSED, LogState.AUDITED, LogState.ANCHORED})
"""What somebody other than the operator vouches for."""
_RECENT_COSIGNATURES, _RECENT_ANCHORS = 200, 8


@dataclass(frozen=True)
class Trust:
    """The log's own name and key, the bytes of its first leaf, and the policy that the operator
    publishes, as text and read."""

    origin: str
    vkey: str
    text: str
    policy: Policy
    first: bytes

    @property
    def log(self) -> LogKey:
        """This log as the policy has it."""
        return self.policy.logs[self.origin]


def find_trust(settings: Settings) -> Trust | None:
    """The policy in the file that the settings name, with our own key put before where it lacks;
    without one, our key alone. None before the log has its first leaf."""
    first = LogEntry.objects.filter(idx=0).first()
    signers = read_signers(run_query)
    if first is None or not signers:
        return None
    newest = signers[-1].key
    for text in _policies(settings, signers):
        try:
            policy = Policy.parse(text)
        except BadPolicy:
            continue
        known = policy.logs.get(newest.name)
        if known is not None and newest in known.keys:
            return Trust(newest.name, newest.text(), text, policy, bytes(first.entry))
    return None


def _policies(settings: Settings, signers: Sequence[Signer]) -> list[str]:
    """What may be published, best first: the file that the settings name, with those of our keys
    put before that it lacks; our keys alone."""
    address = f"{settings.public_url}/log"
    texts = [f"{policy_lines(signers, address)}quorum none\n"]
    if settings.log_policy is not None:
        try:
            kept = settings.log_policy.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return texts  # who feeds the witnesses says so
        lacking = [one for one in signers if one.key.text() not in kept]
        texts[:0] = [f"{policy_lines(lacking, address)}{kept}"]
    return texts


def judge_leaf(*, index: int, entry: bytes, policy: Policy | None) -> LogVerdict:
    """What a stranger with the published policy would find of the leaf number ``index``, anchors
    apart: those are trusted by whoever pins roots. Under the checkpoint that most cosigners of late
    vouch for. Raises LeafNotCovered."""
    checkpoint = find_checkpoint(_most_vouched(index))
    if checkpoint is None or index >= checkpoint.size:
        raise LeafNotCovered
    reader = TreeReader(database_source(), checkpoint.size, checkpoint.root)
    path = tuple(reader.inclusion_path(index))
    proof = TlogProof(index, path, checkpoint.cosigned, Extra(entry=entry).dump())
    return judge_receipt(proof.dump(), policy=policy)


def _most_vouched(index: int) -> int | None:
    """The size of that checkpoint over the leaf; None: the newest will do."""
    recent = LogCosignature.objects.order_by("-size").values_list("size", flat=True)
    counted = Counter(size for size in recent[:_RECENT_COSIGNATURES] if size > index)
    return max(counted, key=lambda size: (counted[size], size), default=None)


def standing_of(verdict: LogVerdict) -> Mapping[str, Any]:
    """The verdict for ``pages/log_standing.html``; never green where only we vouch for it."""
    words = log_sentences(verdict, language())
    return {
        "holds": verdict.state in GREEN,
        "fails": verdict.state is LogState.INVALID,
        "label": words["state"],
        "says": say_politely(verdict.reason, language()) if verdict.reason else "",
        "not_proven": [say_politely(key, language()) for key in verdict.not_proven()],
        "size": verdict.size,
    }


def never_proven() -> list[str]:
    """What no log can prove."""
    keys = ("np_log_truth", "np_log_all", "np_log_who")
    return [say_politely(key, language()) for key in keys]


def witness_rows(trust: Trust) -> list[Mapping[str, Any]]:
    """Each witness of the policy with the newest checkpoint that it cosigned lately. One query."""
    recent = LogCosignature.objects.order_by("-size", "name")[:_RECENT_COSIGNATURES]
    newest: dict[str, LogCosignature] = {}
    for row in recent:
        newest.setdefault(row.name, row)
    return [
        _witness(one, trust, newest.get(one.key.name)) for one in trust.policy.witnesses.values()
    ]


def _witness(one: Witness, trust: Trust, row: LogCosignature | None) -> Mapping[str, Any]:
    return {
        "name": one.name,
        "organisation": one.organisation,
        "same_operator": one.same_operator(trust.log),
        "auditor": one.auditor,
        "size": 0 if row is None else row.size,
        "moment": None if row is None else _cosigned_at(row.line),
    }


def _cosigned_at(line: str) -> Instant | None:
    try:
        seconds = int.from_bytes(parse_signature(line).data[:8], "big")
        return Instant.of_seconds(seconds)
    except (BadNote, ValueError, OverflowError, OSError):
        return None


def anchor_rows() -> list[Mapping[str, Any]]:
    """The newest anchors. One query."""
    return [
        {
            "name": anchor_name(row.kind),
            "size": row.size,
            "state": anchor_state(row.state),
            "moment": Instant(row.confirmed_at) if row.confirmed_at else None,
        }
        for row in LogAnchor.objects.order_by("-id")[:_RECENT_ANCHORS]
    ]
