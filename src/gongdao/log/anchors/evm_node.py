"""One EVM node, asked by JSON-RPC over HTTP: few questions, each answer read strictly.

The node is somebody else's machine. It may be slow, lie about types, belong to another chain or
answer nothing; each of these is an AnchorDelayed, never a wrong value further on. Its address may
hold a key: it appears in no error and no log line.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gongdao.core.post import Address, NoAnswer, Why, post
from gongdao.log.anchors.port import AnchorDelayed
from gongdao.log.anchors.problems import (
    NODE_REFUSED,
    NODE_RUBBISH,
    NODE_SLOW,
    NODE_UNREACHABLE,
    WRONG_CHAIN,
    Problem,
)

PATIENCE_S = 10.0
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_QUANTITY = re.compile(r"0x(?:0|[1-9A-Fa-f][0-9A-Fa-f]{0,63})")
_HASH = re.compile(r"0x[0-9A-Fa-f]{64}")
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}")
_BYTES = re.compile(r"0x(?:[0-9A-Fa-f]{2})*")
_LAST_SECOND = 253_402_300_799


class NodeRefused(Exception):
    """The node understood the question and answered with an error; ``message`` is its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Mined:
    """Where a transaction was mined, and whether it succeeded."""

    block: int
    block_hash: str
    succeeded: bool


@dataclass(frozen=True)
class Block:
    """A block of the chain as the node sees it now."""

    number: int
    hash: str
    at: datetime


@dataclass(frozen=True)
class Sent:
    """A transaction in a block, as far as it matters here."""

    hash: str
    sender: str
    to: str
    nonce: int
    data: str


@dataclass(frozen=True)
class EvmNode:
    """The node at ``address``, which must be on the chain ``chain_id``."""

    address: Address = field(repr=False)
    chain_id: int
    patience_s: float = PATIENCE_S
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def check_chain(self) -> None:
        """Raise AnchorDelayed unless the node is on our chain. First of all questions."""
        found = _quantity(self.ask("eth_chainId"))
        if found != self.chain_id:
            raise AnchorDelayed(Problem(WRONG_CHAIN, str(found)), service_down=True)

    def head(self) -> int:
        """The number of the newest block."""
        return _quantity(self.ask("eth_blockNumber"))

    def transaction_count(self, account: str, tag: str) -> int:
        """How many transactions ``account`` sent; ``tag``: ``latest`` or ``pending``."""
        return _quantity(self.ask("eth_getTransactionCount", account, tag))

    def gas_price(self) -> int:
        """What the node thinks that a unit of gas costs, in wei."""
        return _quantity(self.ask("eth_gasPrice"))

    def estimate_gas(self, account: str, data: bytes) -> int:
        """How much gas a transaction of ``account`` to itself with ``data`` takes."""
        call = {"from": account, "to": account, "value": "0x0", "data": f"0x{data.hex()}"}
        return _quantity(self.ask("eth_estimateGas", call, "latest"))

    def send(self, raw: str) -> str:
        """Send the signed transaction ``raw``; the node's word for its hash. Raise NodeRefused
        where the node says no, which may also mean that it has it already."""
        return _text(self._ask("eth_sendRawTransaction", [raw]), _HASH)

    def find_mined(self, transaction: str) -> Mined | None:
        """Where ``transaction`` was mined; None if it was not, as far as the node knows."""
        found = self.ask("eth_getTransactionReceipt", transaction)
        if found is None or _of(found, "blockHash") is None:
            return None
        if _text(_of(found, "transactionHash"), _HASH) != transaction:
            raise _rubbish("transactionHash")
        return Mined(
            _quantity(_of(found, "blockNumber")),
            _text(_of(found, "blockHash"), _HASH),
            _of(found, "status") in ("0x1", "0x01"),
        )

    def block(self, number: int) -> Block | None:
        """The block with ``number``; None if there is none (any more)."""
        found = self.ask("eth_getBlockByNumber", hex(number), False)
        if found is None:
            return None
        if _quantity(_of(found, "number")) != number:
            raise _rubbish("number")
        second = _quantity(_of(found, "timestamp"))
        if second > _LAST_SECOND:
            raise _rubbish("timestamp")
        return Block(number, _text(_of(found, "hash"), _HASH), datetime.fromtimestamp(second, UTC))

    def transactions_of(self, account: str, number: int) -> list[Sent]:
        """What ``account`` sent to somebody in the block with ``number``; empty if there is none.

        Transactions of others are passed over unread: chains have many forms of them.
        """
        found = self.ask("eth_getBlockByNumber", hex(number), True)
        listed = [] if found is None else _of(found, "transactions")
        if not isinstance(listed, list):
            raise _rubbish("transactions")
        mine = [one for one in listed if str(_of(one, "from")).lower() == account]
        return [_sent(one) for one in mine if _of(one, "to") is not None]

    def find_transaction(self, transaction: str) -> Sent | None:
        """The transaction as the node has it, mined or waiting; some know only mined ones."""
        found = self.ask("eth_getTransactionByHash", transaction)
        return None if found is None or _of(found, "to") is None else _sent(found)

    def ask(self, method: str, *params: object) -> Any:
        """The result of ``method``; raise AnchorDelayed where there is none."""
        try:
            return self._ask(method, params)
        except NodeRefused as refused:
            raise AnchorDelayed(Problem(NODE_REFUSED, refused.message)) from None

    def _ask(self, method: str, params: Sequence[object]) -> Any:
        number = next(self._numbers)
        question = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        try:
            answer = post(
                address=self.address,
                body=json.dumps(question).encode("ascii"),
                headers=_HEADERS,
                patience_s=self.patience_s,
            )
        except NoAnswer as none:
            raise _unanswered(none) from None
        return _result(answer, number)


def _unanswered(none: NoAnswer) -> AnchorDelayed:
    if none.why is Why.SLOW:
        return AnchorDelayed(Problem(NODE_SLOW), service_down=True)
    if none.why is Why.LONG:
        return _rubbish("too long")
    return AnchorDelayed(Problem(NODE_UNREACHABLE, none.detail), service_down=True)


def _result(answer: bytes, number: int) -> Any:
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        raise _rubbish("no JSON") from None
    if not isinstance(read, dict) or read.get("id") != number:
        raise _rubbish("no answer to this question")
    error = read.get("error")
    if error is not None:
        message = error.get("message") if isinstance(error, dict) else None
        raise NodeRefused(message[:200] if isinstance(message, str) else "?")
    if "result" not in read:
        raise _rubbish("no result")
    return read["result"]


def _sent(found: object) -> Sent:
    return Sent(
        _text(_of(found, "hash"), _HASH),
        _text(_of(found, "from"), _ADDRESS),
        _text(_of(found, "to"), _ADDRESS),
        _quantity(_of(found, "nonce")),
        _text(_of(found, "input"), _BYTES),
    )


def _of(found: object, name: str) -> object:
    if not isinstance(found, Mapping):
        raise _rubbish(f"no {name}")
    return found.get(name)


def _quantity(found: object) -> int:
    if not isinstance(found, str) or not _QUANTITY.fullmatch(found):
        raise _rubbish("no number")
    return int(found, 16)


def _text(found: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(found, str) or not pattern.fullmatch(found):
        raise _rubbish("no hash, address or bytes")
    return found.lower()


def _rubbish(what: str) -> AnchorDelayed:
    return AnchorDelayed(Problem(NODE_RUBBISH, what), service_down=True)
