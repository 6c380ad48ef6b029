"""A chain in this process (eth-tester on py-evm), and a node in front of any chain that can also
misbehave: the way a real node does, over HTTP on loopback."""

from __future__ import annotations

import http.server
import json
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from gongdao.log.anchors.evm import EvmAnchor, EvmPlace
from gongdao.log.anchors.evm_key import EvmKey
from gongdao_verify.checkpoint import Checkpoint

ORIGIN = "log.example.org/gongdao"


class RpcError(Exception):
    """What the chain answers with an error."""


class Chain(Protocol):
    """What stands behind a node."""

    def ask(self, method: str, params: list[Any]) -> Any:
        """The result of a JSON-RPC method as JSON; RpcError."""
        ...


def make_checkpoint(size: int = 7) -> Checkpoint:
    """Some checkpoint of our log."""
    return Checkpoint(ORIGIN, size, bytes([size % 256]) * 32)


def make_key(folder: Path, name: str = "evm.key") -> tuple[Path, str]:
    """A key file as operators make it, and the address of its account."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(f"{secrets.token_hex(32)}\n")
    return path, EvmKey.read(path).address


def load_web3() -> Any:
    """The module web3, with what it and py-evm do to the recursion limit taken back: they raise it
    so far that deeply nested JSON would end the process, in all tests that follow."""
    limit = sys.getrecursionlimit()
    try:
        import eth_tester.backends.pyevm.main
        import web3

        assert eth_tester.backends.pyevm.main.PyEVMBackend
        return web3
    finally:
        sys.setrecursionlimit(limit)


def data_on_chain(web3: Any, address: str) -> list[str]:
    """The data of everything that ``address`` has on the chain, read by web3."""
    blocks = [web3.eth.get_block(n, True) for n in range(web3.eth.block_number + 1)]
    sent = [one for block in blocks for one in block["transactions"]]
    mine = [one for one in sent if one["from"].lower() == address]
    return [f"0x{bytes(one.get('input', one.get('data'))).hex()}" for one in mine]


class TesterChain:
    """py-evm without consensus: a block for each transaction, more with ``mine``."""

    __test__ = False

    def __init__(self) -> None:
        web3 = load_web3()
        provider = web3.EthereumTesterProvider()
        self.web3 = web3.Web3(provider)
        self._tester = provider.ethereum_tester
        self._ask = provider.request_func(self.web3, self.web3.middleware_onion)
        self._lock = threading.Lock()
        self.chain_id = self.web3.eth.chain_id

    def ask(self, method: str, params: list[Any]) -> Any:
        """As a node would answer it."""
        with self._lock:
            try:
                answer = self._ask(method, params)
            except Exception as error:  # py-evm has many ways to say no, a node has one
                raise RpcError(str(error)) from None
        if "error" in answer:
            raise RpcError(str(answer["error"]))
        return _as_json(answer["result"])

    def fund(self, address: str) -> None:
        """Give ``address`` enough for many transactions."""
        rich = self.web3.eth.accounts[0]
        with self._lock:
            to = self.web3.to_checksum_address(address)
            value = self.web3.to_wei(1, "ether")
            self.web3.eth.send_transaction({"from": rich, "to": to, "value": value})

    def mine(self, blocks: int) -> None:
        """So many empty blocks more."""
        with self._lock:
            self._tester.mine_blocks(blocks)

    def snapshot(self) -> Any:
        """This moment, to come back to."""
        with self._lock:
            return self._tester.take_snapshot()

    def revert(self, snapshot: Any) -> None:
        """Back to it; what was mined since has never been."""
        with self._lock:
            self._tester.revert_to_snapshot(snapshot)


def _as_json(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Mapping):  # nodes say ``input``
        return {{"data": "input"}.get(name, name): _as_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    return value


Answer = Callable[[Any, list[Any]], Any]
"""Another result of a method, from the right one (or None where it failed) and the parameters."""


class Node:
    """A node at ``url`` in front of ``chain`` while the ``with`` block lasts.

    ``spoil`` maps a method, or ``*``, to how its answers go wrong; ``asked`` counts the questions.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.spoil: dict[str, str | Answer] = {}
        self.asked: dict[str, int] = {}
        self.bodies: list[bytes] = []
        self.stopped = threading.Event()
        handler = type("Handler", (_Handler,), {"node": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v3/s3cr3t-path"

    def __enter__(self) -> Node:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: bytes) -> bytes | None:
        """What goes back for the question ``body``; None for nothing at all."""
        self.bodies.append(body)
        question = json.loads(body)
        method, params = question["method"], question["params"]
        self.asked[method] = self.asked.get(method, 0) + 1
        how = self.spoil.get(method, self.spoil.get("*", ""))
        if how == "not done":  # it says yes and forgets
            return _envelope(question["id"], "0x" + "00" * 32)
        if isinstance(how, str) and how.startswith("denies: "):
            return _envelope(question["id"], None, {"code": -32000, "message": how[8:]})
        try:
            result, error = self.chain.ask(method, params), None
        except RpcError as said:
            result, error = None, {"code": -32000, "message": str(said)}
        except OSError:  # the chain itself is away
            return None
        if how == "lost answer":
            return None
        if callable(how):
            result, error = how(result, params), None
        elif how in _WRONG:
            return _WRONG[how](question["id"], result)
        elif how.startswith("says: "):
            error = {"code": -32000, "message": how[6:]}
        return _envelope(question["id"], result, error)


def _envelope(number: Any, result: Any, error: Any = None) -> bytes:
    body = {"jsonrpc": "2.0", "id": number}
    return json.dumps(body | ({"error": error} if error else {"result": result})).encode()


_WRONG: dict[str, Callable[[Any, Any], bytes]] = {
    "html": lambda _n, _r: b"<html>Too many requests</html>",
    "empty": lambda _n, _r: b"",
    "list": lambda _n, _r: b"[1, 2]",
    "deep": lambda _n, _r: b"[" * 200_000,
    "huge": lambda _n, _r: b'"' + b"x" * (3 << 20) + b'"',
    "other question": lambda n, r: _envelope(n + 1, r),
    "no result": lambda n, _r: json.dumps({"jsonrpc": "2.0", "id": n}).encode(),
    "number": lambda n, _r: _envelope(n, 7),
    "text": lambda n, _r: _envelope(n, "many"),
    "null": lambda n, _r: _envelope(n, None),
    "negative": lambda n, _r: _envelope(n, "-0x1"),
    "cut": lambda n, r: _envelope(n, r)[:-3],
    "not utf-8": lambda _n, _r: b'{"id": "\xff\xfe"}',
    "error without words": lambda n, _r: _envelope(n, None, 17),
}
RUBBISH = sorted(_WRONG)
"""Ways of answering that no node should have."""


class _Handler(http.server.BaseHTTPRequestHandler):
    node: Node

    def do_POST(self) -> None:
        """Answer, or misbehave on the wire."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        how = self.node.spoil.get("*", "")
        if how == "silence":
            self.node.stopped.wait(5)
            return
        if how == "drip":
            self._drip()
            return
        answer = self.node.answer(body)
        if answer is None:
            self.close_connection = True
            return
        status = {"error 500": 500, "redirect": 302}.get(str(how), 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _drip(self) -> None:
        for byte in b"HTTP/1.0 200 OK\r\nX: " + b"y" * 1000:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.node.stopped.wait(0.05):
                return

    def handle(self) -> None:
        """As the library, but a peer that has left is no error."""
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def make_anchor(url: str, chain_id: int, key_file: Path, **more: Any) -> EvmAnchor:
    """The adapter on this chain, quick to give up, three confirmations."""
    settings = {"confirmations": 3, "patience_s": 2.0, "most_gwei": 200, **more}
    return EvmAnchor(EvmPlace(url, chain_id, key_file, **settings))
