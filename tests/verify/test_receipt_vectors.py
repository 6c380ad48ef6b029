"""Our own receipts, leaves and forks: each vector gives exactly the verdict written beside it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.verify import make_receipt_vectors

import gongdao_verify
from gongdao_verify.fork import judge_fork
from gongdao_verify.leaf_form import BadLeaf, commitment, parse_leaf, write_leaf
from gongdao_verify.log_verdict import judge_receipt
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.show_log import log_json, log_lines, log_sentences, unproven_lines
from gongdao_verify.tlog_policy import Policy
from gongdao_verify.words import WORDS

VECTORS: dict[str, Any] = json.loads(make_receipt_vectors.PLACE.read_text("utf-8"))
ROOTS = x509.load_pem_x509_certificates(VECTORS["roots_pem"].encode())
POLICIES = {name: Policy.parse(text) for name, text in VECTORS["policies"].items()}


def _named(group: str) -> Any:
    return pytest.mark.parametrize("case", VECTORS[group], ids=lambda case: case["name"])


@_named("receipts")
def test_every_receipt_gets_its_verdict(case: dict[str, Any]) -> None:
    """The whole JSON of the verdict, field by field, and words for it in both languages."""
    verdict = judge_receipt(
        case["receipt"].encode(),
        policy=POLICIES[case["policy"]] if case["policy"] else None,
        roots=ROOTS if case["roots"] else (),
    )
    assert log_json(verdict) == case["verdict"]
    for language in ("zh", "en"):
        lines = [*log_lines(verdict, language), *unproven_lines(verdict, language)]
        assert verdict.state.value in lines[0] and not any("\n" in line for line in lines)
        sentences = log_sentences(verdict, language)
        assert len(sentences["not_proven"]) == len(case["verdict"]["not_proven"])


@_named("not_receipts")
def test_what_is_no_receipt_has_no_verdict(case: dict[str, Any]) -> None:
    """Refused as unreadable, which is another answer than invalid."""
    with pytest.raises(BadReceipt) as refused:
        judge_receipt(case["receipt"].encode(), policy=None)
    assert refused.value.code == "no_receipt"


@_named("leaves")
def test_every_leaf_is_read_or_refused(case: dict[str, Any]) -> None:
    """What is read can be written again to the same bytes."""
    entry = base64.b64decode(case["entry"])
    if case["refused"] is None:
        assert write_leaf(parse_leaf(entry)) == entry
        return
    with pytest.raises(BadLeaf) as refused:
        parse_leaf(entry)
    assert refused.value.code == case["refused"]


@_named("forks")
def test_every_pair_of_checkpoints_is_judged(case: dict[str, Any]) -> None:
    """Consistent, fork or undecided, in either order, and signed only where a policy is given."""
    policy = POLICIES[case["policy"]] if case["policy"] else None
    pair = [case["first"].encode(), case["second"].encode()]
    for first, second in (pair, pair[::-1]):
        verdict = judge_fork(first, second, policy=policy)
        assert (verdict.state, verdict.reason or None) == (case["state"], case["reason"])
        assert verdict.signed == (policy is not None and case["state"] != "undecided")
        assert verdict.notes == (first, second)


def test_the_commitment_is_as_written() -> None:
    """The example of the format: salt 00 to 1f, the amount of ¥98.00."""
    one = VECTORS["commitment"]
    assert commitment(bytes.fromhex(one["salt"]), one["value"]) == one["is"]


def test_no_state_or_reason_is_without_a_vector() -> None:
    """Every state, every reason why a receipt is invalid or unwitnessed, every reason of a leaf."""
    verdicts = [case["verdict"] for case in VECTORS["receipts"]]
    assert {verdict["state"] for verdict in verdicts} == {
        "INVALID",
        "CONSISTENT_UNWITNESSED",
        "WITNESSED",
        "AUDITED",
        "ANCHORED",
    }
    reasons = {verdict["reason"] for verdict in verdicts}
    assert reasons == {
        *("bad_checkpoint", "bad_extra", "no_entry", "not_included", "bad_leaf", "bad_opening"),
        *("unknown_log", "bad_signature", "unsigned", "bad_anchor"),
        *("no_policy", "no_witness", "same_operator", "one_organisation", "no_quorum", None),
    }
    refused = {case["refused"] for case in VECTORS["leaves"]}
    codes = {"size", "json", "keys", "version", "type", "subject", "prev", "at", "data"}
    assert refused == {*codes, None}


def test_the_file_is_what_the_script_writes() -> None:
    """Run again with the time-stamps of the file, the script gives the same vectors."""
    made = make_receipt_vectors.make_vectors(VECTORS["tokens"], VECTORS["roots_pem"])
    assert made == VECTORS


def test_new_time_stamps_would_do_as_well() -> None:
    """The script can also make the time-stamps anew, and they lead to their own root."""
    tokens, roots_pem = make_receipt_vectors.make_tokens()
    made = make_receipt_vectors.make_vectors(tokens, roots_pem)
    roots = x509.load_pem_x509_certificates(roots_pem.encode())
    stamped = [case for case in made["receipts"] if case["verdict"]["state"] == "ANCHORED"]
    assert stamped
    for case in stamped:
        policy = Policy.parse(made["policies"][case["policy"]])
        verdict = judge_receipt(case["receipt"].encode(), policy=policy, roots=roots)
        assert log_json(verdict) == case["verdict"]


def test_every_code_has_its_sentence() -> None:
    """Codes that the judging modules give, and those in the vectors, are said in both languages."""
    source = "".join(
        path.read_text("utf-8") for path in Path(gongdao_verify.__file__).parent.glob("*.py")
    )
    codes = set(re.findall(r'(?:BadReceipt|_Undecided)\("(\w+)"', source))
    codes |= set(re.findall(r'return "(\w+)"\n', source))
    codes |= set(re.findall(r'\("(np_log_\w+|np_revoked)",', source))
    for case in VECTORS["receipts"]:
        verdict = case["verdict"]
        codes |= {verdict["state"], *verdict["not_proven"]} | {verdict["reason"]} - {None}
        codes |= {one["reason"] for one in verdict["stamps"]} - {None}
    codes |= {case["state"] for case in VECTORS["forks"]}
    assert len(codes) > 30 and codes <= WORDS.keys()
    for code in codes:
        chinese, english = WORDS[code]
        assert chinese and english and chinese != english
