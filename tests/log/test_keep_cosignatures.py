"""Cosignatures beside the sequencer: kept once, shown under the checkpoint, in receipts."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from tests.log.log_kit import STORES, append_some
from tests.log.peers import answering, serving
from tests.log.test_feed_witnesses import honest, witness, witness_key

from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.front.server.log_feeding import feeding_witnesses
from gongdao.front.settings import Settings
from gongdao.log.audit import Auditor, AuditState, audit_log
from gongdao.log.audit_source import FolderLog
from gongdao.log.feed_witnesses import Ground, Kept, Published, WitnessFeeder
from gongdao.log.keep_cosignatures import CosignatureStore
from gongdao.log.reader import find_checkpoint
from gongdao.log.receipt import make_receipt
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_proof import TlogProof

NOW = 1_790_000_000


class Verifying:
    """A log for `honest`, of which it needs the key alone."""

    def __init__(self, ground):
        self.origin, self.key = ground.key.origin, ground.key.verifier


@pytest.fixture
def store(ground):
    """Where cosignatures of that log go."""
    return CosignatureStore(
        database_url=ground.url, folder=ground.published, key=ground.key.verifier
    )


def cosign(ground, key, at=NOW):
    """A cosignature of what is published now."""
    shown = Published.parse(ground.published.checkpoint(), ground.key.verifier)
    return Kept(shown.checkpoint.size, key.name, key.cosign(shown.note.text, at=at))


def published(ground, keys):
    """Names under the published checkpoint, all of which must hold."""
    note = parse_note(ground.published.checkpoint())
    held = verify_note(note, [ground.key.verifier, *(key.verifier() for key in keys)])
    assert len(held) == len(note.signatures)
    return [one.key.name for one in held]


def test_kept_once_and_shown(ground, store):
    """The first of each cosigner counts; the published checkpoint carries them all."""
    append_some(3)
    ground.run()
    keys = [witness_key(n) for n in (1, 2)]
    first = [cosign(ground, key) for key in keys]
    for kept in (*first, cosign(ground, keys[0], NOW + 5), *first):
        store.keep(kept)
    rows = ground.query("SELECT size, name, line FROM log_cosignature ORDER BY id")
    assert rows == [(kept.size, kept.name, kept.line) for kept in first]
    assert published(ground, keys) == [ground.key.origin, keys[0].name, keys[1].name]
    assert find_checkpoint().cosigned == ground.published.checkpoint()


def test_a_cosignature_that_comes_late(ground, store):
    """One for a checkpoint that is not the published one any more is kept, and shown nowhere."""
    append_some(3)
    ground.run()
    late = cosign(ground, witness_key(1))
    append_some(2)
    ground.run()
    before = ground.published.checkpoint()
    store.keep(late)
    assert ground.published.checkpoint() == before
    assert ground.query("SELECT size FROM log_cosignature") == [(late.size,)]


def test_a_cosignature_of_no_checkpoint(ground, store):
    """Without a checkpoint of ours of that size there is nothing to keep."""
    append_some(3)
    ground.run()
    kept = cosign(ground, witness_key(1))
    store.keep(Kept(kept.size + 1, kept.name, kept.line))
    assert ground.query("SELECT count(*) FROM log_cosignature") == [(0,)]
    assert store.note_of(kept.size + 1) is None
    assert store.note_of(kept.size) == ground.published.checkpoint()


def test_many_threads_lose_none(ground, store):
    """Cosignatures that arrive at once are all under the published checkpoint at the end."""
    append_some(3)
    ground.run()
    keys = [witness_key(n) for n in range(1, 9)]
    threads = [threading.Thread(target=store.keep, args=(cosign(ground, key),)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(published(ground, keys)) == 9


def test_the_sequencer_goes_on_over_a_cosigned_checkpoint(ground, store):
    """Lines under the published checkpoint do not keep the next sequencer from going on."""
    append_some(3)
    ground.run()
    store.keep(cosign(ground, witness_key(1)))
    append_some(2)
    assert ground.run() == 5
    store.keep(cosign(ground, witness_key(2)))
    assert ground.run() == 5
    assert published(ground, [witness_key(2)])[1:] == [witness_key(2).name]


def test_the_whole_way(ground, store, tmp_path):
    """Sequencer, two witnesses and an auditor over HTTP: the receipt carries all three."""
    hashes = append_some(700)
    with (
        answering(honest(tmp_path / "1", witness_key(1), Verifying(ground))) as one,
        answering(honest(tmp_path / "2", witness_key(2), Verifying(ground))) as two,
        serving(tmp_path / "auditor/public") as three,
    ):
        auditor = witness(3, "", auditor=True)
        auditor = type(auditor)(auditor.name, auditor.key, three, auditor=True)
        feeder = WitnessFeeder(
            Ground(
                log=ground.key.verifier,
                witnesses=(witness(1, one), witness(2, two), auditor),
                checkpoint=ground.published.checkpoint,
                ours=store.note_of,
                source=ground.published.source(),
                keep=store.keep,
                clock=lambda: int(time.time()),
                patience_s=5,
                auditor_round_s=0,
            )
        )
        ground.run()
        for thread in feeder.begin_round():
            thread.join(20)
        report = audit_log(
            source=FolderLog(ground.folder / "log"),
            state=tmp_path / "auditor",
            auditor=Auditor(ground.key.verifier, LIFE_CYCLES, witness_key(3)),
            at=int(time.time()),
        )
        assert (report.state, report.checkpoint.size) == (AuditState.AUDITED, 700)
        for thread in feeder.begin_round():
            thread.join(20)
    receipt = make_receipt(stores=STORES, leaf_hash=hashes[5], openings=False)
    note = parse_note(TlogProof.parse(receipt).checkpoint)
    keys = [witness_key(n) for n in (1, 2, 3)]
    held = verify_note(note, [ground.key.verifier, *(key.verifier() for key in keys)])
    assert {one.key.name for one in held} == {ground.key.origin, *(key.name for key in keys)}


@pytest.mark.parametrize("text", [None, "quorum none\n", "rubbish", "missing"])
def test_feeding_without_witnesses(ground, tmp_path, text, caplog):
    """No policy, one without witnesses, a broken or a missing one: the sequencer goes on; what is
    broken is said."""
    path = tmp_path / "policy"
    given = {"GONGDAO_DATA": str(ground.folder), "DATABASE_URL": "postgresql://unused"}
    if text is not None:
        given["GONGDAO_LOG_POLICY"] = str(path)
        if text != "missing":
            path.write_text(text, "utf-8")
    before = threading.active_count()
    with feeding_witnesses(Settings.read(given), ground.key.verifier):
        assert threading.active_count() == before
    assert bool(caplog.records) == (text is not None)


def test_feeding_beside_the_sequencer(ground, tmp_path):
    """As the server does it: as long as the context lasts, what is published gets cosigned."""
    key, path = witness_key(1), tmp_path / "policy"
    with answering(honest(tmp_path / "w", key, Verifying(ground), at=int(time.time()))) as url:
        path.write_text(
            f"log {ground.key.verifier.text()}\n"
            f"witness w1 {key.verifier().text()} {url}/w\nquorum w1\n",
            "utf-8",
        )
        settings = Settings.read(
            {
                "GONGDAO_DATA": str(ground.folder),
                "DATABASE_URL": "postgresql://unused",
                "GONGDAO_LOG_POLICY": str(path),
            }
        )
        settings = replace(settings, database_url=ground.url)
        append_some(3)
        ground.run()
        with feeding_witnesses(settings, ground.key.verifier):
            for _try in range(200):
                if ground.query("SELECT 1 FROM log_cosignature"):
                    break
                time.sleep(0.05)
        assert not [one for one in threading.enumerate() if one.name == "witnesses"]
    assert published(ground, [key]) == [ground.key.origin, key.name]
