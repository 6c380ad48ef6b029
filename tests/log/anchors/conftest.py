"""What the tests of anchors share: a chain in this process, a node, an account with money."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.casework.local_tsa import LocalTsa, openssl
from tests.log.anchors.evm_kit import Node, TesterChain, make_anchor, make_key

from gongdao.log.anchors.evm import EvmAnchor


@pytest.fixture
def chain() -> TesterChain:
    """A chain of its own."""
    return TesterChain()


@pytest.fixture
def node(chain: TesterChain) -> Iterator[Node]:
    """A node in front of it."""
    with Node(chain) as node:
        yield node


@pytest.fixture
def key(tmp_path: Path, chain: TesterChain) -> tuple[Path, str]:
    """A key file, and the address of its account, which can pay."""
    path, address = make_key(tmp_path)
    chain.fund(address)
    return path, address


@pytest.fixture
def anchor(node: Node, chain: TesterChain, key: tuple[Path, str]) -> EvmAnchor:
    """The adapter, three confirmations."""
    return make_anchor(node.url, chain.chain_id, key[0])


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    """A local time-stamp authority with its root in ``roots``."""
    if openssl() is None:
        pytest.skip("the openssl command is not installed: no local time-stamp authority")
    return LocalTsa(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def tsa(authority: LocalTsa) -> LocalTsa:
    """The same, behaving well until told otherwise."""
    authority.mode, authority.first, authority.seen = "good", b"", 0
    return authority
