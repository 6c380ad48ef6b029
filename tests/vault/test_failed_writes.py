"""Every write fails twice: lost, and done though reported failed. Trying again sets it right."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count as numbers
from typing import Any
from uuid import uuid4

import pytest
from django.db.utils import OperationalError
from tests.vault.failing_writes import Cut, failing_at
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
    run_sql,
    whole,
)

from gongdao.core.errors import ClaimBusy, NoSuchShelf, WrongStockState
from gongdao.log.models import LogPending
from gongdao.vault import write_batch
from gongdao.vault.allocate import allocate
from gongdao.vault.check_units import check_units
from gongdao.vault.discard_import import discard_import
from gongdao.vault.issuer_port import IssuerAnswer, SecretStatus
from gongdao.vault.quarantine_batches import lift_quarantine, quarantine_batches
from gongdao.vault.queries import count_available, get_units
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.reserve import release, release_reservations, reserve
from gongdao.vault.reveal import reveal
from gongdao.vault.rewrap_keys import rewrap_keys
from gongdao.vault.rotate_fingerprints import rotate_fingerprints
from gongdao.vault.withdraw_batch import withdraw_batch

pytestmark = pytest.mark.django_db(transaction=True)


def _fail_each(
    prepare: Callable[[int], Any], act: Callable[[Any], Any], check: Callable[[Any], None]
) -> None:
    """For each write of ``act``, lost and done: prepare, let it fail, act again, check."""
    for done in (False, True):
        for number in numbers():
            ground = prepare(2 * number + done)
            with failing_at(number, done=done) as calls:
                try:
                    act(ground)
                    failed = False
                except (Cut, OperationalError):
                    failed = True
            if failed:
                act(ground)
            check(ground)
            if calls[0] <= number:
                assert number > 0
                break
    assert not whole()


def _stocked(number: int, many: int = 6) -> tuple[Any, Any]:
    """A shelf with stock, and a claim."""
    shelf = make_shelf()
    put(shelf, codes(many, f"N{number}X"))
    return shelf, claim()


def _done(*errors: type[Exception]) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """A retry may find that it was done: then one of these is the answer."""

    def wrap(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def again(ground: Any) -> None:
            try:
                act(ground)
            except errors:
                return

        return again

    return wrap


def test_an_import(monkeypatch):
    """Whichever chunk, key, group or leaf fails: the batch ends whole, with one leaf."""
    monkeypatch.setattr(write_batch, "CHUNK", 300)
    put(make_shelf(), ["FIRST"])  # the fingerprint key is there

    def prepare(number):
        return make_shelf(), [*codes(310, f"N{number}X"), "-"], uuid4()

    def check(ground):
        shelf, texts, batch = ground
        assert count_available([shelf]) == {shelf: 310}
        assert count("sealed", f"id IN (SELECT id FROM vault_unit WHERE batch_id = '{batch}')") == (
            310
        )
        assert put(shelf, texts, batch=batch).already == 310

    _fail_each(prepare, lambda g: put(g[0], g[1], batch=g[2]), check)
    assert LogPending.objects.count() == count("batch")


def test_giving_an_import_up(monkeypatch):
    """It is there, or it is gone with everything of it."""
    monkeypatch.setattr(write_batch, "CHUNK", 10)

    def prepare(number):
        batch = uuid4()

        def stop(_lines):
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            put(make_shelf(), codes(25, f"N{number}X"), batch=batch, progress=stop)
        return batch

    act = _done(NoSuchShelf)(lambda batch: discard_import(batch=batch))
    _fail_each(prepare, act, lambda batch: None)
    assert count("unit") == count("sealed") == count("fingerprint") == count("batch") == 0


def test_a_reservation():
    """A claim whose reservation was reported failed holds it or not; trying again, it does."""

    @_done(ClaimBusy)
    def act(ground):
        reserve(sku=ground[0], claim=ground[1], units=2, until=SOON, at=AT)

    def check(ground):
        assert count("claim", f"owner_id = '{ground[1].id}' AND state = 'reserved'") == 2
        assert count_available([ground[0]]) == {ground[0]: 4}

    _fail_each(_stocked, act, check)


@pytest.mark.parametrize("reserved", [True, False])
def test_an_allocation(reserved):
    """Any number of failures and repeats: two units, never four."""

    def prepare(number):
        shelf, who = _stocked(number)
        if reserved:
            reserve(sku=shelf, claim=who, units=2, until=SOON, at=AT)
        return shelf, who

    def check(ground):
        assert len(get_units(ground[1])) == 2
        assert count_available([ground[0]]) == {ground[0]: 4}

    _fail_each(prepare, lambda g: allocate(sku=g[0], claim=g[1], units=2, at=AT), check)


@pytest.mark.parametrize("sweep", [True, False])
def test_a_release(sweep):
    """Units go back once."""

    def prepare(number):
        shelf, who = _stocked(number)
        reserve(sku=shelf, claim=who, units=2, until=SOON, at=AT)
        return shelf, who

    def act(ground):
        return release_reservations(at=LATER) if sweep else release(claim=ground[1])

    def check(ground):
        assert count_available([ground[0]]) == {ground[0]: 6}

    _fail_each(prepare, act, check)
    assert count("claim") == 0


def test_a_replacement():
    """One unit is replaced by one."""

    def prepare(number):
        shelf, who = _stocked(number)
        return shelf, who, allocate(sku=shelf, claim=who, units=2, at=AT)[0].unit

    def check(ground):
        assert len(get_units(ground[1])) == 2
        assert count_available([ground[0]]) == {ground[0]: 3}

    _fail_each(prepare, lambda g: replace_unit(claim=g[1], unit=g[2], at=LATER), check)


def test_a_reveal():
    """What was shown is on record, at least once."""

    def prepare(number):
        shelf, who = _stocked(number)
        allocate(sku=shelf, claim=who, units=1, at=AT)
        return who

    def check(who):
        assert count("reveal", f"owner_id = '{who.id}'") in (1, 2)

    _fail_each(prepare, lambda who: reveal(stores=STORES, claim=who, who="b", at=AT), check)


def test_a_withdrawal():
    """The batch is withdrawn once, with one leaf."""

    def prepare(number):
        shelf = make_shelf()
        return shelf, put(shelf, codes(5, f"N{number}X")).batch

    @_done(WrongStockState)
    def act(ground):
        withdraw_batch(stores=STORES, batch=ground[1], reason="bad", may_return=True, at=LATER)

    def check(ground):
        assert count_available([ground[0]]) == {ground[0]: 0}

    _fail_each(prepare, act, check)
    assert count("fingerprint") == 0
    assert LogPending.objects.count() == 2 * count("batch")


def test_quarantine_and_its_end():
    """Held back once, put back once, without what the log says was sold."""

    def prepare(number):
        shelf = make_shelf()
        batch = put(shelf, codes(5, f"N{number}X")).batch
        found = run_sql(
            "SELECT commitment FROM vault_sealed s JOIN vault_unit u ON u.id = s.id"
            " WHERE u.batch_id = %s ORDER BY u.pos",
            (batch,),
        )
        return shelf, batch, [bytes(found[1][0]), bytes(found[3][0])]

    @_done(WrongStockState)
    def act(ground):
        _shelf, batch, sold = ground
        quarantine_batches(stores=STORES, batches=[batch], reason="restored", at=LATER)
        lift_quarantine(stores=STORES, batch=batch, sold=sold, reason="replayed", at=LATER)

    def check(ground):
        if run_sql("SELECT state FROM vault_batch WHERE id = %s", (ground[1],)) != [("live",)]:
            act(ground)
        assert count_available([ground[0]]) == {ground[0]: 3}

    _fail_each(prepare, act, check)


def test_a_rotation():
    """Whatever fails, the next call goes on, and the old key goes with nothing left on it."""
    put(make_shelf(), codes(12))

    def check(_ground):
        rotate_fingerprints(stores=STORES, at=LATER)
        assert count("key", "state <> 'gone'") == 1
        assert count("fingerprint") == count("sealed")

    _fail_each(lambda number: None, lambda g: rotate_fingerprints(stores=STORES, at=LATER), check)


def test_rewrapping_and_checking():
    """Neither leaves anything half done."""
    shelf, _who = _stocked(0)
    batch = run_sql("SELECT id FROM vault_batch WHERE sku_id = %s", (shelf,))[0][0]
    _fail_each(lambda n: None, lambda g: rewrap_keys(stores=STORES), lambda g: None)

    class Good:
        name = "good"

        def ask(self, fields):
            return IssuerAnswer(SecretStatus.VALID)

    _fail_each(
        lambda n: None,
        lambda g: check_units(stores=STORES, batch=batch, port=Good(), sample=1, at=AT),
        lambda g: None,
    )
    assert count("statuscheck") <= count("reveal")


def test_control_a_write_that_is_not_safe_to_repeat():
    """A plain insert, done though reported failed and tried again, stands twice: this is seen."""
    _shelf, who = _stocked(0)
    row = (who.id, b"w" * 32, AT)

    def act(_ground):
        run_sql(
            "INSERT INTO vault_reveal (unit_id, owner_kind, owner_id, who, purpose, at)"
            " VALUES (1, 'order', %s, %s, 'x', %s)",
            row,
        )

    with failing_at(0, done=True), pytest.raises((Cut, OperationalError)):
        act(None)
    act(None)
    assert count("reveal") == 2
