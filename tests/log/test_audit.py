"""The auditor: good logs pass at every size, forks are shown, and who may be audited."""

from __future__ import annotations

import shutil

import pytest
from tests.log.audit_kit import audit, check_audited, files_of, published
from tests.log.small_log import SmallLog, fork_of, make_keys
from tests.log.story_log import (
    NOW,
    STATES,
    audit_folder,
    grow_stories,
    order,
    story_log,
)

from gongdao.core.errors import InputError
from gongdao.log.audit import AuditState
from gongdao.log.audit_source import FolderLog
from gongdao_verify.signed_note import (
    ED25519,
    VerifierKey,
    encode_base64,
    make_key_id,
    parse_note,
    verify_note,
)
from gongdao_verify.tlog_policy import LogKey


@pytest.fixture
def place(tmp_path):
    """Where a log is published, and where its auditor remembers."""
    (tmp_path / "log").mkdir()
    return tmp_path / "log", tmp_path / "state"


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 600, 1023, 1100])
def test_good_logs_of_every_shape(place, size):
    """From nothing, a good log is audited, mirrored and cosigned, also at the edges of tiles."""
    log = story_log(size)
    log.publish(place[0])
    report = audit(place, log)
    assert report.checked == size
    check_audited(report, log, place[1])


def test_a_log_that_grows(place):
    """Each audit checks what is new, after what was there; a second look checks nothing again."""
    log, before = story_log(1), 0
    for size in (1, 1, 2, 100, 256, 300, 512, 513, 1400):
        grow_stories(log, size)
        log.publish(place[0])
        report = audit(place, log)
        assert report.checked == size - before
        check_audited(report, log, place[1])
        before = size
    assert not (place[1] / "forks").exists()


def test_partial_tiles_that_are_gone(place):
    """A partial tile may be gone when the full one is there; it is cut from that."""
    log = story_log(700)
    log.publish(place[0])
    for name in ("tile/0/002.p", "tile/entries/002.p"):
        shutil.rmtree(place[0] / name)
    grow_stories(log.copy(), 1024).publish(place[0])
    (place[0] / "checkpoint").write_bytes(log.sign())
    check_audited(audit(place, log), log, place[1])


def test_two_processes_find_the_same(place):
    """With processes of their own for the leaves, the outcome is byte for byte the same."""
    log = story_log(20_000)
    log.publish(place[0])
    one = audit(place, log)
    two = audit_folder(place[0], place[1].with_name("two"), log, jobs=2)
    assert one == two
    check_audited(two, log, place[1].with_name("two"))
    assert files_of(place[1] / "public") == files_of(place[1].with_name("two") / "public")


@pytest.mark.parametrize(("old", "new"), [(300, 300), (300, 301), (300, 700), (700, 300), (5, 4)])
def test_a_fork_shows_both_notes(place, old, new):
    """Another history, at whatever size: both signed notes, and no cosignature."""
    log = story_log(max(old, new))
    first = story_log(old)
    assert audit_folder(published(place, first), place[1], log).state == AuditState.AUDITED
    keep = min(old, new) - 2
    other = fork_of(log, keep, [b"other %d" % n for n in range(new - keep)])
    shutil.rmtree(place[0])
    other.publish(place[0])
    for _again in range(2):
        report = audit(place, log)
        assert report.state == AuditState.FORKED and report.cosignature == ""
        roots = [encode_base64(first.root()), encode_base64(other.root())]
        for note, root in zip(report.notes, roots, strict=True):
            assert verify_note(parse_note(note.encode()), [log.key]) and root in note
            assert note.encode() in report.kept.read_bytes()


def test_an_older_checkpoint_is_no_fork(place):
    """A server that lags behind what was audited is told apart from one that lies."""
    log = story_log(700)
    audit_folder(published(place, log), place[1], log)
    before = files_of(place[1] / "public")
    (place[0] / "checkpoint").write_bytes(log.sign(300))
    report = audit_folder(place[0], place[1], log, at=NOW)
    assert (report.state, report.checkpoint.size) == (AuditState.BEHIND, 700)
    assert files_of(place[1] / "public") == before


def test_a_fork_between_looks_is_not_missed(place):
    """A checkpoint that was seen counts, even if its leaves could not be audited any more."""
    log = story_log(700)
    (published(place, log) / "tile/entries/001").unlink()
    with pytest.raises(InputError):
        audit(place, log)
    shutil.rmtree(place[0])
    other = fork_of(log, 600, log.entries[600:650])
    other.add(b"other")
    report = audit_folder(published(place, other), place[1], log)
    assert report.state == AuditState.FORKED


def test_checkpoints_that_are_not_the_logs(place):
    """Unsigned, signed by another, of another origin, or rubbish: refused before anything else."""
    log = story_log(10)
    log.publish(place[0])
    stranger = SmallLog("stranger.example.org/log", list(log.entries))
    lying = SmallLog(log.origin, list(log.entries))
    lying.private = stranger.private
    path = place[0] / "checkpoint"
    for data in (stranger.sign(), lying.sign(), b"", b"x" * 100, log.sign()[:-20]):
        path.write_bytes(data)
        with pytest.raises(InputError, match="checkpoint"):
            audit(place, log)
    path.write_bytes(log.sign(10, b"\1" * 32))
    assert audit(place, log).state == AuditState.BAD


def test_a_folder_belongs_to_one_log(place, tmp_path):
    """A state folder of another log is refused, not mixed up."""
    log = story_log(10)
    audit_folder(published(place, log), place[1], log)
    other = SmallLog("other.example.org/log").begin()
    (tmp_path / "other").mkdir()
    other.publish(tmp_path / "other")
    with pytest.raises(InputError, match=r"state\.json"):
        audit_folder(tmp_path / "other", place[1], other)


def test_one_audit_at_a_time(place):
    """A second audit on the same folder is refused while the first one runs."""
    log = story_log(10)
    log.publish(place[0])
    seen = []

    class Reentrant(FolderLog):
        def read(self, path, *, limit):
            if not seen:
                seen.append(path)
                with pytest.raises(InputError):
                    audit(place, log)
            return super().read(path, limit=limit)

    assert audit_folder(Reentrant(place[0]), place[1], log).state == AuditState.AUDITED


def test_a_clock_that_went_back_cosigns_nothing(place):
    """A time before the last cosignature would contradict it; the audit itself goes on."""
    log = story_log(10)
    audit_folder(published(place, log), place[1], log, at=NOW)
    grow_stories(log, 20).publish(place[0])
    report = audit(place, log, at=NOW - 1)
    assert (report.state, report.cosignature) == (AuditState.AUDITED, "")
    assert audit(place, log, at=NOW).cosignature


def test_without_a_key_nothing_is_cosigned(place):
    """An audit needs no key."""
    log = story_log(10)
    report = audit_folder(published(place, log), place[1], log, cosigner=None)
    assert (report.state, report.cosignature) == (AuditState.AUDITED, "")


def test_a_log_that_changed_its_key(place):
    """With both lines of the policy an audit goes on over the change; with the new key alone, or
    with the old key alone, it says that the policy lacks a line, and cosigns nothing."""
    log = story_log(10)
    audit_folder(published(place, log), place[1], log)
    old = log.key
    log.private, other = make_keys(f"{log.origin} again")
    new = VerifierKey(old.name, make_key_id(old.name, ED25519, other.public), ED25519, other.public)
    both = LogKey(old, others=(new,), since=(0, 12))
    grow_stories(log, 20)
    log.key = new
    log.publish(place[0])
    keys: list[tuple[VerifierKey | LogKey, bool]] = [(old, False), (new, False), (both, True)]
    for known, fine in keys:
        log.key = known  # type: ignore[assignment]  # an auditor takes either
        if fine:
            assert audit(place, log).state == AuditState.AUDITED
        else:
            with pytest.raises(InputError, match="公钥") as caught:
                audit(place, log)
            assert "换过密钥" in str(caught.value.hint)


def _deliver(log, number, *units):
    """An order that is delivered these units."""
    for state in STATES[:2]:
        log.add_leaf(state, order(number))
    log.add_leaf(STATES[2], order(number), data={"units": list(units)})


def _batch(log, number, uses):
    data = {"canon": 1, "root": "ab" * 32, "source": "resale", "uses": uses}
    log.add_leaf("batch.imported", f"batch:{number:032x}", data=data)


@pytest.mark.parametrize("apart", [False, True])
def test_a_secret_delivered_twice_is_found(place, apart):
    """The same commitment in two orders is a fault that names the second, whether both are new or
    one was audited long ago; the control: other commitments are none."""
    log = story_log(300)
    _batch(log, 1, 1)
    _deliver(log, 7_000_001, "aa" * 32, "bb" * 32)
    _deliver(log, 7_000_002, "cc" * 32)
    if apart:
        assert audit_folder(published(place, log), place[1], log).state == AuditState.AUDITED
        grow_stories(log, 900)
        assert audit_folder(published(place, log), place[1], log).state == AuditState.AUDITED
    _deliver(log, 7_000_003, "dd" * 32, "bb" * 32)
    report = audit_folder(published(place, log), place[1], log)
    assert (report.state, report.cosignature) == (AuditState.BAD, "")
    assert (report.fault.rule, report.fault.index) == ("twice", log.size - 1)
    assert report.fault.subject == order(7_000_003)


def test_a_secret_given_again_as_a_replacement_is_found(place):
    """A unit that one order got in the place of another counts like a delivered one: a second order
    with it is a fault, and the control, another unit, is none."""
    log = story_log(50)
    _deliver(log, 7_000_001, "aa" * 32)
    _deliver(log, 7_000_002, "bb" * 32)
    log.add_leaf("order.replaced", order(7_000_001), data={"units": ["cc" * 32]})
    assert audit_folder(published(place, log), place[1], log).state == AuditState.AUDITED
    _deliver(log, 7_000_003, "cc" * 32)
    report = audit_folder(published(place, log), place[1], log)
    assert (report.state, report.fault.rule) == (AuditState.BAD, "twice")


def test_a_secret_of_several_uses_is_delivered_as_often(place):
    """Where a batch declares two uses two deliveries are right, in one audit or in two, and the
    third is not."""
    log = story_log(50)
    _batch(log, 1, 1)
    _batch(log, 2, 2)
    _deliver(log, 7_000_001, "aa" * 32)
    assert audit_folder(published(place, log), place[1], log).state == AuditState.AUDITED
    _deliver(log, 7_000_002, "aa" * 32)
    _deliver(log, 7_000_003, "bb" * 32, "bb" * 32)
    assert audit_folder(published(place, log), place[1], log).state == AuditState.AUDITED
    _deliver(log, 7_000_004, "aa" * 32)
    report = audit_folder(published(place, log), place[1], log)
    assert (report.state, report.fault.rule) == (AuditState.BAD, "twice")
