"""From a leaf to a stranger's check: both kinds of anchors in a receipt, offline and at a node."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.casework.local_tsa import LocalTsa, Served
from tests.log.anchors.evm_kit import Node, TesterChain, make_anchor
from tests.log.log_kit import AT, STORES, Ground, append_some
from typer.testing import CliRunner

from gongdao.core.errors import GongdaoError
from gongdao.core.timestamp import load_roots
from gongdao.front.cli.main import app
from gongdao.front.worker.anchor_tasks import run_round
from gongdao.log.anchors.check_receipt import check_receipt_anchors
from gongdao.log.anchors.keep_anchors import keep_anchors
from gongdao.log.anchors.plan_anchors import plan_anchors
from gongdao.log.anchors.port import AnchorDelayed
from gongdao.log.anchors.rfc3161 import Rfc3161Anchor
from gongdao.log.models import LogAnchor
from gongdao.log.receipt import make_receipt
from gongdao_verify.log_verdict import LogState, judge_receipt
from gongdao_verify.tlog_policy import Policy
from gongdao_verify.tlog_proof import TlogProof

MINUTE = timedelta(minutes=1)
RUN = CliRunner()


@pytest.fixture
def anchored(ground: Ground, tsa: LocalTsa, node: Node, chain: TesterChain, key) -> bytes:
    """The receipt of a leaf whose checkpoint was stamped and stands on the chain; a later
    checkpoint has the leaf as well."""
    from gongdao.log.begin import begin_log

    begin_log(stores=STORES, key=ground.key, at=AT)
    digest = append_some(3)[1]
    ground.run()
    kinds = {"rfc3161": MINUTE, "evm": MINUTE}
    plan_anchors(kinds=kinds, at=AT + 2 * MINUTE)
    with Served(tsa) as url:
        stamps = Rfc3161Anchor(url, load_roots([tsa.roots]))
        keep_anchors(anchor=stamps, stores=STORES, at=AT + 2 * MINUTE)
    evm = make_anchor(node.url, chain.chain_id, key[0])
    for n in (2, 3):
        keep_anchors(anchor=evm, stores=STORES, at=AT + n * MINUTE)
        chain.mine(3)
    append_some(5)
    ground.run()
    assert set(LogAnchor.objects.values_list("state", flat=True)) == {"confirmed"}
    return make_receipt(stores=STORES, leaf_hash=digest, openings=False)


def test_a_stranger_finds_both_anchors(
    anchored: bytes, ground: Ground, tsa: LocalTsa, node: Node
) -> None:
    """Offline it is ANCHORED by the stamp alone, and the transaction is named; a node confirms
    that."""
    policy = Policy.parse(f"log {ground.key.verifier.text()}\nquorum none\n")
    verdict = judge_receipt(anchored, policy=policy, roots=load_roots([tsa.roots]))
    assert verdict.state is LogState.ANCHORED and verdict.anchors == ("rfc3161",)
    assert {one.kind: one.trusted for one in verdict.stamps} == {"rfc3161": True, "evm": False}
    assert judge_receipt(anchored, policy=policy).state is LogState.CONSISTENT_UNWITNESSED
    _verdict, checked = check_receipt_anchors(receipt=anchored, node_url=node.url, confirmations=3)
    (one,) = checked
    assert one.check.holds and one.size == verdict.stamps[0].size
    assert not _holds(anchored, node, confirmations=100)


def _holds(receipt: bytes, node: Node, confirmations: int = 3) -> bool:
    found = check_receipt_anchors(receipt=receipt, node_url=node.url, confirmations=confirmations)
    return all(one.check.holds for one in found[1])


def test_the_log_says_which_anchors_it_obtained(anchored: bytes, ground: Ground) -> None:
    """Two leaves about anchors stand in the log, behind the checkpoint that they are about."""
    leaves = [json.loads(entry) for entry in ground.entries()]
    about = [leaf for leaf in leaves if leaf["t"] == "log.anchor"]
    assert sorted(leaf["d"]["kind"] for leaf in about) == ["evm", "rfc3161"]
    assert {leaf["d"]["size"] for leaf in about} == {4}


def test_a_node_that_knows_nothing_or_something_else_does_not_confirm(
    anchored: bytes, node: Node
) -> None:
    """No transaction, other data, no block, failed: each is a no, and never an exception."""
    assert _holds(anchored, node)
    for method, answer in {
        "eth_getTransactionByHash": lambda found, _params: None,
        "eth_getTransactionReceipt": lambda found, _params: None,
        "eth_getBlockByNumber": lambda found, _params: {**found, "hash": "0x" + "ab" * 32},
    }.items():
        node.spoil = {method: answer}
        assert not _holds(anchored, node), method
    node.spoil = {"eth_getTransactionByHash": lambda found, _p: {**found, "input": "0x1234"}}
    assert not _holds(anchored, node)
    node.spoil = {"eth_getTransactionReceipt": lambda found, _p: {**found, "status": "0x0"}}
    assert not _holds(anchored, node)
    node.spoil = {"eth_chainId": lambda _found, _params: "0x1"}
    with pytest.raises(AnchorDelayed):
        _holds(anchored, node)


def test_the_command_says_yes_no_and_cannot_tell(
    anchored: bytes, node: Node, tmp_path: Path
) -> None:
    """Exit 0 where the node confirms, 1 where it does not; an error where nobody can tell."""
    path = tmp_path / "a.tlog-proof"
    path.write_bytes(anchored)
    asked = ["log", "check-anchor", str(path), "--node", node.url, "--confirmations", "3"]
    done = RUN.invoke(app, asked)
    assert done.exit_code == 0 and done.output.startswith("成立：链 "), done.output
    done = RUN.invoke(app, [*asked, "--json"])
    (found,) = json.loads(done.output)["anchors"]
    assert found["holds"] and found["size"] == 4
    node.spoil = {"eth_getTransactionByHash": lambda _found, _params: None}
    done = RUN.invoke(app, asked)
    assert done.exit_code == 1 and done.output.startswith("不成立：")
    node.spoil = {"*": "html"}
    assert isinstance(RUN.invoke(app, asked).exception, GongdaoError)
    altered = TlogProof.parse(anchored)
    other = TlogProof(altered.index + 1, altered.path, altered.checkpoint, altered.extra)
    for bad in (b"rubbish", other.dump()):
        path.write_bytes(bad)
        assert isinstance(RUN.invoke(app, asked).exception, GongdaoError)
    bare = TlogProof(altered.index, altered.path, altered.checkpoint, _without_anchors(altered))
    path.write_bytes(bare.dump())
    assert "没有链上的锚定" in str(RUN.invoke(app, asked).exception)


def _without_anchors(proof: TlogProof) -> bytes:
    from gongdao_verify.canonical import canonical, parse_canonical

    return canonical({**parse_canonical(proof.extra), "anchors": []})


@pytest.mark.django_db
def test_trouble_with_one_kind_takes_nothing_from_the_other(
    tsa: LocalTsa, node: Node, chain: TesterChain, key, caplog: pytest.LogCaptureFixture
) -> None:
    """The job's round: the authority is away, the chain is not; the log line names no address."""
    from tests.log.anchors.anchor_log import GrowingLog

    log = GrowingLog()
    log.sign(AT - 60 * MINUTE)
    evm = make_anchor(node.url, chain.chain_id, key[0], confirmations=1)
    tsa.mode = "error"
    with Served(tsa) as url:
        address = url.replace("http://", "http://user:pa55word@")
        stamps = Rfc3161Anchor(address, load_roots([tsa.roots]))
        anchors = [(stamps, MINUTE), (evm, MINUTE)]
        run_round(anchors=anchors, stores=STORES)
        run_round(anchors=anchors, stores=STORES)
    assert (log.states("rfc3161"), log.states("evm")) == ({"pending": 1}, {"confirmed": 1})
    assert "tsa_unreachable|HTTP 503" in caplog.text and "pa55word" not in caplog.text
