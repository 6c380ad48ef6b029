"""The worked examples of docs/formats/log-leaf.md and log.md are true, byte by byte."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from tests.verify.log_kit import Signer, SmallLog, b64, leaf
from tests.verify.vector_leaves import dump

from gongdao_verify.leaf_form import commitment, parse_leaf
from gongdao_verify.log_verdict import LogState, judge_receipt
from gongdao_verify.tlog_policy import Policy

FORMATS = Path(__file__).resolve().parents[2] / "docs/formats"
NOTARY, SCHOOL = Signer("witness.notary.example"), Signer("witness.school.example")
OWN = Signer("witness.gongdao.example")
AT = 1_795_341_605


def _blocks(page: str) -> dict[str, str]:
    """Name → text of the page's named examples."""
    text = (FORMATS / page).read_text("utf-8")
    return dict(re.findall(r"^```\w+ (\S[^\n]*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def test_the_policy_with_two_keys() -> None:
    """The lines are read as the page says: the old key up to the size, the new one beyond."""
    policy = Policy.parse(_blocks("log.md")["policy with two keys"] + "quorum none\n")
    log = policy.logs["gongdao.example/log"]
    old, new = (one.text() for one in log.keys)
    assert old == Signer(log.name).vkey(1) and log.organisation == "示例卡盟"
    assert [one.text() for one in log.keys_at(120)] == [old]
    assert [one.text() for one in log.keys_at(121)] == [new]


def _example() -> tuple[SmallLog, str]:
    """The log of the example: its first leaf, and the leaf of log-leaf.md; and its checkpoint."""
    log = SmallLog("gongdao.example/log")
    first = {
        "at": "2026-11-22T09:00:00.000Z",
        "d": {"origin": log.origin, "vkey": log.signer.vkey(1)},
        "prev": None,
        "sub": "log:" + "0" * 32,
        "t": "log.genesis",
        "v": 1,
    }
    log.entries = [dump(first), _blocks("log-leaf.md")["entry"].rstrip("\n").encode()]
    text = log.text()
    return log, log.note(None, NOTARY.cosign(text, AT), SCHOOL.cosign(text, AT + 1))


def _policy(log: SmallLog) -> str:
    return "\n".join(
        (
            f"log {log.signer.vkey(1)} https://{log.origin}",
            "#org=示例卡盟",
            f"witness notary {NOTARY.vkey(4)} https://{NOTARY.name}",
            "#org=示例公证处",
            f"witness school {SCHOOL.vkey(4)} https://{SCHOOL.name}",
            "#org=示例大学 #auditor",
            f"witness own {OWN.vkey(4)}",
            "#org=示例卡盟",
            "group outside 2 notary school",
            "quorum outside",
            "",
        )
    )


def test_the_leaf_is_as_shown() -> None:
    """Entry, number of bytes, leaf hash and commitment."""
    blocks = _blocks("log-leaf.md")
    entry = blocks["entry"].rstrip("\n").encode()
    found = parse_leaf(entry)
    assert (found.type, found.at) == ("case.sealed", datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert f"These {len(entry)} bytes" in (FORMATS / "log-leaf.md").read_text("utf-8")
    assert leaf(entry).hex() == blocks["leaf hash"].strip()
    value = json.loads(blocks["committed value"])
    assert commitment(bytes(range(32)), value) == blocks["commitment"].strip()
    salted = b"gongdao-commit/v1\x00" + bytes(range(32)) + dump(value)
    assert hashlib.sha256(salted).hexdigest() == blocks["commitment"].strip()


def test_the_log_is_as_shown() -> None:
    """Checkpoint, key, receipt, extra, policy and promise; and the receipt's verdict."""
    blocks = _blocks("log.md")
    log, note = _example()
    extra = {"anchors": [], "entry": b64(log.entries[1]), "openings": {}, "v": 1}
    digest = leaf(log.entries[1]).hex()
    promise = f"gongdao-promise/v1\n{log.origin}\n{digest}\n2026-11-22T10:00:30Z\n"
    made = {
        "checkpoint": note,
        "vkey": log.signer.vkey(1) + "\n",
        "receipt": log.receipt(1, note, dump(extra)).decode(),
        "extra": dump(extra).decode() + "\n",
        "policy": _policy(log),
        "promise": f"{promise}\n{log.signer.sign(promise)}",
    }
    two_keys = blocks.pop("policy with two keys")
    assert blocks == made and two_keys.startswith(f"log {log.signer.vkey(1)} ")
    verdict = judge_receipt(made["receipt"].encode(), policy=Policy.parse(made["policy"]))
    assert verdict.state is LogState.AUDITED
