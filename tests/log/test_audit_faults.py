"""The auditor finds every fault, and names the file, the leaf, the subject and the rule."""

from __future__ import annotations

import json
import re

import pytest
from tests.log.audit_kit import audit, check_audited, published, spoil
from tests.log.story_log import (
    STATES,
    audit_folder,
    grow_stories,
    order,
    story_log,
)

from gongdao.core.errors import InputError
from gongdao.log.audit import AuditState
from gongdao_verify.leaf_form import LOG_SUBJECT
from gongdao_verify.tlog_tiles import join_bundle, split_bundle


@pytest.fixture
def place(tmp_path):
    """Where a log is published, and where its auditor remembers."""
    (tmp_path / "log").mkdir()
    return tmp_path / "log", tmp_path / "state"


@pytest.mark.parametrize(
    ("name", "rule", "index"),
    [
        ("tile/0/000", "tile", None),
        ("tile/0/001", "tile", None),
        ("tile/0/002.p/188", "tile", None),
        ("tile/1/000.p/2", "tile", None),
        ("tile/entries/000", "bundle", range(256)),
        ("tile/entries/001", "bundle", range(256, 512)),
        ("tile/entries/002.p/188", "bundle", range(512, 700)),
    ],
)
def test_one_changed_byte_is_named(place, name, rule, index):
    """Whichever file is changed is named, in a bundle with the leaf; nothing is cosigned."""
    log = story_log(700)
    spoil(published(place, log) / name)
    report = audit(place, log)
    assert (report.state, report.fault.rule) == (AuditState.BAD, rule)
    assert report.cosignature == "" and not (place[1] / "public/checkpoint").exists()
    if index is None:
        assert report.fault.path in (name, "tile")
    else:
        assert report.fault.path == name and report.fault.index in index
    # Put right, the audit goes on and passes.
    log.publish(place[0])
    (place[0] / name).write_bytes(log.source(name))
    check_audited(audit(place, log), log, place[1])


@pytest.mark.parametrize("change", ["cut", "longer", "empty", "one leaf less", "one leaf more"])
@pytest.mark.parametrize("name", ["tile/entries/001", "tile/0/001", "tile/1/000.p/2"])
def test_files_of_the_wrong_length(place, name, change):
    """A file that is cut, longer, empty, or has a leaf too many or too few does not pass."""
    log = story_log(700)
    path = published(place, log) / name
    data = path.read_bytes()
    if "leaf" in change and "entries" in name:
        entries = split_bundle(data)
        path.write_bytes(join_bundle(entries[:-1] if "less" in change else [*entries, b"x"]))
    else:
        path.write_bytes({"cut": data[:-1], "empty": b""}.get(change, data + b"\0" * 32))
    try:
        report = audit(place, log)
    except InputError as error:
        assert path.name in str(error)
    else:
        assert (report.state, report.fault.path) == (AuditState.BAD, name)
    assert json.loads((place[1] / "state.json").read_text("utf-8"))["audited"] == ""


@pytest.mark.parametrize(
    "name",
    ["tile/entries/001", "tile/0/001", "tile/1/000.p/2", "tile/0/002.p/188", "checkpoint"],
)
def test_missing_files(place, name):
    """A file that the checkpoint calls for and nobody serves stops the audit, by name."""
    log = story_log(700)
    (published(place, log) / name).unlink()
    with pytest.raises(InputError, match=re.escape(name)):
        audit(place, log)


BAD_LEAVES = {
    "no json": (b"not json", "json"),
    "empty": (b"", "json"),
    "not canonical": (b'{"v":1}', "keys"),
    "too long": (b"{" + b" " * 5000 + b"}", "size"),
}


@pytest.mark.parametrize("place_of_it", [1, 255, 256, 300, 511, 599])
@pytest.mark.parametrize("kind", sorted(BAD_LEAVES))
def test_leaves_of_no_form(place, kind, place_of_it):
    """A leaf that is none of ours is named by number and by what is wrong, wherever it stands."""
    entry, code = BAD_LEAVES[kind]
    log = story_log(place_of_it)
    log.add(entry)
    grow_stories(log, 600)
    report = audit_folder(published(place, log), place[1], log)
    assert (report.state, report.fault.rule) == (AuditState.BAD, "leaf")
    assert report.fault.index == place_of_it and report.fault.detail.startswith(code)
    assert report.cosignature == ""


def wrong_prev(log):
    """Links to a leaf of another subject."""
    log.add_leaf(STATES[0], order(1))
    log.add_leaf(STATES[0], order(2))
    log.add_leaf(STATES[1], order(1), prev=log.heads[order(2)])


def lost_prev(log):
    """Says that it is the first, and is not."""
    log.add_leaf(STATES[0], order(1))
    log.add_leaf(STATES[0], order(1), prev=None)


def made_up_prev(log):
    """The first leaf of a subject that names one before it."""
    log.add_leaf(STATES[0], order(1), prev=b"\1" * 32)


def zero_prev(log):
    """Zeros are a hash like any other, and not the absence of one."""
    log.add_leaf(STATES[0], order(1), prev=bytes(32))


def old_prev(log):
    """Two leaves continue the same one: a story with two ends."""
    first = log.add_leaf(STATES[0], order(1))
    log.add_leaf(STATES[1], order(1))
    log.add_leaf(STATES[3], order(1), prev=first)


def skipped_step(log):
    """Delivered without being paid."""
    log.add_leaf(STATES[0], order(1))
    log.add_leaf(STATES[2], order(1))


def step_back(log):
    """Open again after it was closed."""
    log.add_leaf(STATES[0], order(1))
    log.add_leaf(STATES[3], order(1))
    log.add_leaf(STATES[1], order(1))


def late_start(log):
    """A story that begins in its middle."""
    log.add_leaf(STATES[1], order(1))


def unknown_type(log):
    """A type that the table does not have."""
    log.add_leaf("order.blessed", order(1))


def unknown_kind(log):
    """A kind of subject that the table does not have."""
    log.add_leaf("ghost.seen", "ghost:" + "0" * 32)


def second_genesis(log):
    """The log cannot begin twice."""
    log.add_leaf("log.genesis", LOG_SUBJECT)


@pytest.mark.parametrize(
    ("break_it", "rule"),
    [
        (wrong_prev, "prev"),
        (lost_prev, "prev"),
        (made_up_prev, "prev"),
        (zero_prev, "prev"),
        (old_prev, "prev"),
        (skipped_step, "step"),
        (step_back, "step"),
        (late_start, "step"),
        (unknown_type, "step"),
        (unknown_kind, "step"),
        (second_genesis, "step"),
    ],
)
@pytest.mark.parametrize("in_two", [False, True])
def test_stories_that_cannot_be(place, break_it, rule, in_two):
    """The leaf that breaks its subject's story is named by number, subject and rule, also when its
    beginning was audited long before."""
    log = story_log(300)
    if in_two:
        whole = log.copy()
        break_it(whole)
        for entry in whole.entries[300:-1]:
            log.add(entry)
        assert audit_folder(published(place, log), place[1], log).state == AuditState.AUDITED
        log.add(whole.entries[-1])
    else:
        break_it(log)
    bad = log.size - 1
    subject = json.loads(log.entries[-1])["sub"]
    grow_stories(log, 700, seed=9)
    log.publish(place[0])
    for _again in range(2):
        report = audit(place, log)
        assert (report.state, report.fault.rule) == (AuditState.BAD, rule)
        assert (report.fault.index, report.fault.subject) == (bad, subject)
        assert report.fault.path == f"tile/entries/{bad // 256:03}"
        assert report.cosignature == ""


def test_the_first_of_several_faults_is_named(place):
    """Of many bad steps the one with the lowest number is reported, whatever its part."""
    log = story_log(100)
    for number in range(1, 40):
        log.add_leaf(STATES[2], order(number))
    report = audit_folder(published(place, log), place[1], log)
    assert report.fault.index == 100
