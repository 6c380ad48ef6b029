"""The common payment is one statement that looks, locks and writes; whatever came in between sends
it the longer way, and nothing is written by halves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db.utils import DataError
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.two_workers import meet

from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.models import LedgerTransfer
from gongdao.log.models import LogPending
from gongdao.market import confirm_payment as confirming
from gongdao.market.decide_payment import Deed
from gongdao.market.expire_orders import expire_orders
from gongdao.market.models import Order
from gongdao.payments.models import CallbackSeen, Credit
from gongdao.vault.queries import get_units
from gongdao_verify.leaf_form import parse_leaf

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(minutes=20)
_LONG_WAY = "FOR UPDATE OF i, o, log_at"
_WALKS = re.compile(
    r"using payments_intent_waiting"
    r"|using payments_intent_owner[^\n]*\n\s*Index Cond:[^\n]*owner_kind"
)


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """The statements that are sent from now on."""
    found, execute = list[str](), psycopg.Cursor.execute

    def note(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
        found.append(query if isinstance(query, str) else bytes(query).decode())
        return execute(cursor, query, *given, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    return found


def _look_and_then(monkeypatch, between: Callable[[], object]) -> None:
    """Have ``between`` happen after the next look at a payment, before anything is locked."""
    look = confirming._look

    def look_once(number: str) -> Any:
        monkeypatch.setattr(confirming, "_look", look)
        seen = look(number)
        between()
        return seen

    monkeypatch.setattr(confirming, "_look", look_once)


def _is_whole(number: str) -> None:
    """Everything that belongs to a paid order is there, once."""
    one = Order.objects.get(number=number)
    assert one.state == "delivered"
    assert Credit.objects.filter(intent__owner_id=one.id).count() == 1
    assert LedgerTransfer.objects.filter(owner_id=one.id, kind="hold").count() == 1
    assert len(get_units(SubjectRef("order", one.id))) == one.quantity
    leaves = LogPending.objects.filter(subject=one.log_subject).order_by("seq")
    types = [parse_leaf(bytes(leaf.entry)).type for leaf in leaves]
    assert types.count("order.paid") == types.count("order.delivered") == 1


def test_two_statements_and_no_more(sent):
    """A payment in time is looked at and written, and that is all that is asked of the database."""
    shop = make_shop(stock=3)
    placed = order(shop, quantity=2)
    pay(order(shop, contact="other@example.invalid"))
    sent.clear()
    assert pay(placed).deed is Deed.DELIVER
    assert [one.split()[0] for one in sent] == ["SELECT", "WITH"], sent
    assert not any(one.rstrip().endswith(_LONG_WAY) for one in sent)
    _is_whole(placed.number)


@pytest.mark.parametrize("what", ["expired", "paid", "told"])
def test_what_came_in_between_is_seen(monkeypatch, sent, what):
    """An order that expired, was paid or got another leaf after it was looked at goes the longer
    way, and has everything once."""
    placed = order(make_shop(stock=3))
    deeds: dict[str, Callable[[], object]] = {
        "expired": partial(expire_orders, stores=get_stores(), at=LATER),
        "paid": partial(pay, placed),
        "told": lambda: _tell(placed.number),
    }
    _look_and_then(monkeypatch, deeds[what])
    done = pay(placed)
    assert (done.deed is None) == (what == "paid")
    assert any(one.rstrip().endswith(_LONG_WAY) for one in sent)
    _is_whole(placed.number)


def _tell(number: str) -> None:
    """As if another leaf of the order's had come: its chain stands elsewhere."""
    one = Order.objects.get(number=number)
    with psycopg.connect(_url(), autocommit=True) as line:
        line.execute(
            "UPDATE log_subject SET last_hash = sha256(last_hash) WHERE name = %s",
            (one.log_subject,),
        )


def _url() -> str:
    from django.db import connection

    given = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return psycopg.conninfo.make_conninfo(**{name: given[name] for name in names if name in given})


def test_a_number_that_another_order_used(monkeypatch):
    """The service's number is taken between look and write: nothing of this order is written."""
    shop = make_shop(stock=3)
    placed, other = order(shop), order(shop, contact="other@example.invalid")
    _look_and_then(monkeypatch, partial(pay, other, trade_no="T1"))
    with pytest.raises(confirming.TradeNumberUsed):
        pay(placed, trade_no="T1")
    one = Order.objects.get(number=placed.number)
    assert one.state == "placed" and not Credit.objects.filter(intent__owner_id=one.id).exists()
    assert CallbackSeen.objects.filter(out_trade_no=placed.number).count() == 0


def test_it_waits_for_who_holds_the_order():
    """Money that comes while the order expires waits for that, and is honoured as late money."""
    placed = order(make_shop(stock=3))
    met = meet(
        partial(expire_orders, stores=get_stores(), at=LATER),
        partial(pay, placed),
        after="SET state = 'expired'",
    )
    assert met.waited and met.first == 1 and met.second.deed is Deed.DELIVER
    _is_whole(placed.number)


def test_no_walk_over_all_payments(monkeypatch):
    """Even without the indexes of its number and its id, a payment is not looked for among those of
    all orders, or all that wait: a planner without statistics did so with them, and each order made
    the next one slower."""
    asked, run = list[tuple[str, Any]](), confirming.run_prepared

    def note(statement: str, values: Any) -> Any:
        asked.append((statement, values))
        return run(statement, values)

    monkeypatch.setattr(confirming, "run_prepared", note)
    pay(order(make_shop(stock=3)))
    gone = "payments_intent_number_once", "payments_intent_pkey CASCADE"
    with psycopg.connect(_url()) as line:
        for name in gone:
            line.execute(f"ALTER TABLE payments_intent DROP CONSTRAINT {name}")
        line.execute("SET enable_seqscan = off")
        for statement, values in asked:
            rows = psycopg.ClientCursor(line).execute(f"EXPLAIN {statement}", values).fetchall()
            plan = "\n".join(row[0] for row in rows)
            assert "on payments_intent" in plan and not _WALKS.search(plan), plan
        line.rollback()
    assert len(asked) == 2


def test_half_of_it_is_nothing(monkeypatch):
    """The control: where the statement no longer looks whether the order stands as it was read, it
    fails as a whole, and money, units and leaves are as before."""
    text = confirming._at_once_statement()
    blind = text.replace("AND o.state = %(from)s", "").replace("AND o.reserved_until > %(at)s", "")
    blind = blind.replace("AND log_at.last_hash = %(log_before)s::bytea\n", "\n", 1)
    monkeypatch.setattr(confirming, "_at_once_statement", lambda: blind)
    placed = order(make_shop(stock=3))
    _look_and_then(monkeypatch, lambda: _tell(placed.number))
    with pytest.raises(DataError, match="division by zero"):
        pay(placed)
    one = Order.objects.get(number=placed.number)
    assert one.state == "placed" and not Credit.objects.exists() and not CallbackSeen.objects.all()
    assert not LedgerTransfer.objects.filter(owner_id=one.id).exists()
    assert not get_units(SubjectRef("order", one.id))
