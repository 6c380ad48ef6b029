"""The log's key is changed: announced under the old one, from a stated size on, killed anywhere.

The leaves come through Django, as the verbs' do; receipts are judged by the verifier that stands
apart.
"""

from __future__ import annotations

import pytest
from tests.log.log_kit import AT, STORES, Ground, append_some, database_url, run_killed
from tests.log.small_log import submission

from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.log.begin import begin_log
from gongdao.log.errors import KeyChanged, LogKeyUnfit, LogRolledBack
from gongdao.log.integrate import connect, query_over
from gongdao.log.life_cycles import IllegalStep
from gongdao.log.log_key import LogKey, create_key_file, load_log_key, next_key_path, take_next_key
from gongdao.log.models import LogPending
from gongdao.log.publish import PublishedFolder
from gongdao.log.receipt import make_receipt
from gongdao.log.replay import replay
from gongdao.log.rotate_key import announce_key
from gongdao.log.sequence import STEPS, Sequencer
from gongdao.log.signers import as_known_log, policy_lines, read_signers, signer_at
from gongdao.log.witness import Refused, read_request
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.log_verdict import LogState, judge_receipt
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_policy import Policy

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "https://log.example.org/log"
BACKUP = "log_key_backup"


def _key(ground: Ground) -> LogKey:
    """The key as a process that starts now finds it."""
    return load_log_key(path=ground.folder / "log.key", origin="none")


def _signers(ground: Ground):
    with connect(ground.url) as connection:
        return read_signers(query_over(connection))


def _policy(ground: Ground) -> Policy:
    return Policy.parse(f"{policy_lines(_signers(ground), ADDRESS)}quorum none\n")


def _announce(ground: Ground) -> LogKey:
    """A log with its first leaf and five more, a new key, and the leaf that announces it between
    leaves that wait."""
    begin_log(stores=STORES, key=ground.key, at=AT)
    append_some(5)
    ground.run()
    append_some(3)
    create_key_file(next_key_path(ground.folder / "log.key"), ground.key.origin)
    new = _key(ground).next
    assert new is not None
    announce_key(stores=STORES, key=new, at=AT)
    append_some(4)
    return new


def _run_on(ground: Ground) -> int:
    """Sequence until nothing waits, with the keys that are there, as the server does; the size."""
    while True:
        key = _key(ground)
        with ground.sequencer(key=key) as sequencer:
            assert sequencer.open(at=AT)
            if sequencer.next_signs:
                take_next_key(ground.folder / "log.key")
            try:
                while sequencer.run_once(at=AT):
                    pass
                return sequencer.size
            except KeyChanged:
                continue


def _check_rotated(ground: Ground, new: LogKey, *, since: int, size: int) -> None:
    """Every recorded checkpoint is signed by the one key for its size, and the file has moved."""
    assert (ground.folder / "log.key").read_text() and not next_key_path(
        ground.folder / "log.key"
    ).exists()
    assert _key(ground).verifier == new.verifier
    notes = [str(row[0]).encode() for row in ground.query("SELECT note FROM log_checkpoint")]
    notes += [ground.head_file.read() or b"", ground.published.checkpoint() or b""]
    sizes = set()
    for data in notes:
        note = parse_note(data)
        found = Checkpoint.parse(note.text)
        sizes.add(found.size)
        wanted = ground.key.verifier if found.size <= since else new.verifier
        held = verify_note(note, [ground.key.verifier, new.verifier])
        assert [one.key for one in held] == [wanted]
    assert since in sizes and max(sizes) == size
    assert not LogPending.objects.exists()


def test_the_old_key_signs_up_to_the_leaf_and_the_new_one_beyond(ground):
    """One checkpoint ends with the leaf that announces the key and has the old signature; the
    leaves that waited behind it come under the new one, and the old secret is gone."""
    old = (ground.folder / "log.key").read_text()
    new = _announce(ground)
    assert _run_on(ground) == 14
    _check_rotated(ground, new, since=10, size=14)
    assert old not in (ground.folder / "log.key").read_text()
    signers = _signers(ground)
    assert [(one.since, one.key) for one in signers] == [
        (0, ground.key.verifier),
        (10, new.verifier),
    ]
    assert signer_at(signers, 10) == ground.key.verifier
    assert signer_at(signers, 11) == new.verifier
    known = as_known_log(signers, ADDRESS)
    assert known is not None and _policy(ground).logs[ground.key.origin] == known


def test_old_receipts_stay_good_and_new_ones_hold(ground):
    """Receipts from before and after the change hold by the policy's lines; the old key signs
    nothing above the stated size, and the new one nothing below."""
    before = append_some(1)
    begin_log(stores=STORES, key=ground.key, at=AT)
    ground.run()
    first = make_receipt(stores=STORES, leaf_hash=before[0], openings=False)
    new = _announce(ground)
    _run_on(ground)
    later = append_some(1)
    _run_on(ground)
    second = make_receipt(stores=STORES, leaf_hash=later[0], openings=False)
    policy = _policy(ground)
    for receipt in (first, second):
        found = judge_receipt(receipt, policy=policy)
        assert found.state is LogState.CONSISTENT_UNWITNESSED and found.log_known
    swapped = Policy.parse(
        f"log {new.verifier.text()}\nlog {ground.key.verifier.text()}\n#since=12\nquorum none\n"
    )
    for receipt in (first, second):
        wrong = judge_receipt(receipt, policy=swapped)
        assert (wrong.state, wrong.reason) == (LogState.INVALID, "unsigned")


@pytest.mark.slow
@pytest.mark.parametrize("which", [1, pytest.param(2, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", STEPS)
def test_killed_anywhere_it_goes_on(ground, name, which):
    """Killed before any step of the round that ends with the old key, or of the one after it, the
    next start signs the same history with the same keys."""
    new = _announce(ground)
    if which == 2:
        with ground.sequencer(key=_key(ground)) as sequencer, pytest.raises(KeyChanged):
            assert sequencer.open(at=AT)
            sequencer.run_once(at=AT)
    run_killed(ground, name)
    assert _run_on(ground) == 14
    _check_rotated(ground, new, since=10, size=14)


def test_without_the_key_that_the_log_names_nothing_is_signed(ground):
    """Who puts the old key back gets a clear refusal: the checkpoint stays where it was, what waits
    keeps waiting, and with the right key it goes on."""
    old = (ground.folder / "log.key").read_text()
    _announce(ground)
    _run_on(ground)
    new = (ground.folder / "log.key").read_text()
    kept = ground.head_file.read()
    (ground.folder / "log.key").write_text(old)
    append_some(2)
    with ground.sequencer(key=_key(ground)) as sequencer:
        assert sequencer.open(at=AT)
        with pytest.raises(LogKeyUnfit, match=r"log\.key"):
            sequencer.run_once(at=AT)
    assert ground.head_file.read() == kept
    (ground.folder / "log.key").write_text(new)
    assert _run_on(ground) == 16


def test_announced_twice_is_once(ground):
    """The same key gets one leaf, whether the first one still waits or is in the log; nothing is
    announced before the log has begun."""
    other = load_log_key(path=ground.folder / "x", origin=ground.key.origin, may_create=True)
    with pytest.raises(IllegalStep):
        announce_key(stores=STORES, key=other, at=AT)
    new = _announce(ground)
    first = announce_key(stores=STORES, key=new, at=AT)
    _run_on(ground)
    assert announce_key(stores=STORES, key=new, at=AT) == first
    assert _run_on(ground) == 14


def test_a_backup_from_before_the_change_is_brought_forward(ground):
    """A database that knows nothing of the new key is refused as rolled back, not as another log,
    and the published tiles bring the key back with the leaves."""
    begin_log(stores=STORES, key=ground.key, at=AT)
    ground.run()
    restored = ground.clone(BACKUP)
    try:
        new = _announce(ground)
        assert _run_on(ground) == 14
        with restored.sequencer(key=_key(ground)) as sequencer, pytest.raises(LogRolledBack):
            sequencer.open(at=AT)
        published = ground.published
        done = replay(
            database_url=restored.url,
            head_file=ground.head_file,
            key=_key(ground),
            source=published.source(),
            checkpoint=published.checkpoint() or b"",
            cycles=LIFE_CYCLES,
            masters=STORES.masters,
            put_aside=lambda _found: None,
            at=AT,
        )
        assert (done.size, done.added) == (14, 13)
        assert _signers(restored)[-1].key == new.verifier
    finally:
        restored.drop(BACKUP)


def test_a_witness_goes_by_the_size(ground):
    """With both lines in its policy a witness takes the old key up to the stated size and the new
    one beyond; a checkpoint beyond it by the old key is refused."""
    new = _announce(ground)
    _run_on(ground)
    logs = _policy(ground).logs
    for key, size, fine in ((ground.key, 10, True), (new, 11, True), (ground.key, 11, False)):
        note = key.sign_head(size=size, root=b"r" * 32).note
        found = read_request(submission(0, [], note), logs)
        assert isinstance(found, Refused) is not fine


def test_a_sequencer_that_knows_only_the_old_key_stops_before_signing(ground):
    """A second process with the old key alone cannot go on after the change: the control to the
    reopening that the server does."""
    _announce(ground)
    with Sequencer(
        database_url=database_url(),
        head_file=ground.head_file,
        key=ground.key,
        publish=PublishedFolder(ground.folder / "log"),
    ) as sequencer:
        assert sequencer.open(at=AT)
        with pytest.raises(KeyChanged):
            sequencer.run_once(at=AT)
        assert sequencer.open(at=AT)
        with pytest.raises(LogKeyUnfit):
            sequencer.run_once(at=AT)
