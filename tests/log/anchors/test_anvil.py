"""Anchors on a real node: mined, buried, through restarts, a rollback and reorganisations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.log.anchors.anchor_log import AT, MINUTE, GrowingLog
from tests.log.anchors.anvil import Anvil
from tests.log.anchors.evm_kit import (
    Node,
    data_on_chain,
    load_web3,
    make_anchor,
    make_checkpoint,
    make_key,
)
from tests.log.log_kit import STORES

from gongdao.log.anchors.evm import STUCK_BLOCKS, EvmAnchor
from gongdao.log.anchors.evm_data import anchor_data
from gongdao.log.anchors.keep_anchors import keep_anchors
from gongdao.log.anchors.plan_anchors import plan_anchors
from gongdao.log.anchors.port import AnchorDelayed, AnchorState, Receipt


@pytest.fixture
def anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A node of its own."""
    anvil = Anvil(tmp_path)
    anvil.start()
    yield anvil
    anvil.kill()


@pytest.fixture
def key(anvil: Anvil, tmp_path: Path) -> tuple[Path, str]:
    """A key file, and the address of its account, which can pay."""
    path, address = make_key(tmp_path)
    anvil.fund(address)
    return path, address


@pytest.fixture
def anchor(anvil: Anvil, key: tuple[Path, str]) -> EvmAnchor:
    """The adapter, three confirmations."""
    return make_anchor(anvil.url, anvil.chain_id, key[0])


def _ours(anvil: Anvil, address: str) -> list[str]:
    web3 = load_web3()
    return data_on_chain(web3.Web3(web3.HTTPProvider(anvil.url)), address)


def test_a_transaction_waits_is_mined_and_is_buried(
    anvil: Anvil, anchor: EvmAnchor, key: tuple[Path, str]
) -> None:
    """Signed, in the pool, in a block, under two more; web3 finds the checkpoint's data there."""
    checkpoint = make_checkpoint()
    receipt = anchor.submit(checkpoint)
    assert anvil.waiting() == 0
    assert anchor.upgrade(receipt) == receipt and anvil.waiting() == 1
    assert anchor.upgrade(receipt) == receipt and anvil.waiting() == 1  # "already imported"
    anvil.mine(1)
    mined = anchor.upgrade(receipt)
    assert (mined.state, mined.fields["confirmations"]) == (AnchorState.PENDING, 1)
    assert not anchor.check(mined, checkpoint).holds
    anvil.mine(2)
    done = anchor.upgrade(mined)
    assert done.state is AnchorState.CONFIRMED and anchor.check(done, checkpoint).holds
    assert not anchor.check(done, make_checkpoint(8)).holds
    assert _ours(anvil, key[1]) == [f"0x{anchor_data(checkpoint).hex()}"]


def test_a_node_that_restarts_has_lost_its_pool_and_gets_the_same_again(
    anvil: Anvil, anchor: EvmAnchor, key: tuple[Path, str]
) -> None:
    """While it is away that is a delay; back, it is sent what it forgot, and mines it once."""
    receipt = anchor.upgrade(anchor.submit(make_checkpoint()))
    anvil.stop()
    with pytest.raises(AnchorDelayed) as caught:
        anchor.upgrade(receipt)
    assert caught.value.service_down and caught.value.problem.code == "node_unreachable"
    anvil.start()
    assert anvil.waiting() == 0
    assert anchor.upgrade(receipt) == receipt and anvil.waiting() == 1
    anvil.mine(3)
    assert anchor.upgrade(receipt).state is AnchorState.CONFIRMED
    assert len(_ours(anvil, key[1])) == 1


def test_a_node_that_was_rolled_back_makes_it_pending_again(
    anvil: Anvil, anchor: EvmAnchor, key: tuple[Path, str]
) -> None:
    """Killed and back with an older chain: even the confirmed anchor is sent once more."""
    anvil.stop()
    anvil.start()
    receipt = anchor.upgrade(anchor.submit(make_checkpoint()))
    anvil.mine(3)
    done = anchor.upgrade(receipt)
    assert done.state is AnchorState.CONFIRMED
    anvil.kill()
    anvil.start()
    assert _ours(anvil, key[1]) == []
    again = anchor.upgrade(done)
    assert again.state is AnchorState.PENDING and anvil.waiting() == 1
    anvil.mine(3)
    assert anchor.upgrade(again).state is AnchorState.CONFIRMED
    assert len(_ours(anvil, key[1])) == 1


@pytest.mark.parametrize("deep", [1, 3])
def test_a_reorganisation_makes_it_pending_again(
    anvil: Anvil, anchor: EvmAnchor, key: tuple[Path, str], deep: int
) -> None:
    """Its block falls away, fresh or buried: pending, sent again, mined in another block, once."""
    anvil.mine(5)
    receipt = anchor.upgrade(anchor.submit(make_checkpoint()))
    anvil.mine(deep)
    before = anchor.upgrade(receipt)
    anvil.reorg(deep)
    after = anchor.upgrade(before)
    assert after.state is AnchorState.PENDING and "block" not in after.fields
    anvil.mine(3)
    done = anchor.upgrade(after)
    assert done.state is AnchorState.CONFIRMED
    assert done.fields["block_hash"] != before.fields["block_hash"]
    assert done.fields["tx"] == before.fields["tx"] and len(_ours(anvil, key[1])) == 1


def test_a_snapshot_put_back_is_a_reorganisation_too(
    anvil: Anvil, anchor: EvmAnchor, key: tuple[Path, str]
) -> None:
    """Reverted to before it was mined, it is mined again in the other history."""
    snapshot = anvil.ask("evm_snapshot", [])
    receipt = anchor.upgrade(anchor.submit(make_checkpoint()))
    anvil.mine(3)
    done = anchor.upgrade(receipt)
    assert anvil.ask("evm_revert", [snapshot])
    anvil.mine(1)
    again = anchor.upgrade(done)
    assert again.state is AnchorState.PENDING
    anvil.mine(3)
    assert anchor.upgrade(again).state is AnchorState.CONFIRMED
    assert len(_ours(anvil, key[1])) == 1


def test_a_price_that_rose_is_paid_under_the_same_number(
    anvil: Anvil, anchor: EvmAnchor, key: tuple[Path, str]
) -> None:
    """Gas became dear, and the node threw it out of its pool: signed anew under the same number,
    mined once, at the new price."""
    receipt = anchor.upgrade(anchor.submit(make_checkpoint()))
    for _block in range(STUCK_BLOCKS):
        anvil.ask("anvil_setNextBlockBaseFeePerGas", [hex(20 * 10**9)])
        anvil.mine(1)
    assert not _ours(anvil, key[1])
    dearer = anchor.upgrade(receipt)
    assert len(dearer.fields["tries"]) == 2
    assert anchor.upgrade(Receipt.parse(dearer.dump())) == dearer and anvil.waiting() == 1
    anvil.ask("anvil_setNextBlockBaseFeePerGas", [hex(20 * 10**9)])
    anvil.mine(3)
    done = anchor.upgrade(dearer)
    assert done.state is AnchorState.CONFIRMED
    assert done.fields["tx"] == dearer.fields["tries"][1]["hash"]
    assert len(_ours(anvil, key[1])) == 1


def test_an_account_without_money_is_told_and_goes_on_once_it_has_some(
    anvil: Anvil, tmp_path: Path
) -> None:
    """The node refuses, in its own words; with money the same bytes go through."""
    path, address = make_key(tmp_path, "poor.key")
    anchor = make_anchor(anvil.url, anvil.chain_id, path)
    receipt = anchor.submit(make_checkpoint())
    with pytest.raises(AnchorDelayed, match=r"(?i)insufficient funds"):
        anchor.upgrade(receipt)
    anvil.fund(address)
    anchor.upgrade(receipt)
    anvil.mine(3)
    assert anchor.upgrade(receipt).state is AnchorState.CONFIRMED


def test_another_chain_is_refused(anvil: Anvil, key: tuple[Path, str]) -> None:
    """A node on another chain than the one that was set gets no transaction."""
    with pytest.raises(AnchorDelayed, match=str(anvil.chain_id)):
        make_anchor(anvil.url, 1, key[0]).submit(make_checkpoint())
    assert anvil.waiting() == 0


@pytest.mark.django_db
def test_rows_survive_all_of_it(anvil: Anvil, key: tuple[Path, str]) -> None:
    """Six checkpoints kept over rounds in which the node is away, loses answers, restarts and is
    reorganised: in the end each is confirmed, and is on the chain once."""
    log, spans = GrowingLog(), {"evm": MINUTE}
    for n in range(6):
        log.sign(AT - (8 - n) * MINUTE)
    plan_anchors(kinds=spans, at=AT)
    with Node(anvil) as node:
        anchor = make_anchor(node.url, anvil.chain_id, key[0])
        for n in range(40):
            _trouble(n, anvil, node)
            keep_anchors(anchor=anchor, stores=STORES, at=AT + n * timedelta(minutes=6))
            if anvil.running:
                anvil.mine(1)
            node.spoil.clear()
            if n == 12:
                anvil.reorg(2)
    assert log.states("evm") == {"confirmed": 6}
    data = _ours(anvil, key[1])
    assert len(data) == len(set(data)) == 6 and log.anchor_leaves() >= 6


def _trouble(n: int, anvil: Anvil, node: Node) -> None:
    if n in (1, 2, 7):
        node.spoil["eth_sendRawTransaction"] = "lost answer" if n < 7 else "not done"
    if n == 4:
        anvil.stop()
    if n == 6:
        anvil.start()
    if n == 9:
        node.spoil["*"] = "html"
    if n == 10:
        node.spoil["eth_getTransactionReceipt"] = "text"
