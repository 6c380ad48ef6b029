"""Many at once: no secret twice, no claim short or double. Each race with its control."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from tests.vault.vault_kit import (
    AT,
    LATER,
    SOON,
    STORES,
    claim,
    codes,
    count,
    in_threads,
    make_shelf,
    put,
    run_sql,
    tamper,
    whole,
)

from gongdao.core.errors import ClaimBusy, StockHeld, StockShort
from gongdao.vault import reserve as reserving
from gongdao.vault.allocate import allocate
from gongdao.vault.quarantine_batches import quarantine_batches
from gongdao.vault.queries import count_available, get_units
from gongdao.vault.reserve import release, release_reservations, reserve
from gongdao.vault.withdraw_batch import withdraw_batch

_NAIVE = """
WITH picked AS MATERIALIZED (
  SELECT id, pg_sleep(0.05) FROM (
    SELECT id FROM vault_unit WHERE sku_id = %(vault_sku)s AND state = 'available'
    ORDER BY pos LIMIT %(vault_units)s) AS those
),
taken AS (UPDATE vault_unit SET state = 'claimed' WHERE id IN (SELECT id FROM picked) RETURNING id)
INSERT INTO vault_claim (unit_id, owner_kind, owner_id, place, turn, state, until, claimed_at)
SELECT id, %(vault_owner_kind)s, %(vault_owner_id)s, 1, 0, 'reserved', %(vault_until)s, %(vault_at)s
FROM taken RETURNING unit_id, place
"""
"""How the shops that we measured do it: look, then take, without a lock in between."""


def _take(shelf, units=1):
    who = claim()

    def act():
        got = reserve(sku=shelf, claim=who, units=units, until=SOON, at=AT)
        given = allocate(sku=shelf, claim=who, units=units, at=AT)
        assert {one.unit for one in got} == {one.unit for one in given}
        return given

    return act


def _outcome(results):
    """Units given out, and how often each kind of refusal."""
    units = [one.unit for given in results if isinstance(given, list) for one in given]
    errors = Counter(type(one).__name__ for one in results if isinstance(one, Exception))
    return units, errors


def test_thirty_two_buyers_of_the_last_ten(shelf):
    """Ten get one each, twenty-two are told that there is none, and nobody waits for anybody."""
    put(shelf, codes(10))
    units, errors = _outcome(in_threads([_take(shelf) for _ in range(32)]))
    assert len(units) == len(set(units)) == 10
    assert errors == {"StockShort": 22} and not whole()


def test_several_each_of_too_few(shelf):
    """Claims of three units on ten: each has three or none, at least two succeed."""
    put(shelf, codes(10))
    units, errors = _outcome(in_threads([_take(shelf, 3) for _ in range(16)]))
    assert len(units) == len(set(units)) in (6, 9)
    assert errors == {"StockShort": 16 - len(units) // 3} and not whole()


def test_uses_of_one_loop_secret(transactional_db):
    """Thirty-two at once for one secret of twenty uses: twenty sales, no false "sold out"."""
    shelf = make_shelf(uses_allowed=20)
    put(shelf, ["LOOP"])
    units, errors = _outcome(in_threads([_take(shelf) for _ in range(32)]))
    assert len(units) == len(set(units)) == 20
    assert errors == {"StockShort": 12} and not whole()


@contextmanager
def _without(constraint, definition):
    run_sql(f"ALTER TABLE vault_claim DROP CONSTRAINT {constraint}")
    try:
        yield
    finally:
        tamper("claim", "DELETE FROM vault_claim")
        run_sql(f"ALTER TABLE vault_claim ADD CONSTRAINT {constraint} {definition}")


def test_control_without_locks_the_database_refuses(shelf, monkeypatch):
    """With the naive statement the primary key alone stops doubles: errors, but no secret twice."""
    monkeypatch.setattr(reserving, "_alone", lambda: _NAIVE)
    put(shelf, codes(10))
    units, errors = _outcome(in_threads([_take(shelf) for _ in range(32)]))
    assert len(units) == len(set(units)) and errors["ClaimBusy"] > 0


def test_control_without_lock_and_key_secrets_are_sold_twice(shelf, monkeypatch):
    """Without the primary key either, the same race sells secrets twice: the test can see it."""
    monkeypatch.setattr(reserving, "_alone", lambda: _NAIVE)
    put(shelf, codes(10))
    with _without("vault_claim_pkey", "PRIMARY KEY (unit_id)"):
        in_threads([lambda: reserve(sku=shelf, claim=claim(), units=1, until=SOON, at=AT)] * 16)
        owners = run_sql("SELECT unit_id FROM vault_claim")
    assert len(owners) > len({unit for (unit,) in owners})


@pytest.mark.parametrize("reserved", [True, False])
def test_one_payment_told_many_times_at_once(shelf, reserved):
    """Eight callbacks of one claim, before and after its reservation lapsed: one set of units."""
    put(shelf, codes(40))
    for _ in range(5):
        who = claim()
        if reserved:
            reserve(sku=shelf, claim=who, units=2, until=SOON, at=AT)
        results = in_threads([lambda: allocate(sku=shelf, claim=who, units=2, at=AT)] * 8)  # noqa: B023  run at once
        given = [one for one in results if isinstance(one, list)]
        assert given and all(one == get_units(who) for one in given)
        assert all(isinstance(one, ClaimBusy) for one in results if isinstance(one, Exception))
        assert allocate(sku=shelf, claim=who, units=2, at=AT) == get_units(who)
    assert count_available([shelf]) == {shelf: 30} and not whole()


def test_control_without_places_a_claim_is_served_twice(shelf):
    """Without the unique index over places, two callbacks at once take two sets of units."""
    put(shelf, codes(60))
    columns = "UNIQUE (owner_id, owner_kind, place, turn)"
    with _without("vault_claim_place_once", columns):
        doubled = 0
        for _ in range(10):
            who = claim()
            in_threads([lambda: allocate(sku=shelf, claim=who, units=1, at=AT)] * 4)  # noqa: B023  run at once
            doubled += len(get_units(who)) > 1
    assert doubled


def test_payment_meets_expiry(shelf):
    """A reservation lapses just when it is paid: the claim has its units, or others."""
    put(shelf, codes(50))
    for _ in range(15):
        who = claim()
        reserve(sku=shelf, claim=who, units=2, until=AT, at=AT)
        results = in_threads(
            [
                lambda: allocate(sku=shelf, claim=who, units=2, at=LATER),  # noqa: B023  run at once
                lambda: release_reservations(at=LATER),
                lambda: release(claim=who),  # noqa: B023  run at once
            ]
        )
        assert isinstance(results[0], list) and results[0] == get_units(who)
        assert len(results[0]) == 2
    assert count_available([shelf]) == {shelf: 20} and not whole()


@pytest.mark.parametrize("down", [withdraw_batch, quarantine_batches])
def test_sales_meet_a_recall(shelf, down):
    """Sales, releases and a recall at once: what was sold is sold, nothing else is for sale."""
    batch = put(shelf, codes(120)).batch
    held = [claim() for _ in range(20)]
    for who in held:
        reserve(sku=shelf, claim=who, units=1, until=SOON, at=AT)

    def sell():
        time.sleep(random.random() / 50)
        return _take(shelf, 2)()

    def give_back(who):
        def act():
            time.sleep(random.random() / 50)
            return release(claim=who)

        return act

    def recall():
        time.sleep(0.01)
        named = {"batch": batch} if down is withdraw_batch else {"batches": [batch]}
        return down(stores=STORES, reason="bad", at=LATER, **named)

    results = in_threads([recall, *[sell] * 14, *[give_back(who) for who in held[:10]]])
    assert not isinstance(results[0], Exception)
    # A sale between reservation and allocation lost the one to the recall, and found no other.
    assert all(isinstance(one, list | StockShort | StockHeld) for one in results[1:15])
    sold = {one.unit for given in results[1:15] if isinstance(given, list) for one in given}
    assert count_available([shelf]) == {shelf: 0}
    assert count("claim", "state = 'reserved'") == 0
    assert count("unit", "state = 'claimed'") == len(sold) and not whole()


def test_many_hands_on_a_small_shelf(shelf):
    """Everything at once for a while: every claim ends whole, every unit in one place."""
    put(shelf, codes(60))

    def shop(seed):
        dice = random.Random(seed)

        def act():
            done = 0
            for _ in range(25):
                who, units = claim(), dice.randint(1, 3)
                try:
                    reserve(sku=shelf, claim=who, units=units, until=AT, at=AT)
                    if dice.random() < 0.3:
                        release_reservations(at=LATER, most=5)
                    if dice.random() < 0.5:
                        release(claim=who)
                    if dice.random() < 0.4:
                        done += len(allocate(sku=shelf, claim=who, units=units, at=AT)) == units
                    else:
                        release(claim=who)
                except StockShort:
                    release_reservations(at=LATER)
            return done

        return act

    results = in_threads([shop(seed) for seed in range(8)])
    assert all(isinstance(one, int) for one in results), results
    release_reservations(at=LATER, most=10_000)
    sold = count("claim", "state = 'allocated'")
    assert count_available([shelf]) == {shelf: 60 - sold} and not whole()
    uneven = run_sql("SELECT owner_id FROM vault_claim GROUP BY 1 HAVING max(place) <> count(*)")
    assert not uneven
