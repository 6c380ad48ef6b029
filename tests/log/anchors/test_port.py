"""What every anchor promises, the one that tests use in its place included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.casework.local_tsa import LocalTsa, Served
from tests.log.anchors.anchor_log import ToldAnchor
from tests.log.anchors.evm_kit import TesterChain, load_web3, make_checkpoint

from gongdao.core.timestamp import load_roots
from gongdao.log.anchors.evm import EvmAnchor
from gongdao.log.anchors.port import Anchor, AnchorState, Receipt
from gongdao.log.anchors.rfc3161 import Rfc3161Anchor


@pytest.fixture(params=["told", "rfc3161", "evm"])
def any_anchor(request: pytest.FixtureRequest) -> Iterator[Anchor]:
    """Each adapter, and the tests' own."""
    if request.param == "told":
        yield ToldAnchor(looks=2)
    elif request.param == "rfc3161":
        tsa: LocalTsa = request.getfixturevalue("tsa")
        with Served(tsa) as url:
            yield Rfc3161Anchor(url, load_roots([tsa.roots]))
    else:
        yield request.getfixturevalue("anchor")


def _confirm(anchor: Anchor, chain: TesterChain) -> Receipt:
    receipt = anchor.submit(make_checkpoint())
    for _look in range(5):
        receipt = anchor.upgrade(Receipt.parse(receipt.dump()))
        if isinstance(anchor, EvmAnchor):
            chain.mine(1)
    return receipt


def test_a_stored_receipt_leads_to_a_confirmation(any_anchor: Anchor, chain: TesterChain) -> None:
    """From submit on, the receipt is all that is needed; it survives being stored; confirmed, it
    carries a time and changes no more."""
    receipt = _confirm(any_anchor, chain)
    assert (receipt.kind, receipt.state) == (any_anchor.kind, AnchorState.CONFIRMED)
    assert receipt.at is not None and receipt.at.tzinfo is not None
    assert any_anchor.upgrade(receipt) == receipt == Receipt.parse(receipt.dump())


def test_it_is_about_one_checkpoint(any_anchor: Anchor, chain: TesterChain) -> None:
    """It holds for the checkpoint that was submitted and for no other."""
    receipt = _confirm(any_anchor, chain)
    assert any_anchor.check(receipt, make_checkpoint()).holds
    assert not any_anchor.check(receipt, make_checkpoint(8)).holds


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{}",
        b"[]",
        b"rubbish",
        b'{"at":null,"fields":{},"kind":"evm","state":"gone","v":1}',
        b'{"at":null,"fields":[1],"kind":"evm","state":"pending","v":1}',
        b'{"at":null,"fields":{},"kind":"evm","state":"pending","v":2}',
        b'{"at":"noon","fields":{},"kind":"evm","state":"pending","v":1}',
        b'{ "at":null,"fields":{},"kind":"evm","state":"pending","v":1}',
    ],
)
def test_what_is_no_receipt_is_refused(stored: bytes) -> None:
    """A damaged row is one clear error."""
    with pytest.raises(ValueError, match="receipt"):
        Receipt.parse(stored)


def test_the_tests_own_libraries_leave_the_recursion_limit() -> None:
    """Or a deeply nested file of another test would end the whole process."""
    import sys

    load_web3()
    assert sys.getrecursionlimit() < 10_000
