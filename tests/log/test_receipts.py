"""Receipts: what anybody can verify offline, what only the owner can open, and promises before.

Made over Django's connection; judged by the verifier that stands apart.
"""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.log.log_kit import (
    AT,
    DIGESTS,
    STORES,
    append,
    append_chain,
    append_some,
    hashes_of,
)

from gongdao.log.anchors.port import AnchorState, Receipt
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.errors import LeafNotCovered
from gongdao.log.models import LogAnchor, LogCosignature
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.log.openings import erase_openings
from gongdao.log.promise import make_promise
from gongdao.log.reader import (
    Standing,
    count_waiting,
    covered_size,
    database_source,
    find_beside,
    find_by_hash,
    find_checkpoint,
    find_entries,
    find_entries_of,
    find_entry,
    get_standing,
)
from gongdao.log.receipt import make_receipt
from gongdao.log.wait_covered import wait_covered
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import LOG_SUBJECT
from gongdao_verify.log_verdict import LogState, judge_receipt
from gongdao_verify.merkle import BadProof
from gongdao_verify.signed_note import BadNote, parse_note, verify_note
from gongdao_verify.tlog_policy import Policy
from gongdao_verify.tlog_proof import TlogProof
from gongdao_verify.tlog_tiles import tile_path
from gongdao_verify.tree_reader import MissingTile

pytestmark = pytest.mark.django_db(transaction=True)
WITNESSES = [CosignerKey(f"w{n}.example/w", bytes([n] * 32)) for n in range(3)]


def _policy(ground) -> Policy:
    lines = [f"log {ground.key.verifier.text()}"]
    for number, one in enumerate(WITNESSES):
        lines += [f"witness w{number} {one.verifier().text()}", f"#org=org{number}"]
    lines += ["group all 2 w0 w1 w2", "quorum all"]
    return Policy.parse("\n".join(lines) + "\n")


def _cosign(size: int, *witnesses: CosignerKey) -> None:
    known = find_checkpoint(size)
    text = parse_note(known.note.encode()).text
    for one in witnesses:
        line = one.cosign(text, at=1_790_000_000)
        LogCosignature.objects.create(size=size, name=one.name, line=line)


def _receipt(digest: bytes, *, openings: bool = False) -> bytes:
    return make_receipt(stores=STORES, leaf_hash=digest, openings=openings)


def test_a_receipt_verifies_offline(ground):
    """Every leaf's receipt is judged consistent by the verifier, and only for its own leaf; our
    signature alone makes it no more than that."""
    hashes = append_some(300)
    ground.run()
    for digest in (hashes[0], hashes[255], hashes[256], hashes[299]):
        verdict = judge_receipt(_receipt(digest), policy=_policy(ground))
        assert verdict.state is LogState.CONSISTENT_UNWITNESSED
        assert (verdict.leaf_hash, verdict.size) == (digest, 300)
        assert hashes[verdict.index] == digest


def test_cosignatures_go_along(ground):
    """The receipt carries the checkpoint for which most vouch, also if a newer one has fewer."""
    (digest,) = append_some(1)
    ground.run()
    _cosign(1, *WITNESSES[:2])
    append_some(1)
    ground.run()
    _cosign(2, WITNESSES[2])
    verdict = judge_receipt(_receipt(digest), policy=_policy(ground))
    assert verdict.state is LogState.WITNESSED and verdict.size == 1
    _cosign(2, *WITNESSES[:2])
    verdict = judge_receipt(_receipt(digest), policy=_policy(ground))
    assert verdict.size == 2 and len(verdict.witnesses) == 3


def test_a_later_leaf_gets_a_checkpoint_that_covers_it(ground):
    """A checkpoint with many cosignatures is of no use for a leaf that came after it."""
    append_some(1)
    ground.run()
    _cosign(1, *WITNESSES)
    (later,) = append_some(1)
    ground.run()
    verdict = judge_receipt(_receipt(later), policy=_policy(ground))
    assert verdict.size == 2 and verdict.state is LogState.CONSISTENT_UNWITNESSED


def test_openings_only_where_asked_for(ground):
    """With openings the commitments open and check; without, the receipt says nothing of them;
    once erased nobody can open them, and the place in the log is provable as before."""
    subject = new_subject("case")
    leaf = NewLeaf("case.sealed", subject, DIGESTS, {"amount": {"currency": "CNY", "minor": 9800}})
    (digest,) = append([leaf])
    ground.run()
    opened = judge_receipt(_receipt(digest, openings=True), policy=None)
    assert opened.opened["amount"] == {"currency": "CNY", "minor": 9800}
    plain = _receipt(digest)
    assert not judge_receipt(plain, policy=None).opened and b64encode(b"9800") not in plain
    erase_openings(subject=subject)
    erased = judge_receipt(_receipt(digest, openings=True), policy=None)
    assert not erased.opened and erased.state is LogState.CONSISTENT_UNWITNESSED


def test_anchors_go_along(ground):
    """The soonest confirmed anchor of each kind that covers the leaf is in the receipt, with the
    proof that both trees are stages of one; pending ones and earlier ones are not."""
    append_some(2)
    ground.run()
    (digest,) = append_some(1)
    ground.run()
    append_some(5)
    ground.run()
    for size, state in ((2, "confirmed"), (3, "pending"), (8, "confirmed")):
        fields = {"chain_id": 31337, "tx": "0x" + "ab" * 32, "block": size, "other": "kept apart"}
        LogAnchor.objects.create(
            kind="evm",
            size=size,
            state=state,
            receipt=Receipt("evm", AnchorState.CONFIRMED, fields, AT).dump(),
            asked_at=AT,
        )
    receipt = _receipt(digest)
    verdict = judge_receipt(receipt, policy=_policy(ground))
    assert verdict.state is LogState.CONSISTENT_UNWITNESSED
    (stamp,) = verdict.stamps
    assert (stamp.kind, stamp.size, stamp.trusted) == ("evm", 8, False)
    assert stamp.reference == "31337/8/0x" + "ab" * 32
    assert b"kept apart" not in (TlogProof.parse(receipt).extra or b"")
    LogAnchor.objects.filter(size=3).update(state="confirmed")
    (stamp,) = judge_receipt(_receipt(digest), policy=_policy(ground)).stamps
    assert stamp.size == 3


def test_what_is_not_covered_has_no_receipt(ground):
    """A leaf that waits, or that nobody appended, has no receipt."""
    append_some(1)
    ground.run()
    (waiting,) = append_some(1)
    for digest in (waiting, b"x" * 32):
        with pytest.raises(LeafNotCovered):
            _receipt(digest)


def test_an_altered_tile_never_makes_a_wrong_receipt(ground):
    """Where somebody altered an inner tile in the database, making the receipt fails and names
    the tile, instead of handing out a proof that does not hold."""
    hashes = append_some(600)
    ground.run()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE log_tile DISABLE TRIGGER log_tile_grows")
        cursor.execute(
            "UPDATE log_tile SET data = overlay(data placing '\\x00' from 1)"
            " WHERE level = 0 AND n = 0"
        )
        cursor.execute("ALTER TABLE log_tile ENABLE TRIGGER log_tile_grows")
    with pytest.raises(BadProof, match="tile/0/000"):
        _receipt(hashes[5])


def test_a_promise_names_leaf_and_deadline(ground):
    """A leaf that waits gets a signed promise; nobody gets one for a leaf that is not ours, and a
    promise can never be read as a checkpoint."""
    (digest,) = append_some(1)
    deadline = AT + timedelta(seconds=10)
    note = parse_note(make_promise(key=ground.key, leaf_hash=digest, deadline=deadline))
    assert verify_note(note, [ground.key.verifier])
    assert note.text.split("\n") == [
        "gongdao-promise/v1",
        ground.key.origin,
        digest.hex(),
        "2026-11-22T10:00:10Z",
        "",
    ]
    with pytest.raises(BadNote):
        Checkpoint.parse(note.text)
    with pytest.raises(LeafNotCovered):
        make_promise(key=ground.key, leaf_hash=b"x" * 32, deadline=deadline)


def test_waiting_for_a_leaf(ground):
    """Waiting ends with the number as soon as the leaf is covered, at once where it is already,
    and with nothing when the time is up."""
    (digest,) = append_some(1)
    assert wait_covered(digest, 0.05) is None
    assert wait_covered(b"x" * 32, 0) is None
    timer = threading.Timer(0.3, ground.run)
    timer.start()
    begin = time.monotonic()
    assert wait_covered(digest, 20) == 0
    assert time.monotonic() - begin < 15
    timer.join()
    assert wait_covered(digest, 0) == 0


def test_waiting_inside_the_transaction_is_a_mistake(ground):
    """Within its own transaction a leaf can never be covered: that is said, not waited for."""
    with transaction.atomic(), pytest.raises(RuntimeError):
        wait_covered(b"x" * 32, 5)


def test_many_wait_at_once(ground):
    """Thirty who wait for thirty leaves all hear of them."""
    hashes, found = append_some(30), {}

    def one(digest: bytes) -> None:
        found[digest] = wait_covered(digest, 30)
        connection.close()

    threads = [threading.Thread(target=one, args=(digest,)) for digest in hashes]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    ground.run()
    for thread in threads:
        thread.join()
    assert [found[digest] for digest in hashes] == list(range(30))


def test_pages_see_what_is_covered_and_no_more(ground):
    """Reading by number, hash, page, kind and subject gives covered leaves alone, newest first."""
    append([NewLeaf("log.genesis", LOG_SUBJECT, {"origin": "x", "vkey": "y"})])
    subject = new_subject("case")
    chain = append_chain(subject, 3)
    ground.run()
    (waiting,) = append_some(1)
    assert covered_size() == 4 and count_waiting() == 1
    assert get_standing(waiting) == (Standing.WAITING, None)
    assert get_standing(chain[0]) == (Standing.COVERED, 1)
    assert get_standing(b"x" * 32) == (Standing.UNKNOWN, None)
    assert find_by_hash(waiting) is None and find_entry(4) is None and find_entry(-1) is None
    assert [one.idx for one in find_entries()] == [3, 2, 1, 0]
    assert [one.idx for one in find_entries(before=2)] == [1, 0]
    assert [one.idx for one in find_entries(count=2, kind="case")] == [3, 2]
    assert [one.form.type for one in find_entries(kind="log")] == ["log.genesis"]
    assert [one.leaf_hash for one in find_entries_of(subject)] == chain
    middle = find_by_hash(chain[1])
    before, after = find_beside(middle, subject)
    assert (before.idx, middle.idx, after.idx) == (1, 2, 3)
    assert find_beside(before, subject)[0] is None and find_beside(after, subject)[1] is None


def test_entries_that_are_not_signed_yet_are_not_shown(ground):
    """Between the commit of a batch and its signature its leaves are not covered."""
    append_some(1)
    seen: list[tuple[int, int]] = []

    def step(name: str) -> None:
        if name == "sign":
            seen.append((covered_size(), len(find_entries())))

    ground.run(step=step)
    assert seen == [(0, 0)] and covered_size() == 1


def test_the_database_serves_every_tile(ground):
    """Tiles and bundles of every width come out of the database as they were published; what is
    not there is missing, and what is no name is refused."""
    append_some(300)
    ground.run()
    source, published = database_source(), ground.published.source()
    for level, n, width in ((0, 0, 256), (0, 1, 44), (1, 0, 1), (None, 0, 256), (None, 1, 44)):
        assert source(tile_path(level, n, width)) == published(tile_path(level, n, width))
    assert source(tile_path(0, 1, 10)) == published(tile_path(0, 1, 44))[:320]
    for path in (tile_path(0, 1), tile_path(0, 1, 45), tile_path(None, 1, 45), tile_path(2, 0, 1)):
        with pytest.raises(MissingTile):
            source(path)
    with pytest.raises(ValueError, match="name"):
        source("tile/0/../../etc/passwd")


def test_a_note_with_all_its_signatures_verifies(ground):
    """The checkpoint as it is served has the log's signature and those of witnesses."""
    append_some(1)
    ground.run()
    _cosign(1, *WITNESSES[:2])
    note = parse_note(find_checkpoint().cosigned)
    keys = [ground.key.verifier, *(one.verifier() for one in WITNESSES)]
    assert len(verify_note(note, keys)) == 3
    assert find_checkpoint(7) is None
    assert hashes_of(ground.entries()) == [bytes(find_entry(0).leaf_hash)]
