"""Batches as a whole: proofs, recalls, restored backups."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vault.vault_kit import (
    AT,
    LATER,
    SOON,
    STORES,
    claim,
    codes,
    count,
    make_shelf,
    put,
    whole,
)

from gongdao.core.errors import NoSuchShelf, StockHeld, WrongStockState
from gongdao.log.models import LogPending
from gongdao.vault.allocate import allocate
from gongdao.vault.batch_tree import GROUP, group_root, inclusion_path, root_of
from gongdao.vault.models import Sealed, Unit
from gongdao.vault.prove_unit import prove_unit
from gongdao.vault.quarantine_batches import lift_quarantine, quarantine_batches
from gongdao.vault.queries import count_available, count_batch, find_owners, get_units
from gongdao.vault.reserve import reserve
from gongdao.vault.states import UnitState
from gongdao.vault.withdraw_batch import withdraw_batch
from gongdao_verify.merkle import EMPTY_ROOT, Edge, leaf_hash, root_from_inclusion

pytestmark = pytest.mark.django_db(transaction=True)


@settings(deadline=None)
@given(st.integers(0, 1300), st.data())
def test_groups_make_the_same_tree(size, data):
    """Root and proofs by groups are those of RFC 6962 over all commitments."""
    commitments = [n.to_bytes(32, "big") for n in range(size)]
    edge = Edge()
    for one in commitments:
        edge.add(leaf_hash(one))
    groups = [commitments[i : i + GROUP] for i in range(0, size, GROUP)]
    roots = [group_root(group) for group in groups]
    assert root_of(roots) == edge.root()
    if not size:
        assert root_of([]) == EMPTY_ROOT
        return
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index=index, size=size, group=groups[index // GROUP], roots=roots)
    leaf = leaf_hash(commitments[index])
    assert root_from_inclusion(index=index, size=size, leaf=leaf, path=path) == edge.root()


def test_wrong_groups_are_refused():
    """A proof is not made from the wrong group or too few roots."""
    with pytest.raises(ValueError, match="batch"):
        inclusion_path(index=0, size=3, group=[b""] * 2, roots=[b""])
    with pytest.raises(ValueError, match="batch"):
        inclusion_path(index=3, size=3, group=[b""] * 3, roots=[b""])


@pytest.mark.parametrize(("many", "uses"), [(1, 1), (256, 1), (700, 1), (300, 4)])
def test_every_secret_can_be_proven(many, uses):
    """Any unit of any size of batch: its proof leads to the root in the log."""
    shelf = make_shelf(uses_allowed=uses)
    put(shelf, codes(40, "OTHER"))
    done = put(shelf, codes(many))
    units = Unit.objects.filter(batch_id=done.batch).order_by("pos").values_list("id", flat=True)
    for place in sorted({0, 1, uses, many * uses // 2, many * uses - 1} & set(range(many * uses))):
        proof = prove_unit(units[place])
        sealed = Unit.objects.get(id=units[place]).sealed_id
        assert proof.commitment == bytes(Sealed.objects.get(id=sealed).commitment)
        assert (proof.index, proof.size, proof.root) == (place // uses, many, done.root)
        root = root_from_inclusion(
            index=proof.index,
            size=proof.size,
            leaf=leaf_hash(proof.commitment),
            path=proof.path,
        )
        assert root == done.root
    with pytest.raises(NoSuchShelf):
        prove_unit(-1)


def _sold_and_reserved(shelf):
    sold, reserved = claim(), claim()
    allocate(sku=shelf, claim=sold, units=3, at=AT)
    reserve(sku=shelf, claim=reserved, units=2, until=SOON, at=AT)
    return sold, reserved


def test_a_recall_names_whom_it_concerns():
    """Stock and reservations are frozen; those who have a secret of it are found."""
    shelf = make_shelf()
    batch = put(shelf, codes(10)).batch
    sold, reserved = _sold_and_reserved(shelf)
    put(shelf, codes(4, "B"))
    done = withdraw_batch(stores=STORES, batch=batch, reason="used before", at=LATER)
    assert (done.units, done.lapsed) == (7, (reserved,))
    assert [who for _unit, who in find_owners(batch)] == [sold] * 3
    assert count_batch(batch) == {UnitState.WITHDRAWN: 7, UnitState.CLAIMED: 3}
    given = allocate(sku=shelf, claim=reserved, units=2, at=LATER)
    assert batch not in {one.batch for one in given}
    assert count_available([shelf]) == {shelf: 2} and not whole()
    with pytest.raises(WrongStockState):
        withdraw_batch(stores=STORES, batch=batch, reason="again", at=LATER)


def test_a_restored_backup_sells_nothing_twice():
    """All is held back; what the log says was delivered since stays away, the rest returns."""
    shelf = make_shelf()
    batch = put(shelf, codes(10)).batch
    sold, reserved = _sold_and_reserved(shelf)
    lost = [bytes(Sealed.objects.get(line=line).commitment) for line in (7, 9)]
    done = quarantine_batches(stores=STORES, batches=None, reason="restored", at=LATER)
    assert (done.batches, done.lapsed) == ((batch,), (reserved,))
    with pytest.raises(StockHeld):
        reserve(sku=shelf, claim=claim(), units=1, until=SOON, at=LATER)
    with pytest.raises(StockHeld):
        allocate(sku=shelf, claim=reserved, units=2, at=LATER)
    assert len(get_units(sold)) == 3
    assert quarantine_batches(stores=STORES, batches=None, reason="x", at=LATER).batches == ()
    lifted = lift_quarantine(
        stores=STORES, batch=batch, sold=[*lost, b"\0" * 32], reason="replayed", at=LATER
    )
    assert (lifted.sold, lifted.back) == (2, 5)
    rest = claim()
    allocate(sku=shelf, claim=rest, units=5, at=LATER)
    assert not {one.commitment for one in get_units(rest)} & set(lost)
    with pytest.raises(WrongStockState):
        lift_quarantine(stores=STORES, batch=batch, sold=[], reason="x", at=LATER)
    assert not whole()


def test_uses_lost_with_a_backup_are_counted():
    """Of a loop secret just so many uses stay away as were delivered since."""
    shelf = make_shelf(uses_allowed=5)
    batch = put(shelf, ["LOOP-1", "LOOP-2"]).batch
    first = bytes(Sealed.objects.get(line=1).commitment)
    quarantine_batches(stores=STORES, batches=[batch], reason="restored", at=LATER)
    lifted = lift_quarantine(stores=STORES, batch=batch, sold=[first] * 3, reason="ok", at=LATER)
    assert (lifted.sold, lifted.back) == (3, 7)


def test_uses_lost_with_a_backup_let_their_secret_never_return():
    """Of a loop secret of which one use was sold in the lost time, none may be imported again; and
    nothing may while the batch is in quarantine."""
    shelf = make_shelf(uses_allowed=5)
    batch = put(shelf, ["LOOP-1", "LOOP-2"]).batch
    first = bytes(Sealed.objects.get(line=1).commitment)
    quarantine_batches(stores=STORES, batches=[batch], reason="restored", at=LATER)
    gone = {"stores": STORES, "batch": batch, "reason": "x", "may_return": True, "at": LATER}
    with pytest.raises(WrongStockState):
        withdraw_batch(**gone)
    lift_quarantine(stores=STORES, batch=batch, sold=[first], reason="ok", at=LATER)
    assert withdraw_batch(**gone).units == 9
    assert put(make_shelf(), ["LOOP-1", "LOOP-2"]).accepted == 1 and not whole()


def test_only_the_named_batches_are_quarantined():
    """Batches that were not touched since the backup go on being sold."""
    shelf = make_shelf()
    touched, other = put(shelf, codes(3)).batch, put(shelf, codes(3, "B")).batch
    done = quarantine_batches(stores=STORES, batches=[touched], reason="restored", at=LATER)
    assert done.batches == (touched,) and count_available([shelf]) == {shelf: 3}
    assert allocate(sku=shelf, claim=claim(), units=1, at=LATER)[0].batch == other


def test_every_step_of_a_batch_has_its_leaf():
    """Imported, quarantined, restored, withdrawn: four leaves of one subject, in this order."""
    shelf = make_shelf()
    batch = put(shelf, codes(3)).batch
    quarantine_batches(stores=STORES, batches=[batch], reason="r", at=LATER)
    lift_quarantine(stores=STORES, batch=batch, sold=[], reason="r", at=LATER)
    withdraw_batch(stores=STORES, batch=batch, reason="secret reason", at=LATER)
    entries = [bytes(one.entry).decode() for one in LogPending.objects.order_by("seq")]
    kinds = [entry.partition('"t":"')[2].partition('"')[0] for entry in entries]
    assert kinds == ["batch.imported", "batch.quarantined", "batch.restored", "batch.withdrawn"]
    assert len({one.subject for one in LogPending.objects.all()}) == 1
    assert "secret reason" not in "".join(entries)


def test_unknown_batches_are_told():
    """A batch that is none is no batch, for every verb."""
    shelf = make_shelf()
    with pytest.raises(NoSuchShelf):
        withdraw_batch(stores=STORES, batch=shelf, reason="x", at=LATER)
    with pytest.raises(NoSuchShelf):
        lift_quarantine(stores=STORES, batch=shelf, sold=[], reason="x", at=LATER)
    assert count_batch(shelf) == {} and list(find_owners(shelf)) == []
    assert count("batch") == 0
