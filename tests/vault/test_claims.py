"""Reserve, allocate, release, replace, reveal: exactly n or none, any number of times."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from tests.vault.vault_kit import (
    AT,
    LATER,
    OTHER_SELLER,
    SELLER,
    SOON,
    SOURCE,
    STORES,
    claim,
    codes,
    count,
    make_shelf,
    put,
    run_sql,
    tamper,
    whole,
)

from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.errors import ClaimBusy, KeyGone, NoSuchShelf, SealedDataError, StockShort
from gongdao.core.keys import destroy_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.allocate import allocate, allocate_ctes, allocate_values
from gongdao.vault.canonical_form import CanonRules, FieldRule, canonical_form, commit
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.prove_unit import prove_unit
from gongdao.vault.queries import count_available, first_revealed, get_units
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.reserve import (
    release,
    release_reservations,
    reserve,
    reserve_ctes,
    reserve_values,
)
from gongdao.vault.reveal import reveal
from gongdao.vault.run_sql import run_prepared
from gongdao.vault.split_line import Line


def _reserve(shelf, who, units=1, until=SOON):
    return reserve(sku=shelf, claim=who, units=units, until=until, at=AT)


def _allocate(shelf, who, units=1):
    return allocate(sku=shelf, claim=who, units=units, at=AT)


def test_first_in_first_out(shelf):
    """Units leave the shelf in the order of the list; a claim's places are numbered from one."""
    put(shelf, codes(5))
    first, second = claim(), claim()
    _reserve(shelf, first, 2)
    _reserve(shelf, second, 3)
    for who, expected in ((first, codes(5)[:2]), (second, codes(5)[2:])):
        _allocate(shelf, who, len(expected))
        shown = reveal(stores=STORES, claim=who, who="buyer", at=AT)
        assert [one.fields["code"] for one in shown] == expected
        assert [one.place for one in shown] == list(range(1, len(expected) + 1))


def test_all_or_none(shelf):
    """One too many: nothing is taken, by reservation or allocation."""
    put(shelf, codes(3))
    for act in (_reserve, _allocate):
        with pytest.raises(StockShort):
            act(shelf, claim(), 4)
    assert count_available([shelf]) == {shelf: 3} and count("claim") == 0
    with pytest.raises(StockShort):
        _reserve(uuid4(), claim(), 1)


@pytest.mark.parametrize("units", [0, -1, 10_001])
def test_a_claim_has_a_sensible_size(shelf, units):
    """No units, or more than ten thousand, are a mistake of the caller's."""
    for act in (_reserve, _allocate):
        with pytest.raises(ValueError, match="units"):
            act(shelf, claim(), units)


def test_allocating_again_gives_the_same(shelf):
    """A callback that comes five times gives one set of units."""
    put(shelf, codes(10))
    who = claim()
    _reserve(shelf, who, 3)
    given = [_allocate(shelf, who, 3) for _ in range(5)]
    assert all(one == given[0] for one in given) and get_units(who) == given[0]
    assert count_available([shelf]) == {shelf: 7} and not whole()


def test_a_late_payment_is_given_other_units(shelf):
    """Lapsed and sold to another: units from the shelf, or none where that is empty."""
    put(shelf, codes(4))
    late, other = claim(), claim()
    _reserve(shelf, late, 2)
    assert release_reservations(at=LATER) == [late]
    _allocate(shelf, other, 2)
    units = _allocate(shelf, late, 2)
    assert not {one.unit for one in units} & {one.unit for one in get_units(other)}
    later = claim()
    _reserve_and_lapse(shelf, later)
    with pytest.raises(StockShort):
        _allocate(shelf, later, 1)
    assert count("claim") == 4 and not whole()


def _reserve_and_lapse(shelf, who):
    with pytest.raises(StockShort):
        _reserve(shelf, who)


def test_what_is_left_of_a_reservation_is_kept(shelf):
    """Of three reserved one is gone (its batch was withdrawn): the claim gets that one anew."""
    put(shelf, codes(3))
    put(shelf, codes(3, "B"))
    who = claim()
    kept = {one.unit for one in _reserve(shelf, who, 3)}
    run_sql("DELETE FROM vault_claim WHERE owner_id = %s AND place = 2", (who.id,))
    run_sql("UPDATE vault_unit SET state = 'withdrawn' WHERE pos = 2")
    units = _allocate(shelf, who, 3)
    assert [one.place for one in units] == [1, 2, 3]
    assert len({one.unit for one in units}) == 3 and len({one.unit for one in units} & kept) == 2
    assert units[1].unit not in kept


def test_a_reservation_that_lapsed_but_was_not_swept_is_still_good(shelf):
    """Money that comes a moment late finds the reservation standing, and takes it."""
    put(shelf, codes(2))
    who = claim()
    reserved = _reserve(shelf, who, 1)
    given = allocate(sku=shelf, claim=who, units=1, at=LATER)
    assert given[0].unit == reserved[0].unit
    assert not release_reservations(at=LATER + timedelta(days=1))


def test_release_gives_back_what_is_only_reserved(shelf):
    """A cancelled claim's units are for sale again, first in line; allocated ones are not."""
    put(shelf, codes(4))
    who, other = claim(), claim()
    units = _reserve(shelf, who, 2)
    assert release(claim=who) == 2 and release(claim=who) == 0
    assert [one.unit for one in _reserve(shelf, other, 2)] == [one.unit for one in units]
    _allocate(shelf, other, 2)
    assert release(claim=other) == 0
    assert count_available([shelf]) == {shelf: 2} and not whole()


def test_lapsed_reservations_are_swept_in_portions(shelf):
    """Oldest first, at most so many, and only those that lapsed."""
    put(shelf, codes(9))
    claims = [claim() for _ in range(9)]
    for minute, who in enumerate(claims):
        _reserve(shelf, who, until=AT + timedelta(minutes=minute + 1))
    at = AT + timedelta(minutes=6)
    assert set(release_reservations(at=at, most=4)) == set(claims[:4])
    assert set(release_reservations(at=at, most=4)) == set(claims[4:6])
    assert release_reservations(at=at) == []
    assert count_available([shelf]) == {shelf: 6}


def test_a_claim_reserves_once(shelf):
    """A second reservation of the same claim is refused by the database, and nothing is taken."""
    put(shelf, codes(4))
    who = claim()
    _reserve(shelf, who)
    with transaction.atomic(), pytest.raises(ClaimBusy):
        _reserve(shelf, who)
    assert count_available([shelf]) == {shelf: 3}


def test_the_statements_stand_in_a_larger_one(shelf):
    """The CTEs of both verbs work inside a statement of the caller's, with its own values."""
    put(shelf, codes(5))
    who = claim()
    values = reserve_values(sku=shelf, claim=who, units=2, until=SOON, at=AT)
    statement = (
        f"WITH {reserve_ctes()}, mine AS (SELECT %(more)s::int AS more)"
        " SELECT count(*), min(more) FROM vault_reserved, mine"
    )
    assert run_prepared(statement, {**values, "more": 7}) == [(2, 7)]
    statement = f"WITH {allocate_ctes()} SELECT count(*) FROM vault_allocated"
    assert run_prepared(statement, allocate_values(sku=shelf, claim=who, units=2, at=AT)) == [(2,)]
    assert len(get_units(who)) == 2
    with connection.cursor() as cursor:  # and with values that Django binds itself
        cursor.execute(statement, allocate_values(sku=shelf, claim=who, units=2, at=AT))
        assert cursor.fetchone() == (2,)


def test_loop_secrets_are_sold_as_often_as_they_may_be(transactional_db):
    """Two secrets of three uses each are six sales, and not one more."""
    shelf = make_shelf(uses_allowed=3)
    put(shelf, ["LOOP-1", "LOOP-2"])
    shown = []
    for _ in range(6):
        who = claim()
        _allocate(shelf, who)
        shown += [one.fields["code"] for one in reveal(stores=STORES, claim=who, who="b", at=AT)]
    assert shown == ["LOOP-1"] * 3 + ["LOOP-2"] * 3
    with pytest.raises(StockShort):
        _allocate(shelf, claim())
    assert not whole()


def test_a_reveal_opens_the_commitment_and_is_recorded(shelf):
    """What is shown is what was committed to, at its place in the batch; who looked is kept."""
    put(shelf, codes(600))
    who = claim()
    _allocate(shelf, who, 300)
    shown = reveal(stores=STORES, claim=who, who="buyer-1", at=LATER)
    assert len(shown) == 300
    for one in shown[::97]:
        canonical = canonical_form(list(one.fields.values()), CanonRules())
        assert commit(one.salt, canonical) == one.commitment
        proof = prove_unit(one.unit)
        assert (proof.commitment, proof.index) == (one.commitment, one.index)
    reveal(stores=STORES, claim=who, who="buyer-1", at=LATER)
    reveal(stores=STORES, claim=who, who="operator", at=LATER, purpose="operator")
    assert count("reveal") == 900 and first_revealed(who) == LATER
    assert len(run_sql("SELECT DISTINCT who FROM vault_reveal")) == 2


def test_nothing_is_revealed_before_it_is_allocated(shelf):
    """A reservation, or nothing at all, shows nothing and records nothing."""
    put(shelf, codes(2))
    who = claim()
    _reserve(shelf, who)
    assert reveal(stores=STORES, claim=who, who="b", at=AT) == []
    assert reveal(stores=STORES, claim=claim(), who="b", at=AT) == []
    assert count("reveal") == 0 and first_revealed(who) is None


def test_a_reveal_that_is_not_recorded_shows_nothing(shelf):
    """Where the record cannot be written, no ciphertext comes out either."""
    put(shelf, codes(1))
    who = claim()
    _allocate(shelf, who)
    with pytest.raises(Exception, match="vault_reveal_whole"):
        run_sql("ALTER TABLE vault_reveal DROP CONSTRAINT vault_reveal_whole")
        run_sql(
            "ALTER TABLE vault_reveal ADD CONSTRAINT vault_reveal_whole"
            " CHECK (octet_length(who) = 1) NOT VALID"
        )
        try:
            reveal(stores=STORES, claim=who, who="b", at=AT)
        finally:
            run_sql("ALTER TABLE vault_reveal DROP CONSTRAINT vault_reveal_whole")
            run_sql(
                "ALTER TABLE vault_reveal ADD CONSTRAINT vault_reveal_whole"
                " CHECK (octet_length(who) = 32)"
            )
    assert count("reveal") == 0


def test_fields_come_back_as_they_were_imported(transactional_db):
    """Under the product's names, with their gaps and case."""
    rules = CanonRules((FieldRule("number"), FieldRule("pin")), fold_case=True)
    shelf = make_shelf(rules=rules)
    import_secrets(
        stores=STORES, sku=shelf, batch=uuid4(), source=SOURCE,
        lines=[Line(1, ("No 12-34", "pin: é 中"))], at=AT,
    )  # fmt: skip
    who = claim()
    _allocate(shelf, who)
    assert reveal(stores=STORES, claim=who, who="b", at=AT)[0].fields == {
        "number": "No 12-34",
        "pin": "pin: é 中",
    }


def test_a_row_that_was_moved_does_not_open(transactional_db):
    """A ciphertext under another secret's id, product or seller is refused, not shown."""
    mine, theirs = make_shelf(), make_shelf(seller=OTHER_SELLER)
    put(mine, codes(3))
    who = claim()
    unit = _allocate(mine, who)[0].unit
    tamper(
        "sealed",
        "UPDATE vault_sealed s SET ciphertext = o.ciphertext, commitment = o.commitment"
        " FROM vault_sealed o WHERE s.id = %s AND o.id = %s",
        (unit, unit + 1),
    )
    with pytest.raises(SealedDataError):
        reveal(stores=STORES, claim=who, who="b", at=AT)
    other = claim()
    _allocate(mine, other)
    of_mine = "WHERE id = (SELECT sku_id FROM vault_unit LIMIT 1)"
    for table, change in (
        ("unit", "UPDATE vault_unit SET sku_id = %s"),
        ("sku", f"UPDATE vault_sku SET seller_id = %s {of_mine}"),
        ("sku", f"UPDATE vault_sku SET owner_id = %s {of_mine}"),
    ):
        with transaction.atomic():
            tamper(table, change, (theirs,))
            with pytest.raises(SealedDataError):
                reveal(stores=STORES, claim=other, who="b", at=AT)
            transaction.set_rollback(True)
    assert len(reveal(stores=STORES, claim=other, who="b", at=AT)) == 1


def test_an_erased_batch_cannot_be_read(shelf):
    """With the batch's key everything in it is gone, and that is what is said."""
    batch = put(shelf, codes(2)).batch
    who = claim()
    _allocate(shelf, who)
    destroy_key(subject=SubjectRef("batch", batch), at=LATER)
    with pytest.raises(KeyGone):
        reveal(stores=STORES, claim=who, who="b", at=AT)


def test_another_master_key_opens_nothing(shelf):
    """The database alone, without its master key, shows no secret."""
    put(shelf, codes(1))
    who = claim()
    _allocate(shelf, who)
    stranger = Stores(MasterKeys.parse(new_master_key()), STORES.blobs)
    with pytest.raises(SealedDataError):
        reveal(stores=stranger, claim=who, who="b", at=AT)


def test_a_bad_unit_is_replaced_from_another_batch(shelf):
    """The new one stands in its place; both are shown, the old one as replaced; once only."""
    put(shelf, codes(4))
    put(shelf, codes(4, "B"))
    who = claim()
    units = _allocate(shelf, who, 2)
    new = replace_unit(claim=who, unit=units[0].unit, at=LATER)
    assert new.place == 1 and new.batch != units[0].batch
    assert replace_unit(claim=who, unit=units[0].unit, at=LATER) == new
    assert get_units(who) == [new, units[1]]
    shown = reveal(stores=STORES, claim=who, who="b", at=LATER)
    assert [(one.place, one.replaced) for one in shown] == [(1, True), (1, False), (2, False)]
    third = replace_unit(claim=who, unit=new.unit, at=LATER)
    assert len({third.unit, new.unit, *(one.unit for one in units)}) == 4
    assert _allocate(shelf, who, 2) == get_units(who) and not whole()


def test_a_replacement_needs_stock_and_the_right_claim(shelf):
    """An empty shelf, another's unit, a unit that is only reserved: refused, nothing moved."""
    put(shelf, codes(2))
    mine, theirs = claim(), claim()
    unit = _allocate(shelf, mine)[0].unit
    reserved = _reserve(shelf, theirs)[0].unit
    for who, one in ((theirs, unit), (theirs, reserved), (mine, unit + 99)):
        with pytest.raises(NoSuchShelf):
            replace_unit(claim=who, unit=one, at=LATER)
    with pytest.raises(StockShort):
        replace_unit(claim=mine, unit=unit, at=LATER)
    assert [one.unit for one in get_units(mine)] == [unit] and count("claim") == 2


def test_available_is_counted_up_to_a_limit(transactional_db):
    """Pages need no exact number of a large stock: counting stops."""
    one, two = make_shelf(), make_shelf(seller=SELLER)
    put(one, codes(30))
    assert count_available([one, two], most=20) == {one: 20, two: 0}
