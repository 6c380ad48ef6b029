"""Reversals: by a new transfer, once, and only while the money is still there."""

from __future__ import annotations

import pytest
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    DEPOSIT,
    FREE,
    HELD,
    REFUNDS,
    check_agrees,
    earn,
    fund,
    new_order,
    pay,
    release,
    run_sql,
)

from gongdao.core.errors import HoldRefused, MoneyRefused, NotEnoughMoney
from gongdao.core.money import Money
from gongdao.ledger.holds import find_holds
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_balance
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.states import HoldState
from gongdao.ledger.transfers import TransferKind

pytestmark = pytest.mark.usefixtures("house")


def last_seq():
    """The newest transfer."""
    return run_sql("SELECT max(seq) FROM ledger_transfer")[0][0]


def refund(minor):
    """A refund out of free money; its number."""
    journal = post_transfer(
        source=FREE,
        target=REFUNDS,
        amount=Money(minor),
        kind=TransferKind.REFUND,
        about=new_order(),
        reference="1",
        at=AT,
    )
    return journal.seqs[0]


def test_a_transfer_is_reversed_once():
    """The money goes back by a transfer of its own; reversing again finds that one."""
    earn(1000)
    seq = refund(300)
    first, again = reverse_transfer(seq=seq, at=AT), reverse_transfer(seq=seq, at=AT)
    assert again.replayed and again.seqs == first.seqs
    assert find_balance(FREE) == Money(1000) and find_balance(REFUNDS) == Money(0)
    check_agrees()


def test_reversals_are_not_reversed():
    """A reversal stays; and what was never transferred is not reversed."""
    earn(1000)
    (seq,) = reverse_transfer(seq=refund(300), at=AT).seqs
    for wrong in (seq, seq + 1000):
        with pytest.raises(MoneyRefused):
            reverse_transfer(seq=wrong, at=AT)


def test_money_that_has_gone_on_does_not_come_back():
    """Where the receiver has spent it, the reversal is refused and nothing moves."""
    fund(DEPOSIT, 500)
    seq = last_seq()
    post_transfer(
        source=DEPOSIT,
        target=FREE,
        amount=Money(200),
        kind=TransferKind.DEPOSIT_RETURN,
        about=new_order(),
        reference="1",
        at=AT,
    )
    with pytest.raises(NotEnoughMoney):
        reverse_transfer(seq=seq, at=AT)
    check_agrees()


def test_a_payment_that_was_none():
    """Reversing a payment empties its hold as void; once it is released it is too late."""
    order = new_order()
    pay(500, order)
    reverse_transfer(seq=last_seq(), at=AT)
    assert find_holds(owner=order)[0].state is HoldState.VOID
    assert find_balance(CLEARING) == Money(0)
    hold = pay(500)
    seq = last_seq()
    release(hold, 1)
    with pytest.raises(HoldRefused):
        reverse_transfer(seq=seq, at=AT)
    check_agrees()


def test_a_release_that_was_too_early():
    """Reversing a release puts the money back into its hold, where it can be settled anew."""
    order = new_order()
    hold = pay(500, order)
    release(hold, 500)
    reverse_transfer(seq=last_seq(), at=AT)
    (again,) = find_holds(owner=order)
    assert (again.left, again.state) == (Money(500), HoldState.HELD)
    assert find_balance(HELD) == Money(500) and find_balance(FREE) == Money(0)
    release(hold, 500, reference="2")
    check_agrees()
