"""Order receipts: what holds, what each alteration is told as, and that nothing crashes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.house.house_sources import REPO
from tests.verify.order_kit import (
    COMMITMENT,
    FORM,
    NUMBER,
    SALT,
    form_of,
    policy_of,
    receipt_of,
    small_log,
)

from gongdao_verify.leaf_form import commitment
from gongdao_verify.log_verdict import LogState
from gongdao_verify.order_verdict import judge_order
from gongdao_verify.order_words import ORDER_WORDS
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.show_order import order_json, order_lines
from gongdao_verify.tlog_policy import Policy

LOG = small_log()
POLICY = Policy.parse(policy_of(LOG))
Told = dict[str, Any]


def test_a_receipt_holds_by_a_second_implementation():
    """Written by the tests' own code from the format page; leaf by leaf it is what it says."""
    verdict = judge_order(receipt_of(LOG), policy=POLICY)
    assert (verdict.state, verdict.reason) == (LogState.CONSISTENT_UNWITNESSED, "no_witness")
    assert [one.index for one in verdict.leaves] == [2, 3, 1]
    assert (verdict.sources, verdict.opened) == (("resale",), 1)
    assert verdict.form is not None and verdict.form.units[0].opened == ("No.10012002", "abCd9")
    assert judge_order(receipt_of(LOG), policy=None).reason == "no_policy"


def _unit(**change: Any) -> Callable[[Told], None]:
    def run(told: Told) -> None:
        told["units"][0].update(change)
        for name in [name for name, value in change.items() if value is ...]:
            del told["units"][0][name]

    return run


def _put(**change: Any) -> Callable[[Told], None]:
    return lambda told: told.update(change)


def _snapshot(**change: Any) -> Callable[[Told], None]:
    return lambda told: told["snapshot"].update(change)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_snapshot(total_minor=1), "other_snapshot"),
        (_snapshot(more=1), "other_snapshot"),
        (_put(snapshot=[]), "bad_snapshot"),
        (_unit(salt="00" * 32), "other_secret"),
        (_unit(form=form_of("No.10012002", "abCd8").hex()), "other_secret"),
        (_unit(salt=...), "bad_unit"),
        (_unit(batch=1), "bad_unit"),
        (_unit(index=0), "not_in_batch"),
        (_unit(size=2), "not_in_batch"),
        (_unit(path=[]), "not_in_batch"),
        (_unit(path=["00" * 32, "00" * 32]), "not_in_batch"),
        (_unit(commitment="00" * 32, form=..., salt=...), "not_delivered_here"),
        (_unit(index=True), "bad_unit"),
        (_unit(extra=1), "bad_unit"),
        (_put(units=[]), "bad_unit"),
        (lambda told: told["units"].append(told["units"][0]), "other_quantity"),
        (lambda told: told.update(placed=told["delivered"][0]), "other_leaf"),
        (lambda told: told.update(delivered=[told["placed"]]), "other_leaf"),
        (lambda told: told.update(batches=[told["placed"]]), "other_leaf"),
        (_put(delivered=[]), "not_delivered_here"),
        (_put(batches=[]), "bad_unit"),
        (_put(placed="!"), "bad_unit"),
        (_put(placed="aGk="), "no_receipt"),
    ],
)
def test_every_alteration_is_told(change, reason):
    """INVALID with the reason, and a sentence for it in both languages."""
    data = receipt_of(LOG, change)
    try:
        verdict = judge_order(data, policy=POLICY)
    except BadReceipt as bad:
        assert bad.code == reason
        return
    assert (verdict.state, verdict.reason) == (LogState.INVALID, reason)
    for language in ("zh", "en"):
        assert "INVALID" in order_lines(verdict, language)[0]
        assert order_json(verdict, language)["sentences"]["reason"] not in ("", reason)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (("placed", "batch", "delivered"), "batch_after_order"),
        (("batch", "delivered", "placed"), "delivered_before_order"),
    ],
)
def test_leaves_in_another_order_prove_nothing(order, reason):
    """Their numbers are what shows which came first."""
    log = small_log(order=order)
    assert judge_order(receipt_of(log), policy=POLICY).reason == reason


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (("batch", "placed", "first", "replaced"), ""),
        (("placed", "first", "batch", "replaced"), ""),
        (("placed", "first", "replaced", "batch"), "batch_after_replacement"),
    ],
)
def test_what_replaced_a_piece_was_there_before_it_was_given(order, reason):
    """Its batch may be younger than the order, not than the replacement; both languages say so."""
    log = small_log(order=order)
    verdict = judge_order(receipt_of(log, sizes=(5, 5, 5)), policy=None)
    assert verdict.state is (LogState.INVALID if reason else LogState.CONSISTENT_UNWITNESSED)
    assert verdict.reason == (reason or "no_policy")
    assert verdict.replaced == (0 if reason else 1)
    for language, word in (("zh", "补发"), ("en", "replace")):
        assert any(word in line for line in order_lines(verdict, language))


def test_leaves_under_two_checkpoints_are_refused():
    """Nothing shows that the larger tree continues the smaller one."""
    verdict = judge_order(receipt_of(LOG, sizes=(2, 4, 4)), policy=POLICY)
    assert verdict.reason == "two_checkpoints"


def test_a_secret_that_is_left_out_is_said_to_be():
    """A bare receipt holds, and says what it does not prove."""
    bare = receipt_of(LOG, _unit(form=..., salt=...))
    verdict = judge_order(bare, policy=POLICY)
    assert verdict.exit_code == 0 and "np_order_secret" in verdict.not_proven()
    assert "np_order_secret" not in judge_order(receipt_of(LOG), policy=POLICY).not_proven()
    assert FORM.hex().encode() not in bare and SALT.hex().encode() not in bare


def test_what_was_handed_over_is_compared_with_its_commitment():
    """A text that is another one is found; so is one that is not in the delivery."""
    said = {"place": 1, "text": "账号 a"}
    digest = commitment(SALT, said)
    unit = {"commitment": digest, "salt": SALT.hex(), **said}
    verdict = judge_order(receipt_of(LOG, _put(units=[unit])), policy=POLICY)
    assert verdict.reason == "not_delivered_here"
    other = judge_order(receipt_of(LOG, _put(units=[{**unit, "text": "b"}])), policy=POLICY)
    assert other.reason == "other_secret"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"batches":[]}', b'{"a": 1}', b"\xff"])
def test_what_is_no_receipt_has_no_verdict(data):
    """BadReceipt, for which the command says that it cannot be read."""
    with pytest.raises(BadReceipt) as refused:
        judge_order(data, policy=POLICY)
    assert refused.value.code == "no_order_receipt"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_byte_can_be_changed(data):
    """Any other byte anywhere: invalid or no receipt at all, never an error of ours."""
    plain = receipt_of(LOG)
    at = data.draw(st.integers(0, len(plain) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != plain[at]))
    changed = plain[:at] + bytes([byte]) + plain[at + 1 :]
    try:
        verdict = judge_order(changed, policy=POLICY)
    except BadReceipt:
        return
    assert verdict.exit_code == 1 or _same_proofs(plain, changed)


def _same_proofs(plain: bytes, changed: bytes) -> bool:
    """Whether only what nobody signs and nothing follows from differs: the issuer's last answer,
    and a batch's size that gives a path of the same length."""
    one, two = json.loads(plain), json.loads(changed)
    for told in (one, two):
        told["units"][0] |= {"checked_at": None, "size": 0}
    return bool(one == two)


def test_every_sentence_is_in_both_languages():
    """Nothing is left out of either."""
    for key, (zh, en) in ORDER_WORDS.items():
        assert zh and en and en.isascii() and re.findall("{.*?}", zh) == re.findall("{.*?}", en), (
            key
        )


def test_the_format_page_shows_this_receipt():
    """The worked example of docs/formats/order-receipt.md is what the tests' own code writes, and
    it names the order, the commitment and the policy."""
    page = (REPO / "docs/formats/order-receipt.md").read_text("utf-8")
    blocks = dict(re.findall(r"^```(?:json|text) (\w+)\n(.*?)\n```", page, re.M | re.S))
    assert blocks["receipt"].encode() == receipt_of(LOG)
    assert json.loads(blocks["snapshot"]) == json.loads(blocks["receipt"])["snapshot"]
    assert blocks["policy"] + "\n" == policy_of(LOG)
    assert NUMBER in page and COMMITMENT.hex() in page
