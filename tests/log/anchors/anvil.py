"""A real EVM node (Foundry's anvil) on loopback, which mines only when it is told to.

``make setup-anvil`` installs it; where it is not there, the tests that need it are skipped.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.log.anchors.evm_kit import RpcError

REPO = Path(__file__).resolve().parents[3]
PROGRAM = REPO / ".tools/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
CHAIN_ID = 31_999
_PATIENCE_S = 20


class Anvil:
    """The node over a state file, so that its chain outlives it; its pool of waiting transactions
    does not."""

    def __init__(self, folder: Path, chain_id: int = CHAIN_ID) -> None:
        if not PROGRAM.exists():
            pytest.skip("anvil is not installed (make setup-anvil): anchors see no real node")
        self.chain_id = chain_id
        self._state = folder / "anvil.json"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it answers."""
        command = [PROGRAM, "--port", str(self._port), "--chain-id", str(self.chain_id)]
        command += ["--no-mining", "--silent", "--no-cors", "--state", self._state]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self.ask("eth_chainId", [])
                return
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop; the chain is written to the state file, waiting transactions are lost."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_S)
            self._process = None

    def kill(self) -> None:
        """Kill (-9): everything since the last stop is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE_S)
            self._process = None

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    def ask(self, method: str, params: list[Any]) -> Any:
        """One JSON-RPC question; RpcError, or OSError where nobody answers."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body, kind = json.dumps(question).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url, body, kind)
        with urllib.request.urlopen(request, timeout=10) as answer:
            read = json.loads(answer.read())
        if "error" in read:
            raise RpcError(read["error"]["message"])
        return read["result"]

    def fund(self, address: str) -> None:
        """Give ``address`` enough for many transactions."""
        self.ask("anvil_setBalance", [address, hex(10**18)])

    def mine(self, blocks: int) -> None:
        """Mine what waits, in so many blocks."""
        self.ask("anvil_mine", [hex(blocks)])

    def reorg(self, depth: int) -> None:
        """Replace the last ``depth`` blocks by empty ones; what was in them is nowhere any more."""
        self.ask("anvil_reorg", [depth, []])

    def waiting(self) -> int:
        """How many transactions wait in the pool."""
        return int(self.ask("txpool_status", [])["pending"], 16)
