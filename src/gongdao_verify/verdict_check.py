"""Check a verdict file of the market: its form, its rules' digests, its sums, its recomputation.

The first three need nothing but this package. To judge the facts anew the program that decides is
needed: where `gongdao` is installed beside this verifier it is asked, else the answer says that it
is needed. The file carries its rules with it, so no data of the market is used.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from dataclasses import dataclass
from typing import Any

from gongdao_verify.canonical import BadCanonical, parse_canonical
from gongdao_verify.words import plain

MOST_BYTES = 1 << 20
FORMATS = ("gongdao-verdict/1", "gongdao-verdict/2")
HEAD = b'{"basis":'
"""How the canonical JSON of a verdict begins."""

EQUAL, DIFFERENT, UNREADABLE, NOT_RECOMPUTED = "equal", "different", "unreadable", "not_recomputed"
_EXIT = {EQUAL: 0, DIFFERENT: 1, UNREADABLE: 2, NOT_RECOMPUTED: 2}
_WORDS: dict[str, tuple[str, str]] = {
    EQUAL: (
        "一致：按文件里的事实和规则重新计算，结果与文件所写相同。",
        "EQUAL: judged anew by the rules in the file, its facts give what the file says.",
    ),
    DIFFERENT: (
        "不一致：文件所写与重新计算的结果不同，或者文件被改动。",
        "DIFFERENT: it does not recompute to what it says, or it was altered.",
    ),
    UNREADABLE: (
        "无法读取：不是裁决文件，或者格式不对。",
        "UNREADABLE: it is no verdict, or malformed.",
    ),
    NOT_RECOMPUTED: (
        "未重新计算：格式、规则摘要和金额都对得上；要重新计算，请在同一处安装 gongdao。",
        "NOT RECOMPUTED: form, digests of the rules and sums hold; to judge it anew install "
        "gongdao beside this verifier.",
    ),
    "rule_digest": ("规则与其摘要不符", "a rule does not have the digest that it states"),
    "parts_sum": ("各方承担之和不等于金额", "what the parties bear does not sum to the amount"),
    "percent_sum": ("责任比例之和不是 100", "the shares of the fault do not sum to 100"),
    "over_paid": ("金额超过尚未退还的付款", "the amount is more than what is left of the payment"),
    "digest": ("裁决文件的 SHA-256", "SHA-256 of the verdict"),
    "rules": ("规则", "rules"),
    "same": ("与本机安装的 gongdao 所公布的相同", "as published by the gongdao installed here"),
    "unknown": ("本机安装的 gongdao 没有这一版", "not among those of the gongdao installed here"),
    "np": (
        "不能证明：事实本身是否属实。事实的来源和证据编号写在文件里，可以另行核对。",
        "NOT PROVEN: that the facts are true. The file names their sources and evidence, which can "
        "be checked by themselves.",
    ),
}


@dataclass(frozen=True)
class VerdictCheck:
    """The result: ``state``, the codes of what differs, the rules (ref, and whether the gongdao
    installed here publishes the same), the digest, and the explanation where it could be made."""

    state: str
    problems: tuple[str, ...] = ()
    rules: tuple[tuple[str, bool | None], ...] = ()
    sha256: str = ""
    explanation: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """``problems`` in words, where gongdao gave them."""

    @property
    def exit_code(self) -> int:
        """0 equal, 1 different, 2 where no judgement is possible."""
        return _EXIT[self.state]


def is_verdict(head: bytes) -> bool:
    """Whether a file that begins with ``head`` can be a verdict."""
    return head.startswith(HEAD)


def check_verdict(data: bytes, language: str, *, with_gongdao: bool = True) -> VerdictCheck:
    """Check ``data``; ``with_gongdao`` False leaves out the recomputation, as where it is not
    installed."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        if len(data) > MOST_BYTES:
            raise BadCanonical("too large")
        verdict = parse_canonical(data)
        alone = _check_alone(verdict)
    except (BadCanonical, KeyError, TypeError, AttributeError):
        return VerdictCheck(UNREADABLE, sha256=digest)
    if alone:
        return VerdictCheck(DIFFERENT, alone, sha256=digest, said=tuple(map(str, alone)))
    if not with_gongdao or importlib.util.find_spec("gongdao") is None:
        return VerdictCheck(NOT_RECOMPUTED, sha256=digest)
    return _recompute(data, digest, language)


def _check_alone(verdict: dict[str, Any]) -> tuple[str, ...]:
    """What can be told without the rules of decision; KeyError or TypeError if it is no verdict."""
    if verdict["format"] not in FORMATS:
        raise KeyError("format")
    faults = ["rule_digest" for rule in verdict["rules"] if _digest(rule) != rule["digest"]]
    result = verdict["result"]
    parts = result["parts"]
    if parts and sum(part["percent"] for part in parts) != 100:
        faults.append("percent_sum")
    if sum(part["minor"] for part in parts) != result["amount_minor"]:
        faults.append("parts_sum")
    facts = {fact["name"]: fact["value"] for fact in verdict["facts"]}
    left = facts.get("paid_minor", 0) - facts.get("returned_minor", 0)
    if result["amount_minor"] > max(0, left):
        faults.append("over_paid")
    return tuple(dict.fromkeys(faults))


def _digest(rule: dict[str, Any]) -> str:
    text = json.dumps(
        [rule["kind"], rule["table"]], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _recompute(data: bytes, digest: str, language: str) -> VerdictCheck:
    """Ask the gongdao beside us; imported by name, so that this package needs none of it."""
    reader = importlib.import_module("gongdao.disputes.verdict_json")
    judge = importlib.import_module("gongdao.disputes.verdict_file")
    words = importlib.import_module("gongdao.disputes.explain")
    importlib.import_module("gongdao.core.language").use_language(language)
    try:
        file = reader.read_verdict(data)
    except judge.BadVerdict:
        return VerdictCheck(UNREADABLE, sha256=digest)
    faults = tuple(judge.differs(file))
    return VerdictCheck(
        state=DIFFERENT if faults else EQUAL,
        problems=faults,
        rules=tuple(judge.published(file)),
        sha256=digest,
        explanation=() if faults else tuple(words.explain(file).lines),
        said=tuple(words.say_fault(code) for code in faults),
    )


def verdict_lines(check: VerdictCheck, language: str) -> list[str]:
    """The result in words, a line each."""
    lines = [_say(check.state, language)]
    lines += [f"  - {plain(_say(said, language))}" for said in check.said]
    lines += [plain(line) for line in check.explanation]
    if check.rules:
        lines.append(f"{_say('rules', language)}:")
        for ref, known in check.rules:
            if known is not False:
                lines.append(f"  {plain(ref)}: {_say('same' if known else 'unknown', language)}")
    lines += [f"{_say('digest', language)}:", f"  {check.sha256}"]
    return [*lines, _say("np", language)] if check.state == EQUAL else lines


def verdict_json(check: VerdictCheck, language: str) -> dict[str, Any]:
    """The result as one JSON object: codes for machines, with the sentences beside them."""
    published = {True: "same", False: "other", None: "unknown"}
    return {
        "version": 1,
        "kind": "verdict",
        "state": check.state,
        "exit_code": check.exit_code,
        "problems": list(check.problems),
        "rules": [{"ref": ref, "published": published[known]} for ref, known in check.rules],
        "sha256": check.sha256,
        "sentences": verdict_lines(check, language),
    }


def _say(code: str, language: str) -> str:
    return _WORDS[code][language == "en"] if code in _WORDS else code
