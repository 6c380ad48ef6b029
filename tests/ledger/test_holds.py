"""Holds: placed once, settled in parts, never beyond what is left, void back to where they came."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    FEE,
    FREE,
    HELD,
    OUTSIDE,
    REFUNDS,
    check_agrees,
    count_transfers,
    new_order,
    pay,
    release,
    run_sql,
)

from gongdao.core.errors import HoldRefused, MoneyRefused, NoSuchAccount, ReferenceReused
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.hold_payment import hold_payment_sql, hold_payment_values
from gongdao.ledger.holds import find_holds, find_open_holds
from gongdao.ledger.place_hold import place_hold
from gongdao.ledger.queries import find_balance
from gongdao.ledger.settle_hold import Part, Settlement, settle_hold, settle_holds, void_hold
from gongdao.ledger.states import HoldState
from gongdao.ledger.transfers import Ground, TransferKind

pytestmark = pytest.mark.usefixtures("house")


def settle(hold, parts, reference="1", ground=Ground.CONFIRMATION):
    """Settle with parts given as (account, minor, kind)."""
    made = [Part(target, Money(minor), kind) for target, minor, kind in parts]
    return settle_hold(hold_id=hold, parts=made, ground=ground, reference=reference, at=AT)


def test_a_payment_is_held_once():
    """Holding the same payment again finds the first hold; nothing moves twice."""
    order = new_order()
    first = pay(500, order)
    assert pay(500, order) == first
    (hold,) = find_holds(owner=order)
    assert (hold.id, hold.account, hold.amount, hold.left) == (first, HELD, Money(500), Money(500))
    assert hold.state is HoldState.HELD and hold.purpose == "price"
    assert find_balance(HELD) == Money(500) and find_balance(CLEARING) == Money(-500)
    check_agrees()


def test_another_amount_is_another_payment():
    """Another amount, source or account for the same purpose is refused; another purpose is not."""
    order = new_order()
    pay(500, order)
    other = {"source": CLEARING, "held": HELD, "amount": Money(500), "owner": order, "at": AT}
    for changed in ({"amount": Money(499)}, {"source": OUTSIDE}):
        with pytest.raises(ReferenceReused):
            place_hold(**other | changed)
    place_hold(**other, purpose="postage")
    assert find_balance(HELD) == Money(1000)


def test_a_hold_needs_its_accounts():
    """Nobody's money is held on an account that was not opened."""
    nobody = Account(AccountKind.MERCHANT_HELD, new_order())
    with pytest.raises(NoSuchAccount):
        pay(500, held=nobody)


def test_a_hold_is_settled_in_parts():
    """Fee, refund and release out of one hold; the hold ends when nothing is left."""
    order = new_order()
    hold = pay(1000, order)
    settle(hold, [(REFUNDS, 300, TransferKind.REFUND)], ground=Ground.VERDICT)
    assert find_holds(owner=order)[0].left == Money(700)
    settle(hold, [(FREE, 650, TransferKind.RELEASE), (FEE, 50, TransferKind.FEE)])
    (ended,) = find_holds(owner=order)
    assert (ended.left, ended.state) == (Money(0), HoldState.RELEASED)
    assert [find_balance(one).minor for one in (HELD, FREE, FEE, REFUNDS)] == [0, 650, 50, 300]
    with pytest.raises(HoldRefused):
        settle(hold, [(FREE, 1, TransferKind.RELEASE)], reference="2")
    check_agrees()


def test_a_settlement_is_all_or_nothing_and_once():
    """Parts beyond what is left move nothing; the same parts again move nothing more."""
    hold = pay(1000)
    parts = [(FREE, 900, TransferKind.RELEASE), (FEE, 100, TransferKind.FEE)]
    with pytest.raises(HoldRefused):
        settle(hold, [*parts, (REFUNDS, 1, TransferKind.REFUND)])
    assert find_balance(FREE) == Money(0)
    first, again = settle(hold, parts), settle(hold, parts)
    assert again.replayed and again.seqs == first.seqs
    with pytest.raises(ReferenceReused):
        settle(hold, [(FREE, 899, TransferKind.RELEASE), parts[1]])
    assert find_balance(FREE) == Money(900)


def test_only_fitting_kinds_leave_a_hold():
    """A release goes to the merchant and not to the gateway; a hold that is none is refused."""
    hold = pay(100)
    with pytest.raises(MoneyRefused):
        settle(hold, [(CLEARING, 100, TransferKind.RELEASE)])
    with pytest.raises(HoldRefused):
        settle(uuid4(), [(FREE, 100, TransferKind.RELEASE)])
    assert find_balance(HELD) == Money(100)


def test_a_void_hold_goes_back():
    """What is left of a void hold returns to where it came from; voiding twice moves once."""
    order = new_order()
    hold = pay(1000, order)
    settle(hold, [(REFUNDS, 400, TransferKind.REFUND)], ground=Ground.REFUND)
    assert void_hold(hold_id=hold, reference="1", at=AT)
    assert void_hold(hold_id=hold, reference="1", at=AT) is None
    assert find_holds(owner=order)[0].state is HoldState.VOID
    assert find_balance(CLEARING) == Money(-400) and find_balance(HELD) == Money(0)
    check_agrees()


def test_many_holds_are_settled_together():
    """A sweep settles many holds in four statements at most; one bad hold stops all of them."""
    holds = [pay(100) for _ in range(20)]
    parts = (Part(FREE, Money(95), TransferKind.RELEASE), Part(FEE, Money(5), TransferKind.FEE))
    sweep = [Settlement(hold, parts, Ground.EXPIRY, "protection") for hold in holds]
    with pytest.raises(HoldRefused):
        settle_holds(settlements=[*sweep, Settlement(uuid4(), parts, Ground.EXPIRY, "x")], at=AT)
    with CaptureQueriesContext(connection) as asked:
        settle_holds(settlements=sweep, at=AT)
    assert len([one for one in asked if "SAVEPOINT" not in one["sql"]]) <= 4
    assert all(one.replayed for one in settle_holds(settlements=sweep, at=AT))
    assert find_balance(FREE) == Money(1900) and find_balance(HELD) == Money(0)
    assert settle_holds(settlements=[], at=AT) == []
    check_agrees()


def test_open_holds_are_listed():
    """A merchant's open holds, oldest first; settled ones are gone from the list."""
    first, second = pay(100), pay(200)
    release(first, 100)
    assert [one.id for one in find_open_holds(account=HELD)] == [second]


def test_the_hot_statement_within_another():
    """Inside a larger statement nothing is held unless the part before it returned a row."""
    for happened, rows in ((True, 1), (False, 0)):
        values = hold_payment_values(
            hold_id=new_id(AT),
            source=CLEARING,
            held=HELD,
            amount=Money(700),
            owner=new_order(),
            purpose="price",
            at=AT,
        )
        around = f"""WITH paid AS (SELECT 1 WHERE %(happened)s),
          held AS ({hold_payment_sql(only_if="paid")})
          SELECT (SELECT count(*) FROM paid), (SELECT count(*) FROM held)"""
        assert run_sql(around, values | {"happened": happened}) == [(rows, rows)]
    assert count_transfers() == 1 and find_balance(HELD) == Money(700)
    with pytest.raises(ValueError, match="no name"):
        hold_payment_sql(only_if="paid); DROP TABLE x")
    check_agrees()


def test_the_hot_statement_repeated():
    """The bare statement a second time writes nothing and returns no row."""
    order, found = new_order(), []
    for _ in range(2):
        values = hold_payment_values(
            hold_id=new_id(AT),
            source=CLEARING,
            held=HELD,
            amount=Money(700),
            owner=order,
            purpose="price",
            at=AT,
        )
        found.append(len(run_sql(hold_payment_sql(), values)))
    assert found == [1, 0] and find_balance(HELD) == Money(700)
    with pytest.raises(MoneyRefused):
        hold_payment_values(
            hold_id=new_id(AT),
            source=CLEARING,
            held=FREE,
            amount=Money(700),
            owner=order,
            purpose="price",
            at=AT,
        )
