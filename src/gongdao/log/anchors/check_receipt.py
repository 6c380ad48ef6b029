"""Ask a node of one's own choice about the transactions that a receipt names. No server, no key.

A receipt carries, for a chain, only where to look: offline nobody can tell whether a transaction is
really there. Everything else about the receipt is judged by gongdao_verify first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gongdao.core.post import Address
from gongdao.log.anchors.evm import KIND
from gongdao.log.anchors.evm_check import check_transaction
from gongdao.log.anchors.evm_data import anchor_data
from gongdao.log.anchors.evm_node import PATIENCE_S, EvmNode
from gongdao.log.anchors.port import AnchorCheck
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.log_verdict import LogState, LogVerdict, judge_receipt
from gongdao_verify.receipt_extra import parse_extra
from gongdao_verify.tlog_proof import TlogProof


@dataclass(frozen=True)
class CheckedAnchor:
    """What a node said about one transaction that the receipt names."""

    chain_id: int
    transaction: str
    size: int
    check: AnchorCheck


def check_receipt_anchors(
    *, receipt: bytes, node_url: str, confirmations: int, patience_s: float = PATIENCE_S
) -> tuple[LogVerdict, tuple[CheckedAnchor, ...]]:
    """The offline verdict on ``receipt``, and each of its transactions as the node tells it.

    Nothing is asked about an invalid receipt. BadReceipt: the bytes are none. ValueError:
    ``node_url`` is no address. AnchorDelayed: the node does not answer, or is on another chain.
    """
    address = Address.parse(node_url)
    verdict = judge_receipt(receipt, policy=None)
    if verdict.state is LogState.INVALID:
        return verdict, ()
    checked = []
    for one in parse_extra(TlogProof.parse(receipt).extra).anchors:
        if one.get("kind") == KIND:  # its form was judged with the receipt
            node = EvmNode(address, int(one["chain_id"]), patience_s=patience_s)
            checked.append(_check(node, one, verdict.origin, confirmations))
    return verdict, tuple(checked)


def _check(
    node: EvmNode, anchor: Mapping[str, Any], origin: str, confirmations: int
) -> CheckedAnchor:
    size, root = int(anchor["size"]), bytes.fromhex(anchor["root"])
    data = anchor_data(Checkpoint(origin, size, root))
    found = check_transaction(node, anchor["tx"], f"0x{data.hex()}", confirmations)
    return CheckedAnchor(node.chain_id, anchor["tx"], size, found)
