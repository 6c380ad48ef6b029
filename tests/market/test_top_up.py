"""Direct top-ups against suppliers that are silent, talk rubbish, repeat themselves or change their
minds: nobody is topped up twice, and nobody pays for nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.market.fake_suppliers import running_supplier
from tests.market.market_kit import AT, pay
from tests.market.supply_kit import (
    PHONE,
    get_order,
    order_top_up,
    supplied_shop,
    work,
    work_until,
)

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.holds import find_holds
from gongdao.market.decide_top_up import Told, Way
from gongdao.market.deliver_by_hand import read_handed
from gongdao.market.models import SupplierAnswer, TopUp
from gongdao.market.suppliers.port import SupplierWord
from gongdao.market.top_up_answers import read_answers, take_word
from gongdao.payments.models import Refund

LATER = AT + timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def supplier():
    """A supplier on loopback."""
    with running_supplier() as fake:
        yield fake
        assert fake.bad_signatures == 0


def _finish(fake, state=1, done=None):
    for order in fake.orders.values():
        order.update(state=state, done=done)


def _say(placed, told, **more):
    row = TopUp.objects.get(number=placed.number)
    word = SupplierWord(told, "test", b"raw", **more)
    return take_word(
        stores=get_stores(),
        top_up_id=row.id,
        word=word,
        way=Way.CALLBACK,
        at=AT + timedelta(hours=1),
    )


@pytest.mark.parametrize("kind", ["yrapi", "dujiao_next"])
@pytest.mark.parametrize("moods", [["ok"], ["silent"], ["deaf"], ["rubbish"], ["500", "rubbish"]])
def test_one_order_is_one_top_up_whatever_he_says(supplier, kind, moods):
    """Silent before or after the work, rubbish or broken: he is charged once, and it ends done."""
    placed = order_top_up(supplied_shop(supplier, kind))
    pay(placed)
    supplier.moods = list(moods)
    work_until(6)
    assert get_order(placed).why in ("top_up_charging", "top_up_unknown")
    _finish(supplier, done="KAMI-1" if kind == "dujiao_next" else None)
    work_until(40, AT + timedelta(minutes=10))
    order = get_order(placed)
    assert (order.state, supplier.charged) == ("delivered", 1)
    (handed,) = read_handed(stores=get_stores(), order_id=order.id, at=AT)
    assert handed.text == (
        "KAMI-1" if kind == "dujiao_next" else "已充值 100.00（上游单号 CHA1）。"
    )


@pytest.mark.parametrize("moods", [["silent"], ["deaf"], ["rubbish"]])
def test_silence_is_said_and_is_no_failure(supplier, moods):
    """After a time-out the order says that it is not known, and no money has moved."""
    placed = order_top_up(supplied_shop(supplier))
    pay(placed)
    supplier.moods = [*moods, "500", "500"]
    work(AT + timedelta(minutes=2))
    assert (get_order(placed).state, get_order(placed).why) == ("paid", "top_up_unknown")
    assert not Refund.objects.exists()


@pytest.mark.parametrize("kind", ["yrapi", "dujiao_next"])
def test_a_first_no_gives_the_money_back(supplier, kind):
    """Refused when asked for the first time: nothing was topped up, all of the money goes back."""
    placed = order_top_up(supplied_shop(supplier, kind))
    pay(placed)
    supplier.moods = ["no"]
    work(AT + timedelta(minutes=2))
    order = get_order(placed)
    assert (order.state, order.why, supplier.charged) == ("refunding", "top_up_failed", 0)
    assert Refund.objects.get().amount_minor == placed.total.minor


def test_a_no_to_the_second_ask_proves_nothing(supplier):
    """A repeated ask that is refused because the first one arrived ends done, not refunded."""
    placed = order_top_up(supplied_shop(supplier))
    pay(placed)
    supplier.moods = ["silent"]
    work(AT + timedelta(minutes=2))
    TopUp.objects.update(ask_next=True)
    work(AT + timedelta(minutes=4))
    row = TopUp.objects.get()
    assert (row.asks, row.refused_again, row.state) == (2, True, "unknown")
    _finish(supplier)
    work_until(10, AT + timedelta(minutes=6))
    assert (get_order(placed).state, supplier.charged) == ("delivered", 1)


def test_too_dear_is_called_off_and_given_back(supplier):
    """A shop without a maximum price: what costs more than allowed is called off at once."""
    supplier.cost = "97.00"
    placed = order_top_up(supplied_shop(supplier, "dujiao_next"))
    pay(placed)
    work(AT + timedelta(minutes=2))
    assert get_order(placed).state == "refunding"
    assert next(iter(supplier.orders.values()))["state"] == -1


def test_a_part_is_delivered_and_the_rest_goes_back(supplier):
    """40 of 100 yuan were topped up: 40 per cent of the price stays held, the rest goes back."""
    placed = order_top_up(supplied_shop(supplier))
    pay(placed)
    work(AT + timedelta(minutes=2))
    _finish(supplier, state=2, done="40")
    work_until(3, AT + timedelta(minutes=3))
    order = get_order(placed)
    assert (order.state, order.why) == ("delivered", "top_up_partial")
    (hold,) = find_holds(owner=SubjectRef("order", order.id))
    assert hold.left == Money(9800 * 40 // 100)
    assert Refund.objects.get().amount_minor == 9800 - 3920


def test_three_pieces_and_one_fails(supplier):
    """Each piece has its number; of three one fails, and a third of the price goes back."""
    placed = order_top_up(supplied_shop(supplier), quantity=3)
    pay(placed)
    work(AT + timedelta(minutes=2))
    assert sorted(supplier.orders) == [f"{placed.number}X{n}" for n in (1, 2, 3)]
    _finish(supplier)
    supplier.orders[f"{placed.number}X2"]["state"] = -1
    work_until(3, AT + timedelta(minutes=3))
    order = get_order(placed)
    assert order.state == "delivered"
    texts = [one.text for one in read_handed(stores=get_stores(), order_id=order.id, at=AT)]
    assert [text.startswith("已充值") for text in texts] == [True, False, True]
    assert Refund.objects.get().amount_minor == 9800


def test_callbacks_twice_late_and_against_each_other(supplier):
    """The same word twice does nothing more; a word against the end changes nothing, is kept, and
    calls a person."""
    placed = order_top_up(supplied_shop(supplier))
    pay(placed)
    work(AT + timedelta(minutes=2))
    for _ in range(2):
        assert _say(placed, Told.DONE) == "done"
    assert _say(placed, Told.CHARGING) == "done"
    assert get_order(placed).state == "delivered"
    assert not TopUp.objects.get().doubt
    assert _say(placed, Told.FAILED) == "done"
    assert TopUp.objects.get().doubt == "said_failed"
    assert get_order(placed).state == "delivered"
    assert SupplierAnswer.objects.count() == 5


def test_every_answer_is_kept_and_cannot_be_changed(supplier):
    """What came stands there byte for byte, sealed; the database refuses to change or delete it."""
    placed = order_top_up(supplied_shop(supplier))
    pay(placed)
    supplier.moods = ["rubbish"]
    work(AT + timedelta(minutes=2))
    row = TopUp.objects.get()
    ((told, raw),) = read_answers(stores=get_stores(), top_up_id=row.id, at=AT)
    assert (told, raw) == ("nothing", b"<html>busy")
    for statement in (
        "UPDATE market_supplieranswer SET told = 'done'",
        "DELETE FROM market_supplieranswer",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_no_account_stands_in_the_clear(supplier):
    """Neither the phone that is topped up nor the key lies readable in the tables."""
    placed = order_top_up(supplied_shop(supplier))
    pay(placed)
    work(AT + timedelta(minutes=2))
    with connection.cursor() as cursor:
        for table in ("market_order", "market_topup", "market_supplieranswer", "market_supplier"):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            text = json.dumps(cursor.fetchall())
            assert text != "[]"
            assert PHONE not in text and PHONE.encode().hex() not in text
            assert "SECRET" not in text and b"SECRET".hex() not in text


def test_asking_inside_a_transaction_is_refused(supplier):
    """A claim that is not committed before its supplier is asked is an error, not a habit."""
    from gongdao.market.top_up import claim_top_up

    with pytest.raises(RuntimeError), transaction.atomic():
        claim_top_up(stores=get_stores(), root="", at=AT)
