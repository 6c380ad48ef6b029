"""Appending: with its rows or not at all, each subject's chain unbroken, nothing that is illegal.

Runs over Django's connection, as the verbs do.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.log.log_kit import (
    AT,
    DIGESTS,
    STORES,
    append,
    append_chain,
    append_some,
    check_whole,
    hashes_of,
    sealed,
)

from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.errors import SealedDataError
from gongdao.log import append as module
from gongdao.log.append import append_leaves
from gongdao.log.begin import begin_log
from gongdao.log.life_cycles import IllegalStep, LifeCycle, join_cycles
from gongdao.log.models import LogEntry, LogOpening, LogPending, LogSubject
from gongdao.log.new_leaf import NewLeaf, new_subject, seal_openings, unseal_openings
from gongdao.log.openings import erase_openings, find_openings
from gongdao_verify.leaf_form import LOG_SUBJECT, BadLeaf, commitment, parse_leaf


def _key_leaf(number: int = 0) -> NewLeaf:
    return NewLeaf("log.key", LOG_SUBJECT, {"vkey": f"k{number}"})


def _begin() -> None:
    append([NewLeaf("log.genesis", LOG_SUBJECT, {"origin": "x", "vkey": "y"})])


def _prevs(subject: str) -> list[bytes | None]:
    rows = LogPending.objects.filter(subject=subject).order_by("seq")
    return [parse_leaf(bytes(row.entry)).prev for row in rows]


def _chain_holds(subject: str) -> bool:
    rows = list(LogPending.objects.filter(subject=subject).order_by("seq"))
    hashes = [bytes(row.leaf_hash) for row in rows]
    return _prevs(subject) == [None, *hashes][: len(rows)]


@pytest.mark.django_db
def test_a_leaf_says_what_it_was_given():
    """The entry in the queue reads as type, subject, time and data, and hashes to what is
    returned."""
    subject = new_subject("case")
    (digest,) = append([NewLeaf("case.sealed", subject, DIGESTS)])
    row = LogPending.objects.get()
    form = parse_leaf(bytes(row.entry))
    assert (form.type, form.subject, form.prev, form.at) == ("case.sealed", subject, None, AT)
    assert dict(form.data) == DIGESTS
    assert [digest] == hashes_of([bytes(row.entry)]) == [bytes(row.leaf_hash)]


@pytest.mark.django_db
def test_leaves_of_one_call_are_chained():
    """Several leaves of one subject in one call name each other, across calls as well."""
    subject, other = new_subject("case"), new_subject("case")
    leaves = [NewLeaf("case.sealed", one, DIGESTS) for one in (subject, other, subject, subject)]
    hashes = append(leaves)
    (last,) = append([NewLeaf("case.sealed", subject, DIGESTS)], at=AT + timedelta(seconds=1))
    assert _prevs(subject) == [None, hashes[0], hashes[2], hashes[3]]
    assert _prevs(other) == [None]
    row = LogSubject.objects.get(name=subject)
    assert (bytes(row.last_hash), row.last_type, row.count) == (last, "case.sealed", 4)


@pytest.mark.django_db
def test_new_and_known_subjects_mix_in_one_call():
    """A call with a subject's first leaf and another one's later leaf chains both rightly."""
    _begin()
    known = new_subject("case")
    (first,) = append([NewLeaf("case.sealed", known, DIGESTS)])
    fresh = new_subject("case")
    append(
        [
            NewLeaf("case.sealed", fresh, DIGESTS),
            _key_leaf(),
            NewLeaf("case.sealed", known, DIGESTS),
        ],
        at=AT + timedelta(seconds=1),
    )
    assert _prevs(known) == [None, first] and _prevs(fresh) == [None]
    assert _chain_holds(LOG_SUBJECT) and _chain_holds(known) and _chain_holds(fresh)


@pytest.mark.django_db
def test_a_first_leaf_takes_one_statement(monkeypatch):
    """The usual first leaf of a subject goes in with a single statement."""
    ran, real = [], module._run

    def run(cursor, statement, values):
        ran.append(statement)
        return real(cursor, statement, values)

    monkeypatch.setattr(module, "_run", run)
    append_some(1)
    append_some(300)
    assert len(ran) == 2
    ran.clear()
    _begin()
    append([_key_leaf()])
    assert len(ran) == 3  # the genesis; then lock, and write


@pytest.mark.django_db
@pytest.mark.parametrize(
    "leaves",
    [
        [_key_leaf()],
        [NewLeaf("case.opened", new_subject("case"), {})],
        [NewLeaf("nobody.knows", new_subject("nobody"), {})],
        [*sealed(2), _key_leaf()],
    ],
)
def test_an_illegal_first_leaf_moves_nothing(leaves):
    """A leaf that may not be its subject's first is refused, and nothing of the call is kept."""
    with pytest.raises(IllegalStep):
        append(leaves)
    assert not LogPending.objects.exists() and not LogSubject.objects.exists()


@pytest.mark.django_db
def test_an_illegal_step_moves_nothing():
    """A leaf that may not follow the newest one is refused, also if it looks like a first one, and
    the caller who swallows that cannot commit half of it."""
    _begin()
    before = list(LogSubject.objects.values_list("name", "last_hash", "count"))
    genesis = NewLeaf("log.genesis", LOG_SUBJECT, {"origin": "x", "vkey": "y"})
    with transaction.atomic():
        fresh = sealed(1)
        with pytest.raises(IllegalStep) as caught:
            append_leaves(stores=STORES, leaves=[*fresh, genesis], at=AT)
    assert (caught.value.type, caught.value.before) == ("log.genesis", "log.genesis")
    assert list(LogSubject.objects.values_list("name", "last_hash", "count")) == before
    assert LogPending.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("subject", "data"),
    [
        ("case:short", {}),
        ("log:" + "0" * 32, {}),
        (f"case:{0:032x}", {"Bad Name": 1}),
        (f"case:{0:032x}", {"a": 1.5}),
        (f"case:{0:032x}", {"a": "x" * 513}),
        (f"case:{0:032x}", {f"a{n}": "x" * 500 for n in range(9)}),
        (f"case:{0:032x}", {"a": "line\nfeed"}),
    ],
)
def test_what_is_no_leaf_is_refused(subject, data):
    """Data that breaks the form of leaves never gets into the queue."""
    with pytest.raises(BadLeaf):
        append([NewLeaf("case.sealed", subject, data)])
    assert not LogPending.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_is_appended():
    """Without the caller's transaction a leaf could stand without its row: that is refused."""
    with pytest.raises(RuntimeError):
        append_leaves(stores=STORES, leaves=sealed(1), at=AT)
    assert not LogPending.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_nothing(ground):
    """Where the business transaction fails after appending, leaf, chain and opening are gone."""
    subject = new_subject("case")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        leaf = NewLeaf("case.sealed", subject, DIGESTS, {"amount": 9800})
        append_leaves(stores=STORES, leaves=[leaf], at=AT)
        _ = 1 / 0
    assert not LogPending.objects.exists() and not LogSubject.objects.exists()
    assert not LogOpening.objects.exists()
    assert ground.run() == 0
    digest = append([NewLeaf("case.sealed", subject, DIGESTS)])
    ground.run()
    check_whole(ground, digest)


@pytest.mark.django_db
def test_secrets_are_committed_not_told():
    """A secret value stands in the leaf as a commitment only, and its opening checks."""
    leaf = NewLeaf(
        "case.sealed", new_subject("case"), DIGESTS, {"amount": {"currency": "CNY", "minor": 9800}}
    )
    (digest,) = append([leaf])
    entry = bytes(LogPending.objects.get().entry)
    opened = find_openings(stores=STORES, leaf_hash=digest)
    assert b"9800" not in entry and b"9800" not in bytes(LogOpening.objects.get().sealed)
    salt = bytes.fromhex(opened["amount"]["salt"])
    assert parse_leaf(entry).data["amount"] == commitment(salt, opened["amount"]["value"])
    assert opened["amount"]["value"] == {"currency": "CNY", "minor": 9800}


@pytest.mark.django_db
def test_the_same_secret_twice_looks_different():
    """Two leaves with one value cannot be told to hold the same: each has its own salt."""
    leaves = [NewLeaf("case.sealed", new_subject("case"), {}, {"n": 1}) for _ in range(2)]
    append(leaves)
    found = {parse_leaf(bytes(row.entry)).data["n"] for row in LogPending.objects.all()}
    assert len(found) == 2


@pytest.mark.django_db
def test_openings_are_erased_for_good():
    """After erasing, the leaf stands and nothing opens it; other subjects keep theirs."""
    gone, kept = new_subject("case"), new_subject("case")
    hashes = append([NewLeaf("case.sealed", one, {}, {"n": 1}) for one in (gone, kept)])
    assert erase_openings(subject=gone) == 1
    assert not find_openings(stores=STORES, leaf_hash=hashes[0])
    assert find_openings(stores=STORES, leaf_hash=hashes[1])
    assert LogPending.objects.count() == 2


def test_openings_open_with_an_older_master_key():
    """After a new master key the old openings still open; bound to another leaf they do not."""
    old, new = new_master_key(), new_master_key()
    found = {"n": {"salt": "00" * 32, "value": 1}}
    digest = secrets.token_bytes(32)
    sealed_ = seal_openings(MasterKeys.parse(old), digest, found)
    both = MasterKeys.parse(f"{new}\n{old}")
    assert unseal_openings(both, digest, sealed_) == found
    for masters, bound in ((MasterKeys.parse(new), digest), (both, secrets.token_bytes(32))):
        with pytest.raises(SealedDataError):
            unseal_openings(masters, bound, sealed_)


def _race(count: int, leaf: NewLeaf) -> list[BaseException]:
    """Append ``leaf`` from so many threads at once; what went wrong."""
    ready = threading.Barrier(count)

    def one(number: int) -> BaseException | None:
        try:
            ready.wait(30)
            append([leaf], at=AT + timedelta(seconds=number))
            return None
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [found for found in pool.map(one, range(count)) if found is not None]


@pytest.mark.django_db(transaction=True)
def test_32_threads_on_one_subject_chain_rightly(ground):
    """32 appends to one subject at once become one chain, each leaf once."""
    subject = new_subject("case")
    append([NewLeaf("case.sealed", subject, DIGESTS)], at=AT)
    assert _race(32, NewLeaf("case.sealed", subject, DIGESTS)) == []
    assert LogPending.objects.count() == 33 and _chain_holds(subject)
    hashes = [bytes(row.leaf_hash) for row in LogPending.objects.all()]
    assert ground.run() == 33
    check_whole(ground, hashes)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_chain_breaks(monkeypatch):
    """Control: the same race with the subject read but not locked gives two leaves one prev."""
    _begin()
    monkeypatch.setattr(module, "_LOCK", module._LOCK.replace("FOR UPDATE", ""))
    for _try in range(10):
        _race(32, _key_leaf())
        if max(Counter(_prevs(LOG_SUBJECT)).values()) > 1:
            return
    pytest.fail("32 unlocked threads never met")


@pytest.mark.django_db(transaction=True)
def test_32_threads_with_a_subjects_first_leaf(ground):
    """32 first leaves of one new subject at once: one is first, the others follow."""
    subject = new_subject("case")
    assert _race(32, NewLeaf("case.sealed", subject, DIGESTS)) == []
    assert LogPending.objects.count() == 32 and _chain_holds(subject)
    hashes = [bytes(row.leaf_hash) for row in LogPending.objects.all()]
    ground.run()
    check_whole(ground, hashes)


@pytest.mark.django_db(transaction=True)
def test_subjects_in_any_order_do_not_deadlock():
    """Threads that append to the same ten subjects in different orders wait, and never for ever."""
    subjects = [new_subject("case") for _ in range(10)]

    def one(number: int) -> None:
        try:
            turned = subjects[number % 10 :] + subjects[: number % 10]
            leaves = [NewLeaf("case.sealed", name, DIGESTS) for name in turned[:: (-1) ** number]]
            append(leaves, at=AT + timedelta(seconds=number))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert LogPending.objects.count() == 400
    assert all(_chain_holds(name) for name in subjects)


@pytest.mark.django_db(transaction=True)
def test_a_log_begins_once(ground):
    """Two processes that begin the log at once leave one genesis leaf with the log's key."""

    def one(_number: int) -> bool:
        try:
            return begin_log(stores=STORES, key=ground.key, at=AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1
    ground.run()
    form = parse_leaf(ground.entries()[0])
    assert form.type == "log.genesis" and form.data["vkey"] == ground.key.verifier.text()
    assert not begin_log(stores=STORES, key=ground.key, at=AT) and LogEntry.objects.count() == 1


@given(
    steps=st.lists(st.sampled_from(["a.one", "a.two", "a.three", "a.last"]), max_size=8),
    after=st.dictionaries(
        st.sampled_from(["a.one", "a.two", "a.three"]),
        st.frozensets(st.sampled_from(["a.one", "a.two", "a.three", "a.last"])),
    ),
    first=st.frozensets(st.sampled_from(["a.one", "a.two"])),
)
@settings(deadline=None)
def test_a_life_cycle_allows_what_its_table_says(steps, after, first):
    """A step is allowed exactly where the table has it, whatever the table."""
    cycle = LifeCycle("a", first, after)
    for before, step in zip([None, *steps], steps, strict=False):
        expected = step in first if before is None else step in after.get(before, ())
        assert cycle.allows(step, before) == expected


def test_tables_of_life_cycles_do_not_overlap():
    """Two rooms cannot claim one kind, and none can name a type of another kind."""
    one = LifeCycle("a", frozenset({"a.x"}), {})
    assert join_cycles([one])["a"] is one
    with pytest.raises(ValueError, match="two life cycles"):
        join_cycles([one], [one])
    with pytest.raises(ValueError, match="another kind"):
        LifeCycle("a", frozenset({"b.x"}), {})


@pytest.mark.django_db(transaction=True)
def test_a_chain_survives_sequencing_in_between(ground):
    """Leaves of one subject, appended before and after the sequencer ran, are one chain."""
    subject = new_subject("case")
    hashes = append_chain(subject, 3)
    ground.run()
    hashes += append([NewLeaf("case.sealed", subject, DIGESTS)], at=AT + timedelta(days=1))
    ground.run()
    check_whole(ground, hashes)


def test_a_value_cannot_be_told_and_committed():
    """A name that stands among data and secrets at once is a mistake of the caller."""
    with pytest.raises(ValueError, match="at once"):
        NewLeaf("case.sealed", new_subject("case"), {"n": 1}, {"n": 1})
