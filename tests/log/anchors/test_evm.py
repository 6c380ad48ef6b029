"""Anchors on an EVM chain (py-evm): sent once, found again, given up only when they must be."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from tests.log.anchors.evm_kit import (
    RUBBISH,
    Node,
    TesterChain,
    data_on_chain,
    make_anchor,
    make_checkpoint,
    make_key,
)

from gongdao.log.anchors.evm import STUCK_BLOCKS, EvmAnchor
from gongdao.log.anchors.evm_data import LENGTH, anchor_data
from gongdao.log.anchors.port import AnchorDelayed, AnchorRefused, AnchorState, Receipt

SEND = "eth_sendRawTransaction"


def _ours(chain: TesterChain, address: str) -> list[str]:
    return data_on_chain(chain.web3, address)


def test_the_data_name_log_size_and_root():
    """The 89 bytes are magic, digest of the origin, size and root, as written down."""
    data = anchor_data(make_checkpoint(258))
    assert len(data) == LENGTH == 89
    assert data[:17] == b"gongdao-anchor/v1" and data[49:57] == b"\0\0\0\0\0\0\1\2"
    assert data[17:49] == hashlib.sha256(b"log.example.org/gongdao").digest()
    assert data[57:] == b"\2" * 32


def test_an_anchor_is_signed_then_sent_then_buried(
    anchor: EvmAnchor, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """Nothing is sent before it can be stored; confirmed with the third block, in the block's time;
    web3 reads the same data from the chain."""
    checkpoint = make_checkpoint()
    signed = anchor.submit(checkpoint)
    assert signed.state is AnchorState.PENDING and not _ours(chain, key[1])
    signed = Receipt.parse(signed.dump())
    sent = anchor.upgrade(signed)
    assert sent == signed and _ours(chain, key[1]) == [f"0x{anchor_data(checkpoint).hex()}"]
    mined = anchor.upgrade(sent)
    assert (mined.state, mined.fields["confirmations"]) == (AnchorState.PENDING, 1)
    chain.mine(2)
    done = anchor.upgrade(Receipt.parse(mined.dump()))
    assert done.state is AnchorState.CONFIRMED and done.at is not None
    block = chain.web3.eth.get_block(done.fields["block"])
    assert done.at.timestamp() == block["timestamp"]
    chain.mine(5)
    assert anchor.upgrade(done) == done
    assert len(_ours(chain, key[1])) == 1
    checked = anchor.check(done, checkpoint)
    assert checked.holds and checked.at == done.at and checked.authority == key[1]
    assert checked.unchecked


def test_a_receipt_of_another_checkpoint_does_not_hold(
    anchor: EvmAnchor, chain: TesterChain
) -> None:
    """Right transaction, other checkpoint: no; nor with another's data written into the receipt."""
    done = _confirmed(anchor, chain, 7)
    other = make_checkpoint(8)
    assert not anchor.check(done, other).holds
    forged = {**done.fields, "data": f"0x{anchor_data(other).hex()}"}
    assert not anchor.check(Receipt(done.kind, done.state, forged, done.at), other).holds
    nowhere = Receipt(done.kind, done.state, {**done.fields, "tx": "0x" + "ab" * 32}, done.at)
    assert not anchor.check(nowhere, make_checkpoint(7)).holds


def _confirmed(anchor: EvmAnchor, chain: TesterChain, size: int) -> Receipt:
    receipt = anchor.upgrade(anchor.submit(make_checkpoint(size)))
    chain.mine(2)
    return anchor.upgrade(receipt)


def test_sent_again_it_is_mined_once(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """A node that knows nothing of a transaction gets the same bytes again, and nothing else."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil["eth_getTransactionReceipt"] = lambda _result, _params: None
    node.spoil["eth_getTransactionCount"] = lambda _result, _params: "0x0"
    for _again in range(4):
        assert anchor.upgrade(receipt) == receipt
    assert node.asked[SEND] == 4
    assert len(_ours(chain, key[1])) == 1
    node.spoil.clear()
    assert anchor.upgrade(receipt).fields["confirmations"] == 1


def test_the_control_signs_anew_and_is_mined_twice(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """Without a stored receipt, a lost answer means a second transaction: that is what storing
    before sending is for."""
    node.spoil[SEND] = "lost answer"
    for _again in range(2):
        with pytest.raises(AnchorDelayed):
            anchor.upgrade(anchor.submit(make_checkpoint()))
    assert len(_ours(chain, key[1])) == 2


@pytest.mark.parametrize("how", ["lost answer", "not done"])
def test_a_send_that_fails_either_way_ends_in_one_transaction(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str], how: str
) -> None:
    """Done but reported failed, or reported done and lost: one transaction in the end."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil[SEND] = how
    with pytest.raises(AnchorDelayed):
        anchor.upgrade(receipt)
    node.spoil.clear()
    anchor.upgrade(receipt)
    chain.mine(3)
    assert anchor.upgrade(receipt).state is AnchorState.CONFIRMED
    assert len(_ours(chain, key[1])) == 1


@pytest.mark.parametrize(
    "said",
    ["already known", "known transaction: 1f", "TxAlreadyInTxPool", "nonce too low", "Imported"],
)
def test_a_node_that_has_it_already_is_content(anchor: EvmAnchor, node: Node, said: str) -> None:
    """What nodes say to bytes that they know is no trouble; the chain tells what became of it."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil[SEND] = f"says: {said}"
    assert anchor.upgrade(receipt) == receipt


def test_a_node_that_says_no_is_told(anchor: EvmAnchor, node: Node) -> None:
    """Without money for the fee it stays pending, with the node's own words."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil[SEND] = "denies: insufficient funds for gas * price + value"
    with pytest.raises(AnchorDelayed, match="insufficient funds") as caught:
        anchor.upgrade(receipt)
    assert not caught.value.service_down


def test_a_block_that_drops_out_takes_the_anchor_along(
    anchor: EvmAnchor, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """After a reorganisation it is pending again, also from confirmed, and the same bytes are mined
    once more."""
    before = chain.snapshot()
    done = _confirmed(anchor, chain, 7)
    assert done.state is AnchorState.CONFIRMED
    chain.revert(before)
    chain.mine(4)
    again = anchor.upgrade(done)
    assert again.state is AnchorState.PENDING and again.at is None
    assert again.fields["tries"] == done.fields["tries"]
    chain.mine(2)
    assert anchor.upgrade(again).state is AnchorState.CONFIRMED
    assert len(_ours(chain, key[1])) == 1


def test_a_receipt_whose_block_is_not_the_chains_counts_nothing(
    anchor: EvmAnchor, node: Node, chain: TesterChain
) -> None:
    """Right after a reorganisation a node may still show the old receipt: its block decides."""
    done = _confirmed(anchor, chain, 7)
    node.spoil["eth_getBlockByNumber"] = lambda block, _params: {**block, "hash": "0x" + "cd" * 32}
    assert anchor.upgrade(done).state is AnchorState.PENDING
    assert not anchor.check(done, make_checkpoint(7)).holds


def test_a_failed_transaction_is_refused_once_it_is_buried(
    anchor: EvmAnchor, node: Node, chain: TesterChain
) -> None:
    """Mined without success is no anchor; until it is buried, it is only pending."""
    receipt = anchor.upgrade(anchor.submit(make_checkpoint()))
    node.spoil["eth_getTransactionReceipt"] = lambda found, _params: {**found, "status": "0x0"}
    assert anchor.upgrade(receipt).state is AnchorState.PENDING
    chain.mine(2)
    with pytest.raises(AnchorRefused, match="没有成功"):
        anchor.upgrade(receipt)


def test_a_number_used_by_another_waits_until_that_is_buried(
    anchor: EvmAnchor, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """Another transaction took our number: signed anew, but only once ours cannot come back."""
    first, second = anchor.submit(make_checkpoint(7)), anchor.submit(make_checkpoint(8))
    assert first.fields["nonce"] == second.fields["nonce"]
    anchor.upgrade(second)
    waiting = anchor.upgrade(first)
    assert waiting.fields["nonce"] == first.fields["nonce"] and "taken_at" in waiting.fields
    assert anchor.upgrade(waiting) == waiting
    chain.mine(2)
    anew = anchor.upgrade(waiting)
    assert anew.fields["nonce"] == first.fields["nonce"] + 1
    assert anew.fields["data"] == first.fields["data"]
    assert len(_ours(chain, key[1])) == 1
    anchor.upgrade(anew)
    chain.mine(2)
    assert anchor.upgrade(anew).state is AnchorState.CONFIRMED
    assert len(_ours(chain, key[1])) == 2


def test_the_other_transaction_dropped_out_so_ours_is_sent_after_all(
    anchor: EvmAnchor, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """The block with the other transaction is gone: our number is free, ours goes under it."""
    before = chain.snapshot()
    first, second = anchor.submit(make_checkpoint(7)), anchor.submit(make_checkpoint(8))
    anchor.upgrade(second)
    waiting = anchor.upgrade(first)
    chain.revert(before)
    sent = anchor.upgrade(waiting)
    assert sent == first and _ours(chain, key[1]) == [first.fields["data"]]


def test_our_data_under_our_number_are_found_though_signed_elsewhere(
    anchor: EvmAnchor, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """Sped up by a wallet, or signed anew before a backup was restored: found, not sent again."""
    old = anchor.submit(make_checkpoint())
    elsewhere = _at_another_price(anchor, old)
    anchor.upgrade(elsewhere)
    found = anchor.upgrade(old)
    assert found.fields["tries"][-1]["hash"] == elsewhere.fields["tries"][0]["hash"]
    chain.mine(2)
    done = anchor.upgrade(found)
    assert done.state is AnchorState.CONFIRMED and len(_ours(chain, key[1])) == 1
    assert anchor.check(done, make_checkpoint()).holds


def _at_another_price(anchor: EvmAnchor, receipt: Receipt) -> Receipt:
    from gongdao.log.anchors.evm_key import EvmKey

    fields, place = receipt.fields, anchor._place
    signed = EvmKey.read(place.key_file).sign(
        chain_id=place.chain_id,
        nonce=fields["nonce"],
        gas_price=int(fields["tries"][0]["gas_price"]) * 2,
        gas=fields["gas"],
        data=bytes.fromhex(fields["data"][2:]),
    )
    one = {**fields["tries"][0], "hash": signed.hash, "raw": signed.raw}
    return Receipt(receipt.kind, receipt.state, {**fields, "tries": [one]})


def test_a_price_that_rose_replaces_under_the_same_number(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """Unmined for long and too cheap: signed dearer, stored, sent; whichever is mined, once."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil[SEND] = "denies: transaction underpriced"
    with pytest.raises(AnchorDelayed):
        anchor.upgrade(receipt)
    chain.mine(STUCK_BLOCKS)
    node.spoil["eth_gasPrice"] = lambda _price, _params: hex(20 * 10**9)
    dearer = anchor.upgrade(receipt)
    assert len(dearer.fields["tries"]) == 2 and dearer.fields["nonce"] == receipt.fields["nonce"]
    old, new = (int(one["gas_price"]) for one in dearer.fields["tries"])
    assert new >= old * 9 // 8 and new == 25 * 10**9
    node.spoil.clear()
    assert anchor.upgrade(dearer) == dearer
    assert anchor.upgrade(dearer).fields["tx"] == dearer.fields["tries"][1]["hash"]
    assert len(_ours(chain, key[1])) == 1


def test_the_old_form_may_be_mined_as_well(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """The cheaper one made it after all: found, and the dearer one never sent."""
    receipt = anchor.submit(make_checkpoint())
    chain.mine(STUCK_BLOCKS)
    node.spoil["eth_gasPrice"] = lambda _price, _params: hex(20 * 10**9)
    dearer = anchor.upgrade(receipt)
    assert len(dearer.fields["tries"]) == 2
    anchor._node.send(receipt.fields["tries"][0]["raw"])
    assert anchor.upgrade(dearer).fields["tx"] == receipt.fields["tries"][0]["hash"]


def test_nothing_is_signed_above_the_limit(
    node: Node, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """A node that names a price to empty our account gets nothing; nor does one with much gas."""
    anchor = make_anchor(node.url, chain.chain_id, key[0], most_gwei=30)
    node.spoil["eth_gasPrice"] = lambda _price, _params: hex(31 * 10**9)
    with pytest.raises(AnchorDelayed, match="手续费"):
        anchor.submit(make_checkpoint())
    node.spoil["eth_gasPrice"] = lambda _price, _params: hex(29 * 10**9)
    receipt = anchor.submit(make_checkpoint())
    assert receipt.fields["tries"][0]["gas_price"] == str(30 * 10**9)
    node.spoil["eth_estimateGas"] = lambda _gas, _params: hex(1_000_001)
    with pytest.raises(AnchorDelayed, match="手续费"):
        anchor.submit(make_checkpoint())


def test_another_chain_gets_nothing(node: Node, chain: TesterChain, key: tuple[Path, str]) -> None:
    """A node on another chain is asked for its number and no further."""
    anchor = make_anchor(node.url, chain.chain_id + 1, key[0])
    with pytest.raises(AnchorDelayed, match=str(chain.chain_id)) as caught:
        anchor.submit(make_checkpoint())
    assert caught.value.service_down and set(node.asked) == {"eth_chainId"}


def test_a_receipt_of_another_chain_is_refused(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """After the setting changed, what was sent elsewhere is not sent here."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil["eth_chainId"] = lambda _found, _params: "0x1"
    with pytest.raises(AnchorDelayed):
        anchor.upgrade(receipt)
    elsewhere = make_anchor(node.url, 1, key[0])
    with pytest.raises(AnchorRefused):
        elsewhere.upgrade(receipt)
    assert SEND not in node.asked


@pytest.mark.parametrize("how", [*RUBBISH, "error 500", "redirect"])
def test_rubbish_is_refused(anchor: EvmAnchor, node: Node, how: str) -> None:
    """Whatever comes instead of an answer, it is a delay; nothing is signed or believed."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil["*"] = how
    for deed in (lambda: anchor.submit(make_checkpoint(8)), lambda: anchor.upgrade(receipt)):
        with pytest.raises(AnchorDelayed):
            deed()


@pytest.mark.parametrize("how", ["silence", "drip"])
def test_a_slow_node_is_left(
    node: Node, chain: TesterChain, key: tuple[Path, str], how: str
) -> None:
    """Silence and dripping bytes end within the time that we allow."""
    anchor = make_anchor(node.url, chain.chain_id, key[0], patience_s=0.3)
    node.spoil["*"] = how
    with pytest.raises(AnchorDelayed) as caught:
        anchor.submit(make_checkpoint())
    assert caught.value.problem.code == "node_slow" and caught.value.service_down


@pytest.mark.parametrize("how", RUBBISH)
@pytest.mark.parametrize(
    "method",
    [
        "eth_blockNumber",
        "eth_getTransactionCount",
        "eth_gasPrice",
        "eth_estimateGas",
        "eth_getTransactionReceipt",
        "eth_getBlockByNumber",
        SEND,
    ],
)
def test_rubbish_in_one_answer_is_never_a_confirmation(
    anchor: EvmAnchor, node: Node, chain: TesterChain, key: tuple[Path, str], method: str, how: str
) -> None:
    """A node that answers one question wrongly delays; it signs nothing wrong, confirms nothing."""
    receipt = anchor.submit(make_checkpoint())
    node.spoil[method] = how
    for deed in (lambda: anchor.upgrade(receipt), lambda: anchor.submit(make_checkpoint(8))):
        try:
            found = deed()
        except AnchorDelayed:
            continue
        assert found.state is AnchorState.PENDING and found.fields["nonce"] <= 1
    assert len(_ours(chain, key[1])) <= 1


def test_two_in_one_block_have_two_numbers(
    anchor: EvmAnchor, chain: TesterChain, key: tuple[Path, str]
) -> None:
    """Sent one after the other, each checkpoint has a number of its own, and both are mined."""
    one = anchor.submit(make_checkpoint(7))
    anchor.upgrade(one)
    two = anchor.submit(make_checkpoint(8))
    anchor.upgrade(two)
    assert (one.fields["nonce"], two.fields["nonce"]) == (0, 1)
    chain.mine(3)
    states = {anchor.upgrade(receipt).state for receipt in (one, two)}
    assert states == {AnchorState.CONFIRMED} and len(_ours(chain, key[1])) == 2


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        ("12" * 32, 0o644, "0644"),
        ("12" * 32, 0o660, "0660"),
        ("12" * 31, 0o600, "64 位"),
        ("00" * 32, 0o600, "64 位"),
        ("ff" * 32, 0o600, "64 位"),
        ("", 0o600, "64 位"),
        ("s3cr3t words that are no key", 0o600, "64 位"),
    ],
)
def test_a_key_file_that_others_can_read_or_that_is_none_is_not_used(
    node: Node, chain: TesterChain, tmp_path: Path, content: str, mode: int, why: str
) -> None:
    """The reason is said, what the file holds is not."""
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(AnchorDelayed, match=why) as caught:
        make_anchor(node.url, chain.chain_id, path).submit(make_checkpoint())
    assert not content or content not in f"{caught.value!r} {caught.value.problem}"
    assert not node.asked


def test_the_signing_library_leaves_the_recursion_limit(tmp_path: Path) -> None:
    """Loaded alone it raises the limit to where deep JSON ends the process; loaded by us it does
    not."""
    path, _address = make_key(tmp_path)
    bare = "import sys, eth_account; print(sys.getrecursionlimit())"
    ours = (
        "import sys; from pathlib import Path; from gongdao.log.anchors.evm_key import EvmKey;"
        "EvmKey.read(Path(sys.argv[1])); print(sys.getrecursionlimit())"
    )
    limits = [
        int(subprocess.run([sys.executable, "-c", code, path], capture_output=True).stdout)
        for code in (bare, ours)
    ]
    assert limits[0] > 10_000 and limits[1] == 1000


def test_no_file_and_a_folder_are_no_key(node: Node, chain: TesterChain, tmp_path: Path) -> None:
    """Each is a delay with its reason: an operator can still put the file there."""
    for path in (tmp_path / "gone", tmp_path):
        with pytest.raises(AnchorDelayed, match="密钥文件"):
            make_anchor(node.url, chain.chain_id, path).submit(make_checkpoint())


def test_keys_and_addresses_stay_out_of_logs_errors_and_receipts(
    chain: TesterChain, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, neither the key nor the node's address with its password is repeated."""
    caplog.set_level(logging.DEBUG)
    path, address = make_key(tmp_path)
    chain.fund(address)
    secrets = [path.read_text().strip(), "s3cr3t-path", "pa55word"]
    said = []
    with Node(chain) as node:
        url = node.url.replace("http://", "http://user:pa55word@")
        anchor = make_anchor(url, chain.chain_id, path, patience_s=0.3)
        receipt = anchor.submit(make_checkpoint())
        said += [repr(anchor), repr(vars(anchor)), repr(receipt), receipt.dump().decode()]
        for how in ("html", "silence", "error 500", "redirect", "says: no"):
            node.spoil["*"] = how
            with pytest.raises(AnchorDelayed) as caught:
                anchor.upgrade(receipt)
            said.append(f"{caught.value!r} {caught.value} {caught.value.problem.pack()}")
            said += traceback.format_exception(caught.value)
    with pytest.raises(AnchorDelayed) as caught:
        anchor.upgrade(receipt)
    said += [f"{caught.value!r}", caplog.text, str(anchor.submit.__self__)]
    assert not [secret for secret in secrets if any(secret in text for text in said)]


def test_every_problem_has_its_sentence_in_both_languages() -> None:
    """What is kept in a row is a code and a short detail; it is said when it is shown."""
    from gongdao.log.anchors import problems

    codes = [value for name, value in vars(problems).items() if name.isupper() and name[0] != "_"]
    for code in [one for one in codes if isinstance(one, str)]:
        kept = problems.Problem(code, "a\nb" + "x" * 100).pack()
        assert len(kept) <= problems.LONGEST and "\n" not in kept
        assert problems.Problem.parse(kept).code == code
        said = str(problems.Problem.parse(kept).say())
        assert code not in said and "{" not in said
    assert "brand_new" in str(problems.Problem("brand_new").say())
