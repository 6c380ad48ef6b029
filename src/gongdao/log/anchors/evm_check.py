"""Whether a transaction with certain data is on a chain, deep enough, as one node tells it."""

from __future__ import annotations

from gongdao.core.language import Phrase
from gongdao.log.anchors.evm_node import Block, EvmNode, Mined
from gongdao.log.anchors.port import AnchorCheck


def check_transaction(
    node: EvmNode, transaction: str, data: str, confirmations: int
) -> AnchorCheck:
    """Ask ``node`` for ``transaction`` (``0x…``): its data must be ``data`` (``0x…``), its block on
    the chain, under enough others. Who sent it does not matter: the data speak for themselves.

    Raises AnchorDelayed where the node cannot be asked, or is on another chain.
    """
    node.check_chain()
    sent = node.find_transaction(transaction)
    if sent is None or sent.hash != transaction or sent.data != data:
        return AnchorCheck(False, why=Phrase("节点上没有这笔交易，或者内容不是这个检查点"))
    found = find_on_chain(node, transaction)
    if found is None or not found[0].succeeded:
        return AnchorCheck(False, why=Phrase("交易不在链上的区块里，或者没有成功"))
    block = found[1]
    deep = node.head() - block.number + 1
    if deep < confirmations:
        why = Phrase("只有 {deep} 个区块确认，还不够", deep=deep)
        return AnchorCheck(False, block.at, sent.sender, why)
    unchecked = (Phrase("只问了一个节点，它说的是不是真的，没有另外查"),)
    return AnchorCheck(True, block.at, sent.sender, unchecked=unchecked)


def find_on_chain(node: EvmNode, transaction: str) -> tuple[Mined, Block] | None:
    """Where ``transaction`` was mined, as long as that block belongs to the chain; a node may show
    an old receipt for a moment after its block has dropped out."""
    mined = node.find_mined(transaction)
    if mined is None:
        return None
    block = node.block(mined.block)
    return (mined, block) if block and block.hash == mined.block_hash else None
