"""What the public log says since a backup decides what goes back on sale."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from tests.market.lost_kit import Books, FakeLog, services
from tests.market.market_kit import AT, add_stock, make_shop, order, pay

from gongdao.core.errors import StockHeld
from gongdao.core.ids import new_id
from gongdao.front.stores import get_stores
from gongdao.log.models import LogPending, LogSubject
from gongdao.log.new_leaf import new_subject
from gongdao.market import lift_restored as lifting
from gongdao.market import settle_lost as losing
from gongdao.market.lift_restored import lift_restored
from gongdao.market.models import Finding, Order
from gongdao.vault.after_restore import find_waiting, restored_reason
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.models import Batch, Sealed
from gongdao.vault.quarantine_batches import quarantine_batches
from gongdao.vault.queries import count_available, find_unfinished
from gongdao.vault.split_line import Line
from gongdao.vault.states import BatchState
from gongdao.vault.write_batch import BatchSource, SourceKind

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    """An empty log, read in small pages."""
    return FakeLog(monkeypatch, lifting, losing)


def _commitments(batch: Batch) -> list[str]:
    rows = Sealed.objects.filter(id__range=(batch.first_id, batch.last_id)).order_by("line")
    return [bytes(one.commitment).hex() for one in rows]


def _hold(size: int) -> None:
    quarantine_batches(stores=get_stores(), batches=None, reason=restored_reason(size), at=LATER)


def _lift():
    return lift_restored(stores=get_stores(), gateways=services(Books()), at=LATER)


def test_what_lost_orders_got_stays_away(log):
    """Of six secrets one is sold in this database (its leaf is newer than the backup: it waited
    then) and two by orders that are lost: three go back on sale, and none of those."""
    shop = make_shop(stock=6)
    placed = order(shop)
    pay(placed)
    mine = Order.objects.get(number=placed.number)
    batch = Batch.objects.get()
    all_of_it = _commitments(batch)
    for old in range(4):
        log.tell("order.delivered", new_subject("order"), units=[f"{old:064x}"])
    log.tell("order.delivered", mine.log_subject, units=all_of_it[:1])
    log.tell("order.delivered", new_subject("order"), units=all_of_it[2:4])
    log.tell("order.revealed", mine.log_subject)
    _hold(4)
    with pytest.raises(StockHeld):
        order(shop, contact="other@example.invalid")
    done = _lift()
    assert (done.back, done.sold, done.orders) == ({batch.id: 3}, 2, 1)
    assert count_available([shop.sku]) == {shop.sku: 3}
    assert _lift() is None and find_waiting() == []
    left = [order(shop, contact=f"{n}@example.invalid") for n in range(3)]
    for one in left:
        pay(one)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT s.commitment) FROM vault_claim c"
            " JOIN vault_sealed s ON s.id = c.unit_id WHERE s.commitment = ANY(%s)",
            ([bytes.fromhex(one) for one in all_of_it[2:4]],),
        )
        assert cursor.fetchone() == (0, 0)


def test_a_replacement_of_the_lost_time_stays_away(log):
    """Delivered before the backup, replaced after it: the new unit is not sold again, and a person
    is called to the order."""
    shop = make_shop(stock=3)
    placed = order(shop)
    pay(placed)
    batch = Batch.objects.get()
    subject = Order.objects.get(number=placed.number).log_subject
    units = _commitments(batch)
    log.tell("order.delivered", subject, units=units[:1])
    log.tell("order.replaced", subject, units=units[1:2])
    _hold(1)
    done = _lift()
    assert (done.sold, done.back) == (1, {batch.id: 1})
    assert Finding.objects.get().code == "restored_behind_log"


def test_an_order_that_is_here_without_its_secret_counts_as_lost(log):
    """Placed when the backup was made, delivered afterwards: its unit is gone from the shelf, and a
    person is called, once."""
    shop = make_shop(stock=2)
    placed = order(shop)
    batch = Batch.objects.get()
    subject = Order.objects.get(number=placed.number).log_subject
    log.tell("order.delivered", subject, units=_commitments(batch)[:1])
    _hold(0)
    done = _lift()
    assert (done.sold, done.back) == (1, {batch.id: 1})
    note = Finding.objects.get()
    assert (note.order.number, note.code, note.closed_at) == (
        placed.number,
        "restored_behind_log",
        None,
    )


def test_a_batch_that_was_withdrawn_since_stays_so(log):
    """Recalled in the lost time: it does not come back, and no second leaf says so."""
    shop = make_shop(stock=2)
    batch = Batch.objects.get()
    log.tell("batch.withdrawn", batch.log_subject)
    _hold(0)
    before = LogPending.objects.count()
    assert _lift().withdrawn == [batch.id]
    batch.refresh_from_db()
    assert batch.state == BatchState.WITHDRAWN and LogPending.objects.count() == before
    assert count_available([shop.sku]) == {shop.sku: 0}


def test_batches_that_are_gone_are_named(log):
    """First imported in the lost time: the operator is told by which names the log knows them."""
    make_shop(stock=1)
    gone = new_subject("batch")
    log.tell("batch.imported", gone)
    log.tell("batch.imported", Batch.objects.get().log_subject)
    _hold(0)
    assert _lift().gone == [gone]


class _Cut(Exception):
    """The import is killed."""


def _half_an_import(sku) -> Batch:
    def lines():
        for number in range(1, 5000):
            yield Line(number, (f"HALF-{number:06d}",))
        raise _Cut

    with pytest.raises(_Cut):
        _import(sku, lines())
    return Batch.objects.get(state=BatchState.INCOMING)


def _import(sku, lines, batch=None):
    return import_secrets(
        stores=get_stores(),
        sku=sku,
        batch=batch or new_id(AT),
        source=BatchSource(kind=SourceKind.RESALE),
        lines=lines,
        at=LATER,
    )


@pytest.mark.parametrize("finished_since", [False, True])
def test_an_unfinished_import_waits_for_the_log(log, finished_since):
    """While the log is not replayed it may not go on; it may afterwards, unless it was finished,
    and perhaps sold from, in the lost time: then it stays, and is named."""
    shop = make_shop(stock=1)
    batch = _half_an_import(shop.sku)
    assert [one.batch for one in find_unfinished()] == [batch.id]
    _hold(0)
    lines = [Line(number, (f"HALF-{number:06d}",)) for number in range(1, 5000)]
    with pytest.raises(StockHeld):
        _import(shop.sku, lines, batch.id)
    if finished_since:
        log.tell("batch.imported", batch.log_subject)
    done = _lift()
    assert done.unfinished == ([batch.id] if finished_since else [])
    if finished_since:
        with pytest.raises(StockHeld):
            _import(shop.sku, lines, batch.id)
        assert find_unfinished()[0].waits
    else:
        assert _import(shop.sku, lines, batch.id).root
        assert not find_unfinished()


def test_a_lift_that_is_stopped_goes_on(log, monkeypatch):
    """Killed after the first of two batches: the next start does the second, with the same result,
    though the first was sold from meanwhile."""
    shop = make_shop(stock=2)
    add_stock(shop.sku, ["SECOND-1", "SECOND-2"])
    first, second = Batch.objects.order_by("first_pos")
    log.tell("order.delivered", new_subject("order"), units=_commitments(second)[:1])
    _hold(0)
    real, calls = lifting._settle, []

    def once(*given):
        if calls:
            raise _Cut
        calls.append(real(*given))

    with monkeypatch.context() as patch:
        patch.setattr(lifting, "_settle", once)
        with pytest.raises(_Cut):
            _lift()
    here = [one.id for one in find_waiting()]
    assert len(here) == 1
    done = _lift()
    assert list(done.back) == here and LogSubject.objects.exists()
    assert count_available([shop.sku]) == {shop.sku: 3}
    assert {first.id, second.id} == set(
        Batch.objects.filter(state=BatchState.LIVE).values_list("id", flat=True)
    )
