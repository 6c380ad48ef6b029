"""Checkpoints on an EVM chain: a transaction of our account to itself, whose data name one.

A transaction is signed first, stored by the caller, and only then sent. The same bytes can be sent
any number of times and are mined at most once: so after a time-out, a crash or a restart of the
node it is simply sent again. One that stays unmined is signed anew under the same number (nonce) at
a higher price, and again at most one of the two is mined. What is judged is the chain as the node
shows it now: a block that dropped out takes its transaction along, which is then pending again.

Works with any node that speaks Ethereum's JSON-RPC; a FISCO BCOS v3 node does on its web3 port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongdao.core.language import Phrase
from gongdao.core.post import Address
from gongdao.log.anchors.evm_check import check_transaction, find_on_chain
from gongdao.log.anchors.evm_data import anchor_data
from gongdao.log.anchors.evm_key import EvmKey
from gongdao.log.anchors.evm_node import PATIENCE_S, Block, EvmNode, Mined, NodeRefused
from gongdao.log.anchors.port import (
    AnchorCheck,
    AnchorDelayed,
    AnchorRefused,
    AnchorState,
    Receipt,
)
from gongdao.log.anchors.problems import (
    NODE_REFUSED,
    NODE_RUBBISH,
    OTHER_CHAIN,
    RECEIPT_BROKEN,
    REVERTED,
    TOO_DEAR,
    Problem,
)
from gongdao_verify.checkpoint import Checkpoint

KIND = "evm"
STUCK_BLOCKS = 10
"""After so many blocks without ours, the price may be too low."""
SEARCH_BLOCKS = 64
"""How far we look for a transaction that took our number."""
_MOST_GAS = 1_000_000
_GWEI = 10**9
_HAS_IT = ("already", "known", "imported", "duplicate")
_NUMBER_TAKEN = "nonce"
_OF_BLOCK = frozenset({"tx", "block", "block_hash", "confirmations"})
_PASSING = frozenset({"taken_at"})
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class EvmPlace:
    """The chain and the account to use. ``confirmations`` counts the block itself;
    ``most_gwei`` is the most that a unit of gas may cost, whatever the node says."""

    url: str = field(repr=False)
    chain_id: int
    key_file: Path
    confirmations: int = 12
    most_gwei: int = 200
    patience_s: float = PATIENCE_S


@dataclass(frozen=True)
class _Try:
    """One signed form of the transaction; ``raw`` is empty for one that somebody else signed."""

    hash: str
    raw: str
    gas_price: int
    head: int

    def as_field(self) -> dict[str, Any]:
        """Plain JSON; the price as text, since it may be larger than JSON's numbers."""
        price = str(self.gas_price)
        return {"hash": self.hash, "raw": self.raw, "gas_price": price, "head": self.head}


class EvmAnchor:
    """Anchors through the node and the account of ``place``."""

    kind = KIND
    final = False

    def __init__(self, place: EvmPlace) -> None:
        self._place = place
        address = Address.parse(place.url)
        self._node = EvmNode(address, place.chain_id, patience_s=place.patience_s)

    def submit(self, checkpoint: Checkpoint) -> Receipt:
        """A signed transaction that anchors ``checkpoint``, not sent yet: store it, then
        ``upgrade``. Raises AnchorDelayed."""
        key = EvmKey.read(self._place.key_file)
        self._node.check_chain()
        return self._sign_anew(key, anchor_data(checkpoint), self._node.head())

    def upgrade(self, receipt: Receipt) -> Receipt:
        """Find the transaction on the chain, or send it. Pending until it is buried under enough
        blocks; pending again once its block has dropped out."""
        fields = receipt.fields
        tries = _tries(fields)
        if fields["chain_id"] != self._place.chain_id:
            raise AnchorRefused(Problem(OTHER_CHAIN, str(fields["chain_id"])))
        self._node.check_chain()
        head = self._node.head()
        for one in tries:
            if (found := find_on_chain(self._node, one.hash)) is not None:
                return self._with_block(fields, one.hash, *found, head)
        kept = {name: value for name, value in fields.items() if name not in _OF_BLOCK}
        return self._go_on(kept, tries, head)

    def check(self, receipt: Receipt, checkpoint: Checkpoint) -> AnchorCheck:
        """Ask the node whether a transaction with the right data is on the chain, deep enough."""
        data = f"0x{anchor_data(checkpoint).hex()}"
        transaction = receipt.fields.get("tx")
        if receipt.fields.get("data") != data:
            return AnchorCheck(False, why=Phrase("这笔交易锚定的是另一个检查点"))
        if receipt.fields.get("chain_id") != self._place.chain_id:
            return AnchorCheck(False, why=Phrase("这笔交易在另一条链上"))
        if not isinstance(transaction, str):
            return AnchorCheck(False, why=Phrase("交易还没有进区块"))
        return check_transaction(self._node, transaction, data, self._place.confirmations)

    def _with_block(
        self, fields: Fields, transaction: str, mined: Mined, block: Block, head: int
    ) -> Receipt:
        deep, state = max(0, head - block.number + 1), AnchorState.PENDING
        if deep >= self._place.confirmations:
            if not mined.succeeded:
                raise AnchorRefused(Problem(REVERTED, transaction))
            state, deep = AnchorState.CONFIRMED, self._place.confirmations
        found = {"tx": transaction, "block": block.number, "block_hash": block.hash}
        kept = {name: value for name, value in fields.items() if name not in _PASSING}
        return Receipt(KIND, state, {**kept, **found, "confirmations": deep}, block.at)

    def _go_on(self, fields: Fields, tries: Sequence[_Try], head: int) -> Receipt:
        """Nothing of ours is on the chain: send it, or sign it anew."""
        account, nonce = str(fields["from"]), int(fields["nonce"])
        if self._node.transaction_count(account, "latest") > nonce:
            return self._number_taken(fields, tries, head)
        kept = {name: value for name, value in fields.items() if name not in _PASSING}
        newest = next(one for one in reversed(tries) if one.raw)
        if head - newest.head >= STUCK_BLOCKS and (dearer := self._dearer(kept, newest, head)):
            return _pending(kept, [*tries, dearer])  # stored by the caller, then sent
        self._send(newest)
        return _pending(kept, tries)

    def _send(self, one: _Try) -> None:
        try:
            if self._node.send(one.raw) != one.hash:
                raise AnchorDelayed(Problem(NODE_RUBBISH, "another hash"), service_down=True)
        except NodeRefused as refused:
            said = refused.message.lower()
            # It is in the node's pool, or its number was used this moment: the chain will tell.
            if any(word in said for word in _HAS_IT) or _NUMBER_TAKEN in said:
                return
            raise AnchorDelayed(Problem(NODE_REFUSED, refused.message)) from None

    def _number_taken(self, fields: Fields, tries: Sequence[_Try], head: int) -> Receipt:
        """Our number was used, and by none of ours. If our data are there all the same (a wallet
        sped it up, a backup was restored), that is it. If not, sign under a new number, but only
        once the other one is buried: until then ours might still come back."""
        taken_at = fields.get("taken_at")
        if not isinstance(taken_at, int) or taken_at > head:
            found = self._find_our_data(fields, tries, head)
            if found is not None:
                mine = found.hash in [one.hash for one in tries]  # mined this moment
                return _pending(fields, tries if mine else [*tries, found])
            return _pending({**fields, "taken_at": head}, tries)
        if head - taken_at + 1 < self._place.confirmations:
            return _pending(fields, tries)
        key = EvmKey.read(self._place.key_file)
        return self._sign_anew(key, bytes.fromhex(str(fields["data"])[2:]), head)

    def _find_our_data(self, fields: Fields, tries: Sequence[_Try], head: int) -> _Try | None:
        account, first = str(fields["from"]), min(one.head for one in tries)
        for number in range(head, max(first, head - SEARCH_BLOCKS), -1):
            for sent in self._node.transactions_of(account, number):
                if sent.data == fields["data"]:
                    return _Try(sent.hash, "", 0, head)
                if sent.nonce == fields["nonce"]:
                    return None
        return None

    def _dearer(self, fields: Fields, newest: _Try, head: int) -> _Try | None:
        """The same transaction at a price that replaces ``newest``; None where the node does not
        want more than that one offers, or more than we may pay, or our key is another one now."""
        wanted = self._node.gas_price()
        if wanted <= newest.gas_price:
            return None
        price = max(wanted * 5 // 4, newest.gas_price * 9 // 8 + 1)
        if price > self._place.most_gwei * _GWEI:
            return None
        key = EvmKey.read(self._place.key_file)
        return self._sign(key, fields, price, head) if key.address == fields["from"] else None

    def _sign_anew(self, key: EvmKey, data: bytes, head: int) -> Receipt:
        """The receipt of a new transaction under the account's next number."""
        account = key.address
        gas = self._node.estimate_gas(account, data)
        wanted, most = self._node.gas_price(), self._place.most_gwei * _GWEI
        if wanted > most or gas > _MOST_GAS:
            price = f"{wanted // _GWEI} gwei × {gas}"
            raise AnchorDelayed(Problem(TOO_DEAR, price), service_down=True)
        fields = {
            "chain_id": self._place.chain_id,
            "from": account,
            "nonce": self._node.transaction_count(account, "pending"),
            "gas": gas * 5 // 4,
            "data": f"0x{data.hex()}",
        }
        return _pending(fields, [self._sign(key, fields, min(wanted * 5 // 4, most), head)])

    def _sign(self, key: EvmKey, fields: Fields, gas_price: int, head: int) -> _Try:
        signed = key.sign(
            chain_id=self._place.chain_id,
            nonce=int(fields["nonce"]),
            gas_price=gas_price,
            gas=int(fields["gas"]),
            data=bytes.fromhex(str(fields["data"])[2:]),
        )
        return _Try(signed.hash, signed.raw, gas_price, head)


def _pending(fields: Fields, tries: Sequence[_Try]) -> Receipt:
    kept = {**fields, "tries": [one.as_field() for one in tries]}
    return Receipt(KIND, AnchorState.PENDING, kept)


def _tries(fields: Fields) -> list[_Try]:
    """The signed forms of a stored receipt; AnchorRefused if it is none of ours."""
    try:
        tries = [
            _Try(str(one["hash"]), str(one["raw"]), int(one["gas_price"]), int(one["head"]))
            for one in fields["tries"]
        ]
        whole = {"chain_id", "from", "nonce", "gas", "data"} <= fields.keys()
    except (KeyError, TypeError, ValueError):
        tries, whole = [], False
    if not tries or not whole:
        raise AnchorRefused(Problem(RECEIPT_BROKEN))
    return tries
