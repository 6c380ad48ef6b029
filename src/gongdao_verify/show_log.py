"""Verdicts about receipts and forks, as JSON for machines and as lines for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gongdao_verify.canonical import canonical
from gongdao_verify.fork import FORK, UNDECIDED, ForkVerdict
from gongdao_verify.leaf_form import LeafForm
from gongdao_verify.log_anchors import AnchorSeen
from gongdao_verify.log_verdict import LogState, LogVerdict, WitnessSeen
from gongdao_verify.promise import PromiseState, PromiseVerdict
from gongdao_verify.words import plain, say

_SECONDS = "%Y-%m-%dT%H:%M:%SZ"


def log_json(verdict: LogVerdict) -> dict[str, Any]:
    """The verdict in codes, without sentences; the page in the browser answers the same."""
    known = verdict.leaf is not None
    return {
        "version": 1,
        "state": verdict.state.value,
        "exit_code": verdict.exit_code,
        "reason": verdict.reason or None,
        "origin": verdict.origin or None,
        "size": verdict.size if known else None,
        "root": verdict.root.hex() or None,
        "index": verdict.index if known else None,
        "leaf_hash": verdict.leaf_hash.hex() or None,
        "leaf": _leaf_json(verdict.leaf) if verdict.leaf is not None else None,
        "opened": dict(verdict.opened),
        "log_known": verdict.log_known,
        "witnesses": [_witness_json(one) for one in verdict.witnesses],
        "organisations": list(verdict.organisations),
        "witnessed": verdict.witnessed,
        "audited": verdict.audited,
        "anchors": list(verdict.anchors),
        "stamps": [_stamp_json(one) for one in verdict.stamps],
        "not_proven": list(verdict.not_proven()),
    }


def log_sentences(verdict: LogVerdict, language: str) -> dict[str, Any]:
    """What the codes of `log_json` say."""
    return {
        "state": _headline(verdict, language),
        "reason": say(verdict.reason, language) if verdict.reason else None,
        "detail": verdict.detail or None,
        "not_proven": [say(key, language) for key in verdict.not_proven()],
    }


def _leaf_json(leaf: LeafForm) -> dict[str, Any]:
    return {
        "type": leaf.type,
        "subject": leaf.subject,
        "prev": None if leaf.prev is None else leaf.prev.hex(),
        "at": _milliseconds(leaf.at),
        "data": leaf.data,
    }


def _milliseconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z".rjust(24, "0")


def _witness_json(witness: WitnessSeen) -> dict[str, Any]:
    return {
        "name": witness.name,
        "organisation": witness.organisation or None,
        "at": witness.at.strftime(_SECONDS),
        "same_operator": witness.same_operator,
        "auditor": witness.auditor,
    }


def _stamp_json(stamp: AnchorSeen) -> dict[str, Any]:
    return {
        "kind": stamp.kind,
        "size": stamp.size,
        "trusted": stamp.trusted,
        "reason": stamp.reason or None,
        "at": stamp.at.strftime(_SECONDS) if stamp.at else None,
        "authority": stamp.authority or None,
        "reference": stamp.reference or None,
    }


def log_lines(verdict: LogVerdict, language: str, indent: str = "") -> list[str]:
    """The verdict in words, a line each, without what is not proven."""
    lines = [_headline(verdict, language)]
    if verdict.reason:
        detail = f" ({plain(verdict.detail)})" if verdict.detail else ""
        lines.append(f"  {say(verdict.reason, language)}{detail}")
    if verdict.leaf is not None:
        place = say("log_place", language).format(index=verdict.index, size=verdict.size)
        lines.append(f"{say('log_origin', language)}: {plain(verdict.origin)} ({place})")
        lines.append(f"{say('leaf_hash', language)}: {verdict.leaf_hash.hex()}")
        lines += _leaf_lines(verdict.leaf, language)
    for name, value in verdict.opened.items():
        shown = plain(canonical(value).decode())
        lines.append(f"{say('opened', language)}: {plain(name)} = {shown}")
    lines += [_witness_line(one, language) for one in verdict.witnesses]
    lines += [_stamp_line(one, language) for one in verdict.stamps]
    return [indent + line for line in lines]


def _headline(verdict: LogVerdict, language: str) -> str:
    stamp = min(
        (one for one in verdict.stamps if one.trusted and one.at),
        key=lambda one: one.at or datetime.max,
        default=None,
    )
    return say(verdict.state.value, language).format(
        count=len(verdict.organisations),
        at=stamp.at.strftime("%Y-%m-%d %H:%M:%S UTC") if stamp and stamp.at else "?",
        authority=plain(stamp.authority) if stamp else "?",
    )


def _leaf_lines(leaf: LeafForm, language: str) -> list[str]:
    lines = [f"{say('leaf', language)}: {leaf.type} · {leaf.subject} · {_milliseconds(leaf.at)}"]
    return lines + [
        f"  {name}: {plain(value if isinstance(value, str) else canonical(value).decode())}"
        for name, value in leaf.data.items()
    ]


def _witness_line(witness: WitnessSeen, language: str) -> str:
    role = say("auditor" if witness.auditor else "witness", language)
    note = f" · {say('label_same_operator', language)}" if witness.same_operator else ""
    organisation = f" ({plain(witness.organisation)})" if witness.organisation else ""
    return f"{role}: {plain(witness.name)}{organisation} {witness.at:{_SECONDS}}{note}"


def _stamp_line(stamp: AnchorSeen, language: str) -> str:
    at = stamp.at.strftime("%Y-%m-%d %H:%M:%S UTC") if stamp.at else "?"
    who = plain(stamp.authority) or "?"
    kind = plain(say(stamp.kind, language))
    if stamp.trusted:
        return f"{say('anchor', language)}: {kind} {at}, {who}"
    reason = say(stamp.reason, language).format(at=at, authority=who)
    reference = f" {stamp.reference}" if stamp.reference else ""
    return f"{say('anchor', language)}: {kind}{reference}: {reason}"


def unproven_lines(verdict: LogVerdict, language: str) -> list[str]:
    """The list of what is not proven; empty where nothing is."""
    keys = verdict.not_proven()
    lines = [say("not_proven", language)] if keys else []
    return lines + [f"  - {say(key, language)}" for key in keys]


def promise_json(verdict: PromiseVerdict, language: str) -> dict[str, Any]:
    """The verdict about a promise as one JSON object."""
    return {
        "version": 1,
        "state": verdict.state.value,
        "exit_code": verdict.exit_code,
        "reason": verdict.reason or None,
        "detail": verdict.detail or None,
        "origin": verdict.origin,
        "leaf_hash": verdict.leaf_hash.hex(),
        "deadline": verdict.deadline.strftime(_SECONDS) if verdict.deadline else None,
        "size": verdict.size,
        "index": verdict.index,
        "newest_leaf_at": _milliseconds(verdict.seen) if verdict.seen else None,
        "notes": [note.decode("utf-8", "replace") for note in verdict.notes],
        "sentence": _promise_sentence(verdict, language),
    }


def promise_lines(verdict: PromiseVerdict, language: str) -> list[str]:
    """The verdict about a promise in words; a broken one with both signed notes in full."""
    lines = [_promise_sentence(verdict, language)]
    if verdict.reason:
        detail = f" ({plain(verdict.detail)})" if verdict.detail else ""
        lines.append(f"  {say(verdict.reason, language)}{detail}")
    lines.append(f"{say('log_origin', language)}: {plain(verdict.origin)}")
    lines.append(f"{say('leaf_hash', language)}: {verdict.leaf_hash.hex()}")
    for note in verdict.notes:
        shown = note.decode("utf-8", "replace").removesuffix("\n").split("\n")
        lines += ["----", *(plain(line) for line in shown)]
    return [*lines, "----"] if verdict.notes else lines


def _promise_sentence(verdict: PromiseVerdict, language: str) -> str:
    invalid = verdict.state is PromiseState.INVALID
    return say("promise_invalid" if invalid else verdict.state.value, language).format(
        at=verdict.deadline.strftime("%Y-%m-%d %H:%M:%S UTC") if verdict.deadline else "?",
        index=verdict.index,
        size=verdict.size,
        seen=verdict.seen.strftime("%Y-%m-%d %H:%M:%S UTC") if verdict.seen else "?",
    )


def is_dated(verdict: LogVerdict | None) -> bool:
    """Whether a trusted time-stamp in the receipt says when the leaf was there."""
    return verdict is not None and verdict.state is LogState.ANCHORED


def fork_json(verdict: ForkVerdict, language: str) -> dict[str, Any]:
    """The verdict about two checkpoints as one JSON object."""
    return {
        "version": 1,
        "state": verdict.state,
        "exit_code": verdict.exit_code,
        "signed": verdict.signed,
        "reason": verdict.reason or None,
        "detail": verdict.detail or None,
        "notes": [note.decode("utf-8", "replace") for note in verdict.notes],
        "sentence": _fork_sentence(verdict, language),
    }


def fork_lines(verdict: ForkVerdict, language: str) -> list[str]:
    """The verdict in words; a fork with both signed notes in full."""
    lines = [_fork_sentence(verdict, language)]
    if verdict.state == UNDECIDED:
        lines.append(f"  {say(verdict.reason, language)}{plain(verdict.detail)}")
    if verdict.state != FORK:
        return lines
    for note in verdict.notes:
        shown = note.decode("utf-8", "replace").removesuffix("\n").split("\n")
        lines += ["----", *(plain(line) for line in shown)]
    return [*lines, "----"]


def _fork_sentence(verdict: ForkVerdict, language: str) -> str:
    unsigned = verdict.state == FORK and not verdict.signed
    return say("fork_unsigned" if unsigned else verdict.state, language)
