"""Two-phase transfers: promised, then posted in whole or in part, or void; each once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.ledger.ledger_kit import (
    AT,
    DEPOSIT,
    FREE,
    HELD,
    OUTSIDE,
    REFUNDS,
    check_agrees,
    count_transfers,
    earn,
    fund,
    new_order,
)

from gongdao.core.errors import MoneyRefused, NotEnoughMoney, ReferenceReused
from gongdao.core.money import Money
from gongdao.ledger.models import LedgerPending
from gongdao.ledger.pending import begin_pending, post_pending, void_pending
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_balance, find_spendable
from gongdao.ledger.transfers import TransferKind

pytestmark = pytest.mark.usefixtures("house")


def promise(minor, about=None, source=FREE, target=DEPOSIT, kind=TransferKind.DEPOSIT):
    """The merchant promises money for his deposit."""
    return begin_pending(
        source=source,
        target=target,
        amount=Money(minor),
        kind=kind,
        about=about or new_order(),
        reference="1",
        at=AT,
    )


def test_a_promise_is_kept_free():
    """While it is pending the amount is there and cannot be spent; nothing has moved."""
    earn(1000)
    before = count_transfers()
    promise(600)
    assert find_balance(FREE) == Money(1000) and find_spendable(FREE) == Money(400)
    with pytest.raises(NotEnoughMoney):
        promise(401)
    with pytest.raises(NotEnoughMoney):
        post_transfer(
            source=FREE,
            target=REFUNDS,
            amount=Money(401),
            kind=TransferKind.REFUND,
            about=new_order(),
            reference="1",
            at=AT,
        )
    assert count_transfers() == before
    check_agrees()


@pytest.mark.parametrize("posted", [600, 250])
def test_posted_in_whole_or_in_part(posted):
    """Posting moves what it came to and frees the rest; twice moves once."""
    earn(1000)
    pending = promise(600)
    first = post_pending(pending_id=pending, amount=Money(posted), at=AT)
    again = post_pending(pending_id=pending, amount=Money(posted), at=AT)
    assert again.replayed and again.id == first.id
    assert find_balance(DEPOSIT) == Money(posted)
    assert find_spendable(FREE) == Money(1000 - posted)
    check_agrees()


def test_not_more_than_was_promised():
    """Posting more than was promised, or another amount the second time, is refused."""
    earn(1000)
    pending = promise(600)
    with pytest.raises(MoneyRefused):
        post_pending(pending_id=pending, amount=Money(601), at=AT)
    post_pending(pending_id=pending, at=AT)
    with pytest.raises(ReferenceReused):
        post_pending(pending_id=pending, amount=Money(5), at=AT)
    assert find_balance(DEPOSIT) == Money(600)


def test_void_is_void():
    """A void promise frees its amount, once, and cannot be posted; a posted one not made void."""
    earn(1000)
    pending, posted = promise(600), promise(100)
    assert void_pending(pending_id=pending, at=AT) and not void_pending(pending_id=pending, at=AT)
    post_pending(pending_id=posted, at=AT)
    for call, row in ((post_pending, pending), (void_pending, posted), (post_pending, uuid4())):
        with pytest.raises(MoneyRefused):
            call(pending_id=row, at=AT)
    assert find_spendable(FREE) == Money(900)
    assert set(LedgerPending.objects.values_list("state", flat=True)) == {"posted", "void"}
    check_agrees()


def test_the_same_promise_is_one():
    """Promising the same again finds it; another amount under the same reference is refused."""
    earn(1000)
    order = new_order()
    assert promise(600, order) == promise(600, order)
    assert find_spendable(FREE) == Money(400)
    with pytest.raises(ReferenceReused):
        promise(599, order)
    check_agrees()


def test_unguarded_money_is_promised_too():
    """From the bank anything may be promised: the bank is not ours to guard."""
    pending = promise(10_000, source=OUTSIDE)
    post_pending(pending_id=pending, at=AT)
    assert find_balance(DEPOSIT) == Money(10_000)
    fund(DEPOSIT, 1)
    check_agrees()


def test_held_money_is_not_promised():
    """Held money has holds: promising it is refused."""
    with pytest.raises(MoneyRefused):
        promise(5, source=HELD, target=FREE, kind=TransferKind.RELEASE)
