"""How much a decision asks of the database, and that rows written as a whole are what was meant."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import DataError, transaction
from tests.disputes.disputes_kit import (
    AT,
    BY_HAND,
    LATE,
    check_money,
    complain,
    delivered,
    make_shop,
    undelivered,
)

from gongdao.core.ids import new_id
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.learning_models import HoldGround
from gongdao.disputes.models import Case, Remedy
from gongdao.disputes.order_money import read_money
from gongdao.disputes.states import ReasonCode, Step
from gongdao.disputes.table_rows import insert_rows, read_rows, update_row
from gongdao.front.stores import get_stores
from gongdao.market.models import Order
from gongdao.payments.models import Refund

pytestmark = [pytest.mark.django_db(transaction=True)]
GONE = LATE + timedelta(days=9)
CLEAR = 23
"""Statements of a clear complaint, from the press of the button to the refund that is asked for."""
LAPSED = 12
"""Statements of one more case whose clock has run out."""


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """Every statement that is sent from here on, whichever way."""
    said: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self, query, *values, **how):
        said.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(self, query, *values, **how)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return said


def test_a_clear_complaint_asks_little(sent):
    """Decided, verdict kept, refund asked for and money moved in a bounded number of statements,
    and the order's money is read once."""
    shop = make_shop(stock=0, offer=BY_HAND)
    first, one = undelivered(shop), undelivered(shop)
    complain(first, ReasonCode.NOT_DELIVERED)
    sent.clear()
    case = complain(one, ReasonCode.NOT_DELIVERED)
    assert case.step == Step.EXECUTING
    assert len(sent) <= CLEAR, "\n".join(sent)
    assert sum("AS in_doubt" in one for one in sent) == 1
    kept = Case.objects.get(id=case.id)
    assert _values(kept) == _values(case)
    assert Refund.objects.count() == Remedy.objects.filter(state="asked").count() == 2
    check_money()


def test_a_lapsed_clock_asks_little(sent):
    """One more case of a sweep costs a bounded number of statements."""
    shop = make_shop(stock=4)
    for n in range(4):
        complain(delivered(shop, contact=f"b{n}@example.invalid"), ReasonCode.ALREADY_USED)
    taken = []
    for some in (1, 3):
        sent.clear()
        assert fire_due_clocks(stores=get_stores(), at=GONE, most=some).count == some
        taken.append(len(sent))
    assert (taken[1] - taken[0]) / 2 <= LAPSED, taken


def test_money_is_read_as_it_stands():
    """What was paid, asked back and held is one reading, before and after a refund."""
    one = undelivered()
    before = read_money(one.id)
    assert (before.paid, before.asked, before.left) == (one.total_minor, 0, one.total_minor)
    assert before.sale.left.minor == one.total_minor and not before.in_doubt
    complain(one, ReasonCode.NOT_DELIVERED)
    after = read_money(one.id)
    assert (after.asked, after.left, after.sale) == (one.total_minor, 0, None)
    assert read_money(new_id(AT)) is None


def _ground(**changed) -> HoldGround:
    values = {
        "id": new_id(AT),
        "subject_kind": "merchant",
        "subject_id": new_id(AT),
        "ground": "reason",
        "rule": "abuse/x@1",
        "limit_minor": 2**40,
        "currency": "CNY",
        "until": AT + timedelta(hours=1, microseconds=7),
        "facts": {"几": ["a", 1, None, True, {"b": '"\\'}]},
        "sealed_appeal": b"\x00\xff\\x",
        "placed_at": AT,
    }
    return HoldGround(**(values | changed))


def _values(row) -> list:
    found = [getattr(row, one.attname) for one in row._meta.concrete_fields]
    return [bytes(one) if isinstance(one, memoryview) else one for one in found]


def test_a_row_is_written_as_django_writes_it():
    """Bytes, times, JSON and null come back as they went, by either way of reading."""
    row = _ground()
    insert_rows([row])
    kept, read = HoldGround.objects.get(id=row.id), read_rows(HoldGround, "", {})[0]
    assert _values(kept) == _values(read) == _values(row)
    row.facts, row.until, row.sealed_appeal = {}, AT + timedelta(days=1), b""
    update_row(row)
    assert _values(HoldGround.objects.get(id=row.id)) == _values(row)
    insert_rows([])
    assert HoldGround.objects.count() == 1


def test_what_does_not_fit_is_refused():
    """A text that is too long for its column is refused and not cut."""
    with pytest.raises(DataError), transaction.atomic():
        insert_rows([_ground(currency="CNYX")])
    assert not HoldGround.objects.exists()


def test_an_order_is_read_as_django_reads_it():
    """The order under its lock has the same values as the one that Django reads."""
    one = undelivered()
    with transaction.atomic():
        read = read_rows(Order, "WHERE id = %(id)s FOR UPDATE", {"id": one.id})
    assert [_values(row) for row in read] == [_values(Order.objects.get(id=one.id))]
