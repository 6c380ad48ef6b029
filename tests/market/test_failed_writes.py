"""Every write of an order's way fails twice: lost, and done though reported failed. Asked again, as
buyers, gateways and workers do, all of it is there once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.db.utils import OperationalError
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND
from tests.market.test_coupons import give, left
from tests.vault.failing_writes import Cut, failing_at

from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.models import LedgerTransfer
from gongdao.log.models import LogPending
from gongdao.market.cancel_order import cancel_order
from gongdao.market.deliver_by_hand import deliver_by_hand, read_handed
from gongdao.market.expire_orders import expire_orders
from gongdao.market.find_order import find_order
from gongdao.market.give_back import give_back, refund_confirmed
from gongdao.market.models import Finding, Handover, Order, OrderCancel
from gongdao.market.own_orders import find_asked
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.market.reveal_order import reveal_order
from gongdao.market.states import CancelReason
from gongdao.market.thread import find_thread_of_order, read_thread
from gongdao.market.watch_orders import watch_order
from gongdao.payments.carry_out_refunds import LEASE, carry_out_refunds
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.models import Credit, Intent, Refund, SandboxRefund
from gongdao.payments.sandbox_book import TableBook
from gongdao.vault.check_vault import check_vault
from gongdao.vault.queries import count_available, get_units
from gongdao_verify.leaf_form import parse_leaf

pytestmark = pytest.mark.django_db(transaction=True)
PLENTY, LATE = 200, 40
OVER = AT + timedelta(hours=49)
BY = UUID(int=9)
HELD, BACK = ["placed", "paid", "delivered"], "refund_requested"


def find_writes(act: Callable[[], Any]) -> tuple[list[int], list[int]]:
    """Do ``act``; which of the calls that it makes of the database write, and which of these last
    at once: commits, and statements outside a transaction."""
    writes, lasting, calls = list[int](), list[int](), count()
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def note_execute(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
        number, text = next(calls), query if isinstance(query, str) else bytes(query).decode()
        if any(word in text for word in ("INSERT", "UPDATE", "DELETE")):
            writes.append(number)
            if not connection.in_atomic_block:
                lasting.append(number)
        return execute(cursor, query, *given, **named)

    def note_commit(line: Any) -> None:
        number = next(calls)
        writes.append(number)
        lasting.append(number)
        commit(line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", note_execute)
        patch.setattr(psycopg.Connection, "commit", note_commit)
        act()
    return writes, lasting


def fail_each(
    prepare: Callable[[int], Any], act: Callable[[Any], Any], check: Callable[[Any], None]
) -> None:
    """For each write of ``act``: prepare, lose it, act again, check; for each that lasts at once
    also with it done though reported failed. Then the books and the stock agree."""
    numbers = count()
    for _warm in range(2):
        ground = prepare(next(numbers))
        writes, lasting = find_writes(partial(act, ground))
        check(ground)
    assert writes and lasting
    for done, chosen in ((False, writes), (True, lasting)):
        for number in chosen:
            ground = prepare(next(numbers))
            with failing_at(number, done=done), pytest.raises((Cut, OperationalError)):
                act(ground)
            act(ground)
            check(ground)
    assert not [one for one in check_ledger().differences if one.code != "guard"]
    assert not check_vault(stores=get_stores(), open_every=None).findings


def row(placed) -> Order:
    """An order's row."""
    return Order.objects.get(number=placed.number)


def told(one: Order) -> list[str]:
    """What the public log will say of an order, in its order."""
    leaves = LogPending.objects.filter(subject=one.log_subject).order_by("seq")
    return [parse_leaf(bytes(leaf.entry)).type.removeprefix("order.") for leaf in leaves]


def units(one: Order) -> int:
    """How many units an order has for good."""
    return len(get_units(SubjectRef("order", one.id)))


def moved(one: Order) -> list[str]:
    """The kinds of the ledger's movements about an order."""
    rows = LedgerTransfer.objects.filter(owner_id=one.id).order_by("seq")
    return list(rows.values_list("kind", flat=True))


def who(number: int) -> str:
    """The contact of a buyer who orders once."""
    return f"b{number}@example.invalid"


@pytest.mark.parametrize("coupon", [False, True])
def test_placing(coupon):
    """The same request again is one order, with its goods set aside, its payment asked for and its
    coupon used once."""
    shop = make_shop(stock=PLENTY)
    made = give(shop) if coupon else None
    before = [0]

    def prepare(number):
        if made is not None:
            type(made).objects.filter(id=made.id).update(uses_left=3)
        before[0] = count_available([shop.sku])[shop.sku]
        return number

    def act(number):
        request = sha256(b"form %d" % number).digest()
        more = {"coupon": "SPRING"} if coupon else {}
        try:
            order(shop, quantity=2, contact=who(number), request=request, **more)
        except IntegrityError:  # what the order page and the interface do then
            assert find_asked(request) is not None

    def check(number):
        (one,) = Order.objects.filter(request_digest=sha256(b"form %d" % number).digest())
        assert Intent.objects.filter(owner_id=one.id).count() == 1 and told(one) == ["placed"]
        assert count_available([shop.sku])[shop.sku] == before[0] - 2
        if made is not None:
            assert left(made) == 2

    fail_each(prepare, act, check)


def test_control_an_order_that_nobody_named():
    """Without a name for the request, one that was done though reported failed is there twice."""
    shop = make_shop(stock=4)
    order(shop, contact=who(0))
    with failing_at(0, done=True), suppress(Cut, OperationalError):
        order(shop, contact=who(1))
    order(shop, contact=who(1))
    assert Order.objects.count() == 3 and count_available([shop.sku])[shop.sku] == 1


@pytest.mark.parametrize("late", [False, True])
def test_a_payment_of_secrets(late):
    """In time or after the reservation lapsed: one credit, one hold, the units once."""
    shop = make_shop(stock=PLENTY)

    def prepare(number):
        placed = order(shop, contact=who(number), quantity=2)
        if late:
            assert expire_orders(stores=get_stores(), at=AT + timedelta(hours=1)) == 1
        return placed

    def check(placed):
        one = row(placed)
        assert (one.state, units(one), moved(one)) == ("delivered", 2, ["hold"])
        assert Credit.objects.filter(intent__owner_id=one.id).count() == 1
        assert [what for what in told(one) if what != "expired"] == HELD

    after = timedelta(hours=2) if late else timedelta(minutes=1)
    fail_each(prepare, lambda placed: pay(placed, after=after), check)


def test_money_that_comes_twice():
    """The second payment of an order is asked back, once, and the order goes on."""
    shop = make_shop(stock=PLENTY)

    def prepare(number):
        placed = order(shop, contact=who(number))
        pay(placed)
        return placed

    def check(placed):
        one = row(placed)
        assert (one.state, units(one), told(one)) == ("delivered", 1, HELD)
        assert moved(one) == ["hold", "hold", "refund"]
        assert Refund.objects.get(credit__intent__owner_id=one.id).amount_minor == 9800

    fail_each(prepare, lambda placed: pay(placed, trade_no=f"U{placed.number}"), check)


def test_money_that_comes_when_all_is_sold():
    """Late money for goods that others bought goes back, once."""
    shop = make_shop(stock=LATE)
    waiting = [order(shop, contact=who(number)) for number in range(LATE)]
    assert expire_orders(stores=get_stores(), at=AT + timedelta(hours=1)) == LATE
    for number in range(LATE // 10):
        again = AT + timedelta(hours=1)
        pay(order(shop, quantity=10, contact=f"c{number}@example.invalid", at=again))

    def check(placed):
        one = row(placed)
        assert (one.state, units(one), moved(one)) == ("refunding", 0, ["hold", "refund"])
        assert Refund.objects.get(credit__intent__owner_id=one.id).amount_minor == 9800
        assert told(one) == ["placed", "expired", "paid", BACK]

    late = timedelta(hours=2)
    fail_each(waiting.__getitem__, lambda placed: pay(placed, after=late), check)


def test_reading_what_was_bought():
    """The same secret however often the answer is lost, each look on record, one leaf."""
    shop, seen = make_shop(stock=PLENTY), dict[str, set[str]]()

    def prepare(number):
        placed = order(shop, contact=who(number))
        pay(placed)
        return placed

    def act(placed):
        found = find_order(stores=get_stores(), number=placed.number, code=placed.code, at=AT)
        for one in reveal_order(stores=get_stores(), order=found, who="b", at=AT):
            seen.setdefault(placed.number, set()).add(one.fields["secret"])

    def check(placed):
        assert len(seen[placed.number]) == 1 and told(row(placed)) == [*HELD, "revealed"]

    fail_each(prepare, act, check)
    assert len(set.union(*seen.values())) == len(seen)


@pytest.fixture
def by_hand(db) -> Callable[[int], Order]:
    """Paid orders that a person delivers."""
    shop = make_shop(stock=0, offer=BY_HAND)

    def prepare(number: int) -> Order:
        placed = order(shop, contact=who(number))
        pay(placed)
        return row(placed)

    return prepare


def test_delivering_by_hand(by_hand):
    """One text for each piece, sealed once, committed to once, and read with one leaf."""

    def act(one):
        deliver_by_hand(
            stores=get_stores(),
            order_id=one.id,
            merchant_id=one.merchant_id,
            texts=["账号甲"],
            by=BY,
            at=AT,
        )
        (handed,) = read_handed(stores=get_stores(), order_id=one.id, at=AT)
        assert handed.text == "账号甲"

    def check(one):
        assert Handover.objects.filter(order=one).count() == 1
        assert told(one) == [*HELD, "revealed"]

    fail_each(by_hand, act, check)


def test_cancelling(by_hand):
    """One record, one message, all of the money asked back once."""

    def act(one):
        assert cancel_order(
            stores=get_stores(),
            order_id=one.id,
            merchant_id=one.merchant_id,
            reason=CancelReason.NO_STOCK,
            words="没货了，钱退给您。",
            by=BY,
            at=AT,
        )

    def check(one):
        one.refresh_from_db()
        assert (one.state, moved(one)) == ("refunding", ["hold", "refund"])
        assert OrderCancel.objects.filter(order=one).count() == 1
        assert (
            len(read_thread(stores=get_stores(), thread=find_thread_of_order(one.id), at=AT)) == 1
        )
        assert told(one) == ["placed", "paid", "cancelled", BACK]

    fail_each(by_hand, act, check)


@pytest.fixture
def delivered(db) -> Callable[[int], Order]:
    """Orders that have their secret."""
    shop = make_shop(stock=PLENTY)

    def prepare(number: int) -> Order:
        placed = order(shop, contact=who(number))
        pay(placed)
        return row(placed)

    return prepare


@pytest.mark.parametrize("confirmed", [True, False])
def test_releasing(confirmed, delivered):
    """By the buyer's word or by time: the merchant's money and the fee, once."""

    def act(one):
        if confirmed:
            confirm_receipt(stores=get_stores(), order_id=one.id, at=AT + timedelta(hours=1))
        else:
            release_due(stores=get_stores(), at=OVER)

    def check(one):
        one.refresh_from_db()
        assert (one.state, moved(one)) == ("completed", ["hold", "release", "fee"])
        assert told(one) == [*HELD, *(["confirmed"] if confirmed else []), "released"]

    fail_each(delivered, act, check)


def _give_back(one: Order) -> None:
    give_back(stores=get_stores(), order_id=one.id, why="not_owed", at=AT)


def test_giving_back(delivered):
    """All that is held is asked back, once."""

    def check(one):
        one.refresh_from_db()
        assert (one.state, moved(one)) == ("refunding", ["hold", "refund"])
        assert Refund.objects.get(credit__intent__owner_id=one.id).amount_minor == one.total_minor
        assert told(one) == [*HELD, BACK]

    fail_each(delivered, _give_back, check)


def test_paying_a_refund_out(delivered):
    """Carried out by the service and booked, each once, whichever of it is lost."""
    gateways = {"sandbox": Sandbox(key=b"k", pay_url="", book=TableBook())}
    turns = count(1)

    def prepare(number):
        one = delivered(number)
        _give_back(one)
        return one

    def act(one):
        at = AT + next(turns) * 2 * LEASE  # what a dead worker took is free again
        carry_out_refunds(
            gateways=gateways,
            confirmed=lambda it: refund_confirmed(stores=get_stores(), refund=it, at=at),
            at=at,
            most=1,
        )

    def check(one):
        one.refresh_from_db()
        refund = Refund.objects.get(credit__intent__owner_id=one.id)
        assert (one.state, refund.state) == ("refunded", "confirmed")
        assert SandboxRefund.objects.filter(refund_no=refund.refund_no).count() == 1
        paid = LedgerTransfer.objects.filter(owner_id=refund.id, kind="refund_paid")
        assert paid.get().amount_minor == one.total_minor
        assert told(one) == [*HELD, BACK, "refunded"]

    fail_each(prepare, act, check)


@pytest.mark.parametrize("dog", [False, True])
def test_expiring(dog):
    """By the sweep, or by the watchdog where the sweep overlooked it: goods back, one leaf."""
    shop, late = make_shop(stock=PLENTY), AT + timedelta(hours=1)

    def act(placed):
        if dog:
            watch_order(stores=get_stores(), order_id=row(placed).id, at=late)
        else:
            expire_orders(stores=get_stores(), at=late)

    def check(placed):
        one = row(placed)
        assert (one.state, told(one)) == ("expired", ["placed", "expired"])
        assert count_available([shop.sku])[shop.sku] == PLENTY

    fail_each(lambda number: order(shop, contact=who(number)), act, check)


def test_the_watchdog_refunds(by_hand):
    """What was not delivered in time goes back once, and the finding stands once."""
    late = AT + timedelta(hours=1)

    def act(one):
        watch_order(stores=get_stores(), order_id=one.id, at=late)

    def check(one):
        one.refresh_from_db()
        assert (one.state, moved(one)) == ("refunding", ["hold", "refund"])
        assert told(one) == ["placed", "paid", BACK]
        assert Finding.objects.get(order=one).code == "promise_broken"

    fail_each(by_hand, act, check)
