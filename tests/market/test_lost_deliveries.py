"""A delivery whose leaf was never published: after a restore its secret is not sold again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from tests.market.lost_kit import Books, FakeLog, paid, services
from tests.market.market_kit import (
    AT,
    GATEWAY,
    Shop,
    add_stock,
    make_merchant,
    make_shop,
    order,
    pay,
)

from gongdao.core.errors import InputError, StockHeld
from gongdao.core.ids import new_id
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.market import lift_restored as lifting
from gongdao.market import settle_lost as losing
from gongdao.market.lift_restored import RestoredStock, lift_restored
from gongdao.market.market_key import order_keys
from gongdao.market.models import Finding, Order
from gongdao.market.place_order import Placed
from gongdao.market.settle_doubted import settle_doubted
from gongdao.market.staff import Actor
from gongdao.market.states import OrderState
from gongdao.market.vetting_models import StaffDeed
from gongdao.payments.models import Intent, Refund
from gongdao.payments.port import GatewayError
from gongdao.vault.after_restore import DOUBTED, find_waiting, restored_reason
from gongdao.vault.models import Batch
from gongdao.vault.quarantine_batches import quarantine_batches
from gongdao.vault.queries import count_available

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(hours=1)
BY = Actor(None, "shell")
_GOT = """
SELECT s.commitment FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id
JOIN vault_sealed s ON s.id = u.sealed_id JOIN market_order o ON o.id = c.owner_id
WHERE o.number = %s AND c.state = 'allocated'
"""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    """An empty log, read in small pages."""
    return FakeLog(monkeypatch, lifting, losing)


def _got(number: str) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_GOT, (number,))
        return [bytes(row[0]) for row in cursor.fetchall()]


def _lose(shop: Shop, placed: Placed | None = None) -> tuple[Placed, list[bytes]]:
    """An order that is delivered after the backup (placed as well, unless it is given), and what it
    got; then the database is as the backup had it."""
    order_keys(get_stores(), AT)
    with transaction.atomic():
        bought = placed or order(shop, contact="lost@example.invalid")
        pay(bought)
        got = _got(bought.number)
        transaction.set_rollback(True)
    assert len(got) == 1 and not _got(bought.number)
    return bought, got


def _subject(number: str) -> str:
    return order_keys(get_stores(), AT).subject(number)


def _restore() -> None:
    quarantine_batches(stores=get_stores(), batches=None, reason=restored_reason(0), at=LATER)


def _lift(books: Books) -> RestoredStock:
    done = lift_restored(stores=get_stores(), gateways=services(books), at=LATER)
    assert done is not None
    return done


def _sell_out(shop: Shop) -> set[bytes]:
    """What buyers get from the shelf until it is empty."""
    got: set[bytes] = set()
    for n in range(count_available([shop.sku])[shop.sku]):
        placed = order(shop, contact=f"next{n}@example.invalid", at=LATER)
        pay(placed, after=timedelta(hours=1, minutes=1))
        got.update(_got(placed.number))
    return got


def _find(shop: Shop) -> Batch:
    return Batch.objects.get(sku_id=shop.sku)


@pytest.mark.parametrize("asked", [True, False])
def test_what_a_lost_order_got_is_sold_once(log, asked):
    """Placed, paid and delivered after the backup, of all that only the placing was published: the
    books lead to its shelf, which stays away, and the money goes back; the control asks nobody, and
    sells the secret a second time."""
    shop, other = make_shop(stock=3), make_shop(stock=2, merchant=make_merchant("另一家"))
    bought, got = _lose(shop)
    log.tell("order.placed", _subject(bought.number))
    _restore()
    books = Books([paid(bought.number, bought.total)] if asked else [])
    done = _lift(books)
    assert _find(other).id in done.back
    if not asked:
        assert set(got) <= _sell_out(shop)
        return
    assert list(done.doubted) == [_find(shop).id] and done.money.refunded == [bought.number]
    assert count_available([shop.sku, other.sku]) == {shop.sku: 0, other.sku: 2}
    with pytest.raises(StockHeld):
        order(shop, at=LATER)
    add_stock(shop.sku, ["NEW-1"])
    assert not set(got) & _sell_out(shop)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_minor) == ("requested", bought.total.minor)
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_an_order_that_is_here_and_paid_there_gets_its_money_back(log):
    """Placed before the backup, delivered after it without a published leaf: refunded, not
    delivered again, and its shelf stays away; the service's callback changes nothing any more."""
    shop = make_shop(stock=3)
    placed = order(shop)
    _bought, got = _lose(shop, placed)
    log.tell("order.placed", Order.objects.get().log_subject)
    _restore()
    done = _lift(Books([paid(placed.number, placed.total)]))
    here = Order.objects.get()
    assert (here.state, here.why) == (OrderState.REFUNDING, "restored_unknown")
    assert done.doubted == {_find(shop).id: 0} and count_available([shop.sku]) == {shop.sku: 0}
    assert pay(placed).deed is None and not _got(placed.number) and got
    assert Refund.objects.count() == 1


def test_a_published_delivery_leaves_the_rest_on_sale(log):
    """The log knows what the lost order got: just that is gone, no money moves, nobody is asked."""
    shop = make_shop(stock=3)
    bought, got = _lose(shop)
    subject = _subject(bought.number)
    log.tell("order.placed", subject)
    log.tell("order.delivered", subject, units=[got[0].hex()])
    _restore()
    done = _lift(Books([paid(bought.number, bought.total)]))
    assert (done.sold, done.back) == (1, {_find(shop).id: 2})
    assert not done.doubted and not Refund.objects.exists()
    assert not set(got) & _sell_out(shop)


def test_a_payment_that_nobody_can_explain_moves_no_money(log):
    """Of an order that the log never saw only its number is left: its shelf stays away, and a
    person looks at the payment; a stranger's number touches no shelf."""
    shop, other = make_shop(stock=2), make_shop(stock=2, merchant=make_merchant("另一家"))
    bought, _got_it = _lose(shop)
    _restore()
    strange = paid("STRANGERSHOP", bought.total)
    done = _lift(Books([paid(bought.number, bought.total), strange]))
    assert done.money.person == [bought.number, "STRANGERSHOP"]
    assert list(done.doubted) == [_find(shop).id] and _find(other).id in done.back
    assert not Refund.objects.exists() and not Intent.objects.exists()


@pytest.mark.parametrize("off", [False, True])
def test_without_books_everything_waits_for_a_person(log, off):
    """A service that hands out no books cannot say what else was paid; nor can one that is
    switched off here, and was asked for a payment before."""
    shop = make_shop(stock=2)
    if off:
        order(shop)
    _restore()
    books = {} if off else services(Books(silent=True))
    done = lift_restored(stores=get_stores(), gateways=books, at=LATER) or RestoredStock()
    assert done.money.silent == {GATEWAY} and list(done.doubted) == [_find(shop).id]


def test_a_service_that_does_not_answer_is_asked_again(log):
    """Nothing is lifted until it has spoken."""
    shop = make_shop(stock=2)
    _restore()
    with pytest.raises(GatewayError):
        _lift(Books(down=True))
    assert find_waiting() and count_available([shop.sku]) == {shop.sku: 0}
    assert _lift(Books()).back == {_find(shop).id: 2}


class _Cut(Exception):
    """The server is killed."""


@pytest.mark.parametrize("here", [True, False])
def test_doubt_outlives_a_stop_after_the_refund(log, monkeypatch, here):
    """Killed between the refund and the shelf: the next start refunds nothing more, and the shelf
    still stays away."""
    shop = make_shop(stock=2)
    placed = order(shop) if here else None
    bought, _secret = _lose(shop, placed)
    log.tell("order.placed", _subject(bought.number))
    _restore()
    books = Books([paid(bought.number, bought.total)])

    def cut(*_given: object) -> None:
        raise _Cut

    with monkeypatch.context() as patch:
        patch.setattr(lifting, "_settle", cut)
        with pytest.raises(_Cut):
            _lift(books)
    assert Refund.objects.count() == 1
    assert list(_lift(books).doubted) == [_find(shop).id]
    assert Refund.objects.count() == 1


def _doubted(log: FakeLog) -> tuple[Shop, UUID]:
    shop = make_shop(stock=3)
    _restore()
    _lift(Books(silent=True))
    batch = _find(shop)
    assert batch.reason == DOUBTED
    return shop, batch.id


@pytest.mark.parametrize(("unused", "left"), [(True, 3), (False, 0)])
def test_a_person_answers_for_doubted_stock(log, unused, left):
    """With a reason on record it goes back on sale, or away for good; a second answer, and one
    without a reason, are refused."""
    shop, batch = _doubted(log)

    def answer(reason: str = "商家逐张查过余额") -> int:
        return settle_doubted(
            stores=get_stores(), batch=batch, unused=unused, reason=reason, by=BY, at=LATER
        )

    with pytest.raises(InputError):
        answer(" ")
    assert answer() == 3 and count_available([shop.sku]) == {shop.sku: left}
    deed = StaffDeed.objects.get()
    assert (deed.deed, deed.about_id) == ("batch.back" if unused else "batch.replace", str(batch))
    with pytest.raises(InputError):
        answer()


def test_an_order_that_the_log_calls_paid_waits_for_a_person(log):
    """Its payment was published, its delivery not: no second leaf of a payment, no refund by
    itself; the shelf stays away."""
    shop = make_shop(stock=2)
    placed = order(shop)
    subject = Order.objects.get().log_subject
    log.tell("order.placed", subject)
    log.tell("order.paid", subject)
    _restore()
    done = _lift(Books([paid(placed.number, placed.total)]))
    assert list(done.doubted) == [_find(shop).id] and not Refund.objects.exists()
    assert Finding.objects.get().code == "restored_behind_log"


def test_numbers_name_their_listing_to_the_key_alone():
    """Every number fits its own listing, others but by rare chance; and what the log calls an order
    follows from its number."""
    keys = order_keys(get_stores(), AT)
    mine, others = new_id(AT), [new_id(AT) for _ in range(20)]
    numbers = {keys.number(mine) for _ in range(200)}
    assert len(numbers) == 200 and all(keys.is_of(one, mine) for one in numbers)
    assert sum(keys.is_of(one, other) for one in numbers for other in others) < 5
    assert all(len(one) == 12 and one == one.upper() for one in numbers)
    assert not keys.is_of("订单", mine) and not keys.is_of("", mine)
    shop = make_shop()
    assert keys.subject(order(shop).number) == Order.objects.get().log_subject
