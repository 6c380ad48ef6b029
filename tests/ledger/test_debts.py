"""Chargebacks: from whoever still has the money, then as a debt with the reserve behind it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    COST,
    COVER,
    DEPOSIT,
    FREE,
    HELD,
    MERCHANT,
    OUTSIDE,
    RECEIVABLE,
    RESERVE,
    check_agrees,
    count_transfers,
    earn,
    fund,
    new_order,
    pay,
    release,
)

from gongdao.core.errors import MoneyRefused, NotEnoughMoney, ReferenceReused
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.charge_back import charge_back
from gongdao.ledger.decide_charge_back import (
    decide_charge_back,
    decide_cover_back,
    decide_debt_back,
)
from gongdao.ledger.queries import find_balance, find_merchant_money
from gongdao.ledger.settle_debt import collect_receivable, write_off

AMOUNT = st.integers(0, 10_000).map(Money)


def back(minor, order, reference="cb1", **other):
    """The gateway takes money back."""
    return charge_back(
        merchant=MERCHANT,
        gateway=CLEARING,
        amount=Money(minor),
        about=order,
        reference=reference,
        at=AT,
        **other,
    )


def balances(*accounts):
    """Balances in minor units."""
    return [find_balance(one).minor for one in accounts]


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT)
def test_a_chargeback_is_borne_whole(amount, held, free, deposit, reserve, refunds, twice):
    """The shares make up the amount, nobody gives more than he has, and nobody owes who could
    have paid."""
    shares = decide_charge_back(
        amount=amount,
        held=held,
        free=free,
        deposit=deposit,
        reserve=reserve,
        refunds=refunds,
        twice=twice,
    )
    parts = (shares.held, shares.free, shares.deposit)
    ours = (shares.refunds, shares.lost, shares.cost)
    assert sum(one.minor for one in (*parts, *ours, shares.receivable)) == amount.minor
    assert shares.refunds.minor == min(amount.minor, refunds.minor)
    his = amount.minor - shares.refunds.minor
    assert shares.lost.minor + shares.cost.minor == min(his, twice.minor)
    assert not shares.cost.minor or shares.lost == reserve
    assert all(
        0 <= one.minor <= has.minor for one, has in zip(parts, (held, free, deposit), strict=True)
    )
    assert not shares.receivable.minor or parts == (held, free, deposit)
    assert shares.cover.minor == min(shares.receivable.minor, reserve.minor - shares.lost.minor)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT)
def test_a_debt_that_never_was_one_is_whole(debt, owed, reserve, cost):
    """What is not owed any more goes to whom it was: the platform has no more than it gave up, and
    the merchant only what is beyond that."""
    back = decide_debt_back(debt=debt, owed=owed, reserve=reserve, cost=cost)
    over = max(0, debt.minor - owed.minor)
    assert back.reserve.minor + back.cost.minor + back.free.minor == over
    ours = back.reserve.minor + back.cost.minor
    assert ours == min(over, reserve.minor + cost.minor)
    assert back.reserve.minor <= reserve.minor and back.cost.minor <= cost.minor


@given(AMOUNT, AMOUNT, AMOUNT)
def test_cover_stays_behind_the_debt(owed, paid, cover):
    """After a payment no more cover is tied up than is owed, and none is freed that is needed."""
    back_again = decide_cover_back(owed=owed, paid=paid, cover=cover)
    left = cover.minor - back_again.minor
    assert 0 <= back_again.minor <= cover.minor
    assert left == min(cover.minor, max(0, owed.minor - paid.minor))


def test_what_is_still_held_pays_first(house):
    """Before the release a chargeback takes the hold, and nothing else."""
    order = new_order()
    hold = pay(1000, order)
    earn(500)
    back(1000, order, hold_id=hold)
    assert balances(HELD, FREE, RECEIVABLE) == [0, 500, 0]
    check_agrees()


def test_after_payout_it_is_a_debt(house):
    """With nothing left to take, the merchant owes it and the reserve is tied up behind it."""
    fund(RESERVE, 700)
    order = new_order()
    release(pay(1000, order), 1000)
    earn(50)
    before = find_balance(CLEARING).minor
    # all his free money has been paid out but 50
    from gongdao.ledger.post_transfers import post_transfer
    from gongdao.ledger.transfers import TransferKind

    post_transfer(
        source=FREE,
        target=DEPOSIT,
        amount=Money(1000),
        kind=TransferKind.DEPOSIT,
        about=order,
        reference="1",
        at=AT,
    )
    first = back(1000, order)
    assert balances(FREE, DEPOSIT, RECEIVABLE, COVER, RESERVE) == [0, 1000, -950, 700, 0]
    assert find_balance(CLEARING).minor == before + 1000
    assert find_merchant_money(merchant=MERCHANT).owed == Money(950)
    assert back(1000, order).id == first.id
    with pytest.raises(ReferenceReused):
        back(999, order)
    check_agrees()


def test_the_deposit_is_drawn_only_where_it_may_be(house):
    """Without being told so a chargeback leaves the deposit alone."""
    fund(DEPOSIT, 300)
    back(100, new_order())
    assert balances(DEPOSIT, RECEIVABLE) == [300, -100]
    back(400, new_order(), draw_deposit=True)
    assert balances(DEPOSIT, RECEIVABLE) == [0, -200]
    with pytest.raises(MoneyRefused):
        back(0, new_order())


def test_a_chargeback_waits_for_no_accounts(house):
    """A merchant whose accounts nobody opened yet can owe as well."""
    stranger = SubjectRef("merchant", UUID(int=77))
    charge_back(
        merchant=stranger,
        gateway=CLEARING,
        amount=Money(5),
        about=new_order(),
        reference="1",
        at=AT,
    )
    assert balances(Account(AccountKind.MERCHANT_RECEIVABLE, stranger)) == [-5]
    check_agrees()


def owe(minor, reserve):
    """The merchant owes, with so much reserve behind it."""
    if reserve:
        fund(RESERVE, reserve)
    back(minor, new_order())


def collect(minor, source=FREE, reference="1", about=MERCHANT):
    """The merchant pays a part of his debt."""
    return collect_receivable(
        merchant=MERCHANT,
        source=source,
        amount=Money(minor),
        about=about,
        reference=reference,
        at=AT,
    )


def test_a_debt_is_paid(house):
    """Payments lessen the debt; the reserve is free again once no debt needs it; each once."""
    owe(1000, 600)
    earn(800)
    collect(300)
    assert collect(300).replayed
    assert balances(FREE, RECEIVABLE, COVER, RESERVE) == [500, -700, 600, 0]
    collect(300, reference="2")
    assert balances(RECEIVABLE, COVER, RESERVE) == [-400, 400, 200]
    collect(400, source=OUTSIDE, reference="3")
    assert balances(FREE, RECEIVABLE, COVER, RESERVE) == [200, 0, 0, 600]
    with pytest.raises(MoneyRefused):
        collect(1, reference="4")
    with pytest.raises(ReferenceReused):
        collect(299)
    check_agrees()


def test_nobody_pays_more_than_he_has_or_owes(house):
    """Neither beyond his money nor beyond his debt; and nothing moves."""
    owe(1000, 0)
    earn(100)
    before = count_transfers()
    with pytest.raises(NotEnoughMoney):
        collect(101)
    for minor in (1001, 0, -1):
        with pytest.raises(MoneyRefused):
            collect(minor, source=OUTSIDE)
    assert count_transfers() == before


def test_a_debt_is_given_up(house):
    """The reserve behind it bears it first, the rest is the platform's cost; once."""
    owe(1000, 600)
    for _ in range(2):
        write_off(merchant=MERCHANT, amount=Money(900), about=MERCHANT, reference="bankrupt", at=AT)
    assert balances(RECEIVABLE, COVER, COST, RESERVE) == [-100, 0, -300, 0]
    with pytest.raises(MoneyRefused):
        write_off(merchant=MERCHANT, amount=Money(101), about=MERCHANT, reference="2", at=AT)
    check_agrees()
