"""Imports: every line taken or refused with its reason, nothing twice, nothing too soon."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import transaction
from tests.vault.vault_kit import (
    AT,
    LATER,
    OTHER_SELLER,
    SOON,
    SOURCE,
    STORES,
    as_lines,
    claim,
    codes,
    count,
    in_threads,
    make_shelf,
    put,
    put_and_list,
    run_sql,
    whole,
)

from gongdao.core.errors import (
    ImportUnfinished,
    InputError,
    KeyGone,
    NoSuchShelf,
    StockRefused,
    StockShort,
    WrongStockState,
)
from gongdao.core.keys import get_key
from gongdao.core.subject import SubjectRef
from gongdao.log.models import LogPending
from gongdao.vault import write_batch
from gongdao.vault.after_restore import let_import_go_on, restored_reason
from gongdao.vault.allocate import allocate
from gongdao.vault.batch_tree import root_of
from gongdao.vault.canonical_form import CanonRules, FieldRule, Signs
from gongdao.vault.discard_import import discard_import
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.models import Batch, Sealed
from gongdao.vault.queries import count_available
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.reserve import reserve
from gongdao.vault.split_line import Line
from gongdao.vault.withdraw_batch import withdraw_batch
from gongdao.vault.write_batch import BatchSource, SourceKind
from gongdao_verify.merkle import Edge, leaf_hash


def test_everything_is_taken_and_for_sale(shelf):
    """A clean list: each secret a unit, a ciphertext and a fingerprint; a root; one leaf."""
    done = put(shelf, codes(700))
    assert (done.lines, done.accepted, done.already, done.refused) == (700, 700, 0, {})
    assert count_available([shelf]) == {shelf: 700}
    assert {table: count(table) for table in ("unit", "sealed", "fingerprint", "claim")} == {
        "unit": 700,
        "sealed": 700,
        "fingerprint": 700,
        "claim": 0,
    }
    edge = Edge()
    for row in Sealed.objects.order_by("line"):
        edge.add(leaf_hash(bytes(row.commitment)))
    assert done.root == edge.root()
    assert not whole()


def test_the_leaf_tells_root_and_source_and_no_count(shelf):
    """What goes into the log: root, declared source, supplier's pseudonym; how many is sealed."""
    done = put(shelf, codes(3))
    entry = bytes(LogPending.objects.get().entry).decode()
    assert done.root is not None and done.root.hex() in entry
    assert '"t":"batch.imported"' in entry and '"source":"resale"' in entry
    assert SOURCE.supplier in entry and '"uses":1' in entry
    assert '"count":"' in entry and '"count":3' not in entry
    assert str(done.batch) not in entry and done.batch.hex not in entry


def test_every_refused_line_has_its_number_and_reason(transactional_db):
    """Repeated in the file, in one's own stock, in another shop's, empty, too long, wrong."""
    rules = CanonRules((FieldRule("code", Signs.ALNUM, 4, 12),))
    theirs, earlier = make_shelf(seller=OTHER_SELLER), make_shelf()
    shelf = make_shelf(rules=rules)
    put(theirs, ["THEIRS-1"])
    put(earlier, ["MINE-0001"])
    texts = ["GOOD-1", "good-1", "theirs1", "mine 0001", " - ", "ABC", "A" * 13, "AB_CD", "GOOD-2"]
    found = []
    lines = [*as_lines(texts), Line(10, (), Reason.FIELDS), Line(11, (), Reason.SPREADSHEET)]
    done = import_secrets(
        stores=STORES, sku=shelf, batch=uuid4(), source=SOURCE, lines=lines, at=AT,
        refuse=found.append,
    )  # fmt: skip
    assert [(one.number, one.reason.value, one.same_as) for one in found] == [
        (2, "in_file", 1),
        (3, "on_platform", None),
        (4, "in_stock", None),
        (5, "empty", None),
        (6, "shape", None),
        (7, "too_long", None),
        (8, "shape", None),
        (10, "fields", None),
        (11, "spreadsheet", None),
    ]
    assert (done.lines, done.accepted) == (11, 2)
    assert sum(done.refused.values()) + done.accepted == done.lines
    assert all(str(one) for one in found)
    assert not whole()


@pytest.mark.parametrize("chunk", [1, 3, 4096])
def test_a_repeat_is_found_across_chunks(shelf, monkeypatch, chunk):
    """However far apart, the second of two equal lines names the first."""
    monkeypatch.setattr(write_batch, "CHUNK", chunk)
    found: list[Refusal] = []
    done = put(shelf, ["A1", "B2", "C3", "D4", "b-2", "E5", "a 1"], refuse=found.append)
    assert [(one.number, one.reason, one.same_as) for one in found] == [
        (5, Reason.IN_FILE, 2),
        (7, Reason.IN_FILE, 1),
    ]
    assert done.accepted == 5 and not whole()


def test_where_a_secret_lies_is_told_to_nobody_else(transactional_db):
    """Another shop's stock is "on the platform": no seller, no batch, no line."""
    put(make_shelf(seller=OTHER_SELLER), ["THEIRS-1"])
    found: list[Refusal] = []
    put(make_shelf(), ["THEIRS-1"], refuse=found.append)
    assert found == [Refusal(1, Reason.ON_PLATFORM, None)]


def test_case_and_gaps_are_no_way_round(transactional_db):
    """Rules that keep case or gaps do not let the same secret in a second time."""
    put(make_shelf(), ["AbCd-1234"])
    for rules in (CanonRules(keep_gaps=True), CanonRules(fold_case=True)):
        assert put_and_list(make_shelf(rules=rules), ["abcd 1234"]) == [(1, "in_stock")]
    pair = make_shelf(
        rules=CanonRules((FieldRule("number"), FieldRule("pin"))), seller=OTHER_SELLER
    )
    done = import_secrets(
        stores=STORES, sku=pair, batch=uuid4(), source=SOURCE,
        lines=[Line(1, ("ABCD", "1234"))], at=AT,
    )  # fmt: skip
    assert done.refused == {Reason.ON_PLATFORM: 1}


def test_the_same_file_again_changes_nothing(shelf):
    """With the same batch id everything is there already; with another all of it is refused."""
    texts = [*codes(50), "A00001-CODE-07919", "-"]
    first = put(shelf, texts)
    before = {t: count(t) for t in ("unit", "sealed", "fingerprint", "batch", "group")}
    again: list[tuple[int, str]] = []
    same = put(
        shelf,
        texts,
        batch=first.batch,
        refuse=lambda one: again.append((one.number, one.reason.value)),
    )
    assert (same.accepted, same.already, same.root) == (0, 50, first.root)
    assert again == [(51, "in_file"), (52, "empty")]
    other = put(shelf, texts)
    assert (other.accepted, other.already, other.root) == (0, 0, None)
    assert other.refused == {Reason.IN_STOCK: 50, Reason.IN_FILE: 1, Reason.EMPTY: 1}
    assert before == {t: count(t) for t in ("unit", "sealed", "fingerprint", "batch", "group")}
    assert LogPending.objects.count() == 1 and count_available([shelf]) == {shelf: 50}


def test_a_whole_batch_takes_nothing_more(shelf):
    """Further secrets under the id of a batch whose root is fixed are refused, not added."""
    done = put(shelf, codes(5))
    with pytest.raises(WrongStockState):
        put(shelf, codes(6), batch=done.batch)
    assert count("unit") == 5 and not whole()


def test_nothing_is_for_sale_before_the_end(shelf, monkeypatch):
    """While chunks are coming in, none of them can be reserved."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)
    seen = []

    def look(_lines):
        with pytest.raises(StockShort):
            reserve(sku=shelf, claim=claim(), units=1, until=SOON, at=AT)
        seen.append((count("unit"), count_available([shelf])[shelf]))

    put(shelf, codes(35), progress=look)
    assert seen == [(10, 0), (20, 0), (30, 0), (35, 0)]
    assert count_available([shelf]) == {shelf: 35}


def test_a_second_import_waits_for_the_first_to_end(shelf, monkeypatch):
    """An unfinished import keeps others off its shelf, by name, until it is done or given up."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)
    batch = _break_off(shelf, codes(35), after=2)
    with pytest.raises(ImportUnfinished) as refused:
        put(shelf, codes(5, "B"))
    assert refused.value.batch == str(batch)
    put(make_shelf(), codes(5, "B"))
    done = put(shelf, codes(35), batch=batch)
    assert (done.already, done.accepted) == (20, 15)
    put(shelf, codes(5, "C"))
    assert count_available([shelf]) == {shelf: 40} and not whole()


def test_an_import_goes_on_where_it_stopped(shelf, monkeypatch):
    """Broken off anywhere, given again: the same stock, root and refusals as in one go."""
    monkeypatch.setattr(write_batch, "CHUNK", 100)
    texts = codes(660)
    texts[300] = texts[5]
    texts[500] = "-"
    for after in (1, 3, 6):
        batch = _break_off(shelf, texts, after=after)
        assert Batch.objects.get(id=batch).state == "incoming"
    found: list[tuple[int, str]] = []
    done = put(
        shelf, texts, batch=batch, refuse=lambda one: found.append((one.number, one.reason.value))
    )
    assert found == [(301, "in_file"), (501, "empty")]
    assert done.accepted + done.already == 658
    in_order = Sealed.objects.order_by("line").values_list("commitment", flat=True)
    assert done.root == root_of([leaf_hash(bytes(one)) for one in in_order])
    assert not whole()


def _break_off(shelf, texts, *, after, batch=[]):  # noqa: B006  the same batch for one test's tries
    """Import until ``after`` chunks are in, then fail; the batch's id."""
    if not Batch.objects.filter(id__in=batch).exists():
        batch[:] = [uuid4()]

    def stop(_lines, left=[after]):  # noqa: B006  counts within this call
        left[0] -= 1
        if not left[0]:
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        put(shelf, texts, batch=batch[0], progress=stop)
    return batch[0]


def test_an_import_can_be_given_up(shelf, monkeypatch):
    """What came in goes, key and fingerprints too, and may come in again."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)
    batch = _break_off(shelf, codes(35), after=3)
    assert discard_import(batch=batch) == 30
    assert [count(t) for t in ("unit", "sealed", "fingerprint", "batch", "group")] == [0] * 5
    with pytest.raises(KeyGone):
        get_key(stores=STORES, subject=SubjectRef("batch", batch))
    with pytest.raises(NoSuchShelf):
        discard_import(batch=batch)
    done = put(shelf, codes(35), batch=batch)
    assert done.accepted == 35 and not whole()
    with pytest.raises(WrongStockState):
        discard_import(batch=done.batch)


def test_an_import_that_a_restored_backup_holds_up_cannot_be_given_up(shelf, monkeypatch):
    """It was perhaps finished and sold from in the lost time: refused with words, nothing goes,
    until the log lets it go on."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)
    batch = _break_off(shelf, codes(35), after=3)
    Batch.objects.filter(id=batch).update(reason=restored_reason(3))
    with pytest.raises(StockRefused, match="从备份恢复"):
        discard_import(batch=batch)
    assert [count(t) for t in ("unit", "fingerprint", "batch")] == [30, 30, 1]
    assert let_import_go_on(batch=batch, at=AT)
    assert discard_import(batch=batch) == 30


def test_a_dry_run_says_the_same_and_writes_nothing(shelf, monkeypatch):
    """Its refusals are those of the import that follows; no table has changed in between."""
    monkeypatch.setattr(write_batch, "CHUNK", 7)
    monkeypatch.setattr("gongdao.vault.preview_batch.CHUNK", 7)
    put(make_shelf(seller=OTHER_SELLER), codes(5, "T"))
    texts = [*codes(20), *codes(5, "T"), "-", *codes(3), "x" * 5000]
    tables = ("unit", "sealed", "fingerprint", "batch", "key", "group")
    before = [count(table) for table in tables]
    expected = put_and_list(shelf, texts, dry_run=True)
    assert before == [count(table) for table in tables]
    batch = uuid4()
    dry = put(shelf, texts, dry_run=True, batch=batch)
    real = put(shelf, texts, batch=batch)
    assert (dry.accepted, dry.refused, dry.root) == (real.accepted, real.refused, None)
    assert len(expected) == sum(real.refused.values()) == 10
    after = put(shelf, texts, dry_run=True, batch=batch)
    assert (after.accepted, after.already) == (0, 20)


def test_a_dry_run_needs_no_key(transactional_db):
    """On an empty platform not even a fingerprint key is made."""
    assert put(make_shelf(), ["A", "A", "B"], dry_run=True).accepted == 2
    assert count("key") == 0


def test_a_loop_secret_has_its_uses(transactional_db):
    """A secret that may be sold n times is n units over one ciphertext."""
    shelf = make_shelf(uses_allowed=30)
    put(shelf, codes(1000))
    assert (count("unit"), count("sealed"), count("fingerprint")) == (30_000, 1000, 1000)
    assert count_available([shelf], most=10**6) == {shelf: 30_000}
    assert not run_sql("SELECT FROM vault_unit WHERE id NOT BETWEEN sealed_id AND sealed_id + 29")
    assert not whole()


def test_most_uses(transactional_db):
    """Ten thousand uses are the most; more are refused by the database."""
    shelf = make_shelf(uses_allowed=10_000)
    put(shelf, codes(3))
    assert count("unit") == 30_000 and not whole()
    with pytest.raises(Exception, match="vault_sku_uses"):
        make_shelf(uses_allowed=10_001)


def test_two_imports_of_the_same_secrets_at_once(transactional_db, monkeypatch):
    """Eight shops bring one list in different orders at the same time: each secret gets in once."""
    monkeypatch.setattr(write_batch, "CHUNK", 50)
    texts = codes(300)
    shelves = [make_shelf(seller=SubjectRef("merchant", uuid4())) for _ in range(8)]

    def bring(place):
        return lambda: put(shelves[place], texts[place * 30 :] + texts[: place * 30])

    done = in_threads([bring(place) for place in range(8)])
    assert sum(one.accepted for one in done) == 300
    assert sum(one.refused.get(Reason.ON_PLATFORM, 0) for one in done) == 7 * 300
    assert count("fingerprint") == count("sealed") == 300 and not whole()


def test_one_import_twice_at_once(shelf, monkeypatch):
    """A double click: both calls end, the batch is whole and right, nothing is in it twice."""
    monkeypatch.setattr(write_batch, "CHUNK", 20)
    texts, batch = codes(333), uuid4()
    done = in_threads([lambda: put(shelf, texts, batch=batch)] * 3)
    done = [one for one in done if not isinstance(one, WrongStockState)]
    assert done and len({one.root for one in done}) == 1
    assert sum(one.accepted for one in done) == 333
    assert count("sealed") == 333 and not whole()


def test_wrong_callers_are_told(shelf):
    """No shelf, a batch of another shelf, a digest that is none, a transaction around it."""
    done = put(shelf, ["A1"])
    with pytest.raises(NoSuchShelf):
        put(uuid4(), ["A2"])
    with pytest.raises(NoSuchShelf):
        put(make_shelf(), ["A2"], batch=done.batch)
    with transaction.atomic(), pytest.raises(RuntimeError):
        put(shelf, ["A2"])
    with pytest.raises(InputError):
        import_secrets(
            stores=STORES, sku=shelf, batch=uuid4(), lines=[], at=AT,
            source=BatchSource(SourceKind.OWN, proof_sha256=b"short"),
        )  # fmt: skip


def test_withdrawn_secrets_may_return_only_if_nobody_had_them(shelf):
    """An import by mistake can be undone and made elsewhere; a recalled one cannot come back."""
    mistake, recalled = put(shelf, codes(10)), put(shelf, codes(10, "R"))
    reserve(sku=shelf, claim=claim(), units=1, until=SOON, at=AT)
    taken = claim()
    allocate(sku=shelf, claim=taken, units=1, at=AT)
    gone = withdraw_batch(
        stores=STORES, batch=mistake.batch, reason="wrong listing", may_return=True, at=LATER
    )
    assert gone.units == 9 and len(gone.lapsed) == 1
    withdraw_batch(stores=STORES, batch=recalled.batch, reason="used", at=LATER)
    other = make_shelf()
    assert put(other, codes(10)).accepted == 9
    assert put(other, codes(10, "R")).accepted == 0
    assert not whole()


def test_progress_counts_lines(shelf, monkeypatch):
    """Progress is told in lines, refused ones included, up to all of them."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)
    told: list[int] = []
    put(shelf, [*codes(25), *["-"] * 8], progress=told.append)
    assert told == [10, 20, 30, 33]


def test_memory_of_reading_is_flat(shelf, monkeypatch):
    """Lines are asked for chunk by chunk, never ahead."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)
    asked, written = [0], []

    def lines():
        for line in as_lines(codes(100)):
            asked[0] += 1
            written.append(asked[0] - count("sealed"))
            yield line

    import_secrets(stores=STORES, sku=shelf, batch=uuid4(), source=SOURCE, lines=lines(), at=AT)
    assert max(written) == 10 and threading.active_count() < 10
