"""Transfers: written whole, once per reference, never between accounts that do not fit."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    DEPOSIT,
    FEE,
    FREE,
    GUARANTEE,
    HELD,
    MERCHANT,
    OTHER,
    OUTSIDE,
    REFUNDS,
    RESERVE,
    check_agrees,
    count_transfers,
    earn,
    fund,
    new_order,
    pay,
)

from gongdao.core.errors import MoneyRefused, NoSuchAccount, NotEnoughMoney, ReferenceReused
from gongdao.core.money import Money
from gongdao.ledger.accounts import (
    GUARDS,
    MERCHANT_KINDS,
    NAMES,
    PLATFORM,
    Account,
    AccountKind,
    Guard,
    accounts_of,
)
from gongdao.ledger.holds import find_holds
from gongdao.ledger.open_account import open_account, open_accounts
from gongdao.ledger.post_transfers import Draft, post_journals, post_transfer, post_transfers
from gongdao.ledger.queries import find_balance, find_merchant_money, find_spendable
from gongdao.ledger.transfers import KINDS, MOVES, NewTransfer, TransferKind

REFUND = TransferKind.REFUND


def _paid(minor):
    order = new_order()
    pay(minor, order)
    return order


def move(source, target, minor, kind, reference="1", about=None):
    """One transfer of the house."""
    return post_transfer(
        source=source,
        target=target,
        amount=Money(minor),
        kind=kind,
        about=about or new_order(),
        reference=reference,
        at=AT,
    )


def test_account_ids_are_for_ever():
    """The id of an account is a digest of its name: this one was written down on the first day."""
    account = Account(AccountKind.MERCHANT_FREE, MERCHANT)
    assert account.id == UUID("c47239a0-d8ef-8b50-a39d-fae7cc3fb94c") and account.id.version == 8
    others = {
        Account(AccountKind.MERCHANT_HELD, MERCHANT).id,
        Account(AccountKind.MERCHANT_FREE, OTHER).id,
        Account(AccountKind.MERCHANT_FREE, MERCHANT, "USD").id,
    }
    assert len(others | {account.id}) == 4


def test_every_kind_has_its_rules():
    """Each kind of account has a guard and a name, each kind of transfer its moves and a word."""
    assert set(GUARDS) == set(NAMES) == set(AccountKind)
    assert set(MOVES) == set(TransferKind) - {TransferKind.REVERSAL}
    assert set(KINDS) == set(TransferKind)
    held = {kind for kind, guard in GUARDS.items() if guard is Guard.HOLD}
    assert held == {AccountKind.MERCHANT_HELD}


def test_an_account_is_opened_once(house):
    """Opening an open account finds it."""
    first = open_account(kind=AccountKind.MERCHANT_FREE, owner=MERCHANT, at=AT)
    assert first == FREE.id == open_account(kind=AccountKind.MERCHANT_FREE, owner=MERCHANT, at=AT)


def test_money_moves(house):
    """What leaves one account arrives on the other, and everything sums to zero."""
    earn(1000)
    move(FREE, FEE, 100, TransferKind.FEE)
    fund(DEPOSIT, 5000)
    assert find_balance(CLEARING) == Money(-1000)
    assert find_balance(FREE) == find_spendable(FREE) == Money(900)
    assert find_balance(FEE) == Money(100)
    money = find_merchant_money(merchant=MERCHANT)
    assert (money.held, money.free, money.deposit) == (Money(0), Money(900), Money(5000))
    check_agrees()


def test_the_same_reference_moves_once(house):
    """The same again moves nothing and says which journal stands there."""
    earn(1000)
    order = new_order()
    first = move(FREE, REFUNDS, 300, REFUND, about=order)
    again = move(FREE, REFUNDS, 300, REFUND, about=order)
    assert (again.id, again.seqs) == (first.id, first.seqs)
    assert not first.replayed and again.replayed
    assert find_balance(FREE) == Money(700)
    assert move(FREE, REFUNDS, 300, REFUND, about=order, reference="2").replayed is False
    assert find_balance(FREE) == Money(400)


@pytest.mark.parametrize("other", ["amount", "target", "more", "fewer"])
def test_a_reference_stands_for_one_movement(house, other):
    """Another movement under the same reference is refused, and nothing moves."""
    earn(1000)
    fund(GUARANTEE, 1000)
    order = new_order()
    parts = [
        NewTransfer(FREE, REFUNDS, Money(300), REFUND, order),
        NewTransfer(GUARANTEE, REFUNDS, Money(200), REFUND, order),
    ]
    post_transfers(transfers=parts, reference="1", at=AT)
    changed = {
        "amount": [parts[0], NewTransfer(GUARANTEE, REFUNDS, Money(201), REFUND, order)],
        "target": [NewTransfer(FREE, FEE, Money(300), TransferKind.FEE, order), parts[1]],
        "more": [*parts, NewTransfer(FREE, REFUNDS, Money(1), REFUND, order)],
        "fewer": parts[:1],
    }[other]
    before = count_transfers()
    with pytest.raises(ReferenceReused):
        post_transfers(transfers=changed, reference="1", at=AT)
    assert count_transfers() == before
    assert find_balance(FREE) == Money(700)
    check_agrees()


def test_a_journal_is_all_or_nothing(house):
    """If one transfer of a journal is refused, none is written."""
    earn(1000)
    order = new_order()
    parts = [
        NewTransfer(FREE, REFUNDS, Money(300), REFUND, order),
        NewTransfer(GUARANTEE, REFUNDS, Money(200), REFUND, order),
    ]
    with pytest.raises(NotEnoughMoney):
        post_transfers(transfers=parts, reference="1", at=AT)
    assert find_balance(FREE) == Money(1000) and find_balance(REFUNDS) == Money(0)


def test_many_journals_in_one_statement(house):
    """Several journals are written together; those that stood there are told apart."""
    earn(1000)
    orders = [new_order() for _ in range(3)]
    drafts = [
        Draft((NewTransfer(FREE, REFUNDS, Money(100), REFUND, order),), "1") for order in orders
    ]
    post_journals(drafts=drafts[:1], at=AT)
    done = post_journals(drafts=drafts, at=AT)
    assert [one.replayed for one in done] == [True, False, False]
    assert find_balance(FREE) == Money(700)


@pytest.mark.parametrize("kind", [AccountKind.MERCHANT_FREE, AccountKind.MERCHANT_DEPOSIT])
def test_guarded_money_is_never_negative(house, kind):
    """A merchant cannot spend more than he has, not even by one fen."""
    earn(500)
    fund(DEPOSIT, 500)
    source = Account(kind, MERCHANT)
    with pytest.raises(NotEnoughMoney):
        move(source, REFUNDS, 501, REFUND)
    move(source, REFUNDS, 500, REFUND)
    with pytest.raises(NotEnoughMoney):
        move(source, REFUNDS, 1, REFUND)
    check_agrees()


@pytest.mark.parametrize(
    ("source", "target", "minor", "kind"),
    [
        (FREE, REFUNDS, 0, REFUND),
        (FREE, REFUNDS, -5, REFUND),
        (FREE, FREE, 5, REFUND),
        (FREE, CLEARING, 5, REFUND),
        (FREE, Account(AccountKind.BUYER_REFUND, MERCHANT, "USD"), 5, REFUND),
        (HELD, REFUNDS, 5, REFUND),
        (CLEARING, HELD, 5, TransferKind.HOLD),
        (REFUNDS, FREE, 5, TransferKind.REVERSAL),
    ],
)
def test_what_cannot_move_does_not(house, source, target, minor, kind):
    """Nothing, less than nothing, to itself, on a wrong way, in two currencies, past a hold."""
    earn(1000)
    before = count_transfers()
    with pytest.raises(MoneyRefused):
        move(source, target, minor, kind)
    assert count_transfers() == before


def test_unopened_accounts_take_no_money(house):
    """Money does not go where nobody opened an account, nor in a currency that it has not."""
    nobody = Account(AccountKind.BUYER_REFUND, new_order())
    earn(10)
    with pytest.raises(NoSuchAccount):
        move(FREE, nobody, 5, REFUND)
    dollars = NewTransfer(
        Account(AccountKind.OUTSIDE, PLATFORM, "USD"),
        Account(AccountKind.PLATFORM_RESERVE, PLATFORM, "USD"),
        Money(5, "USD"),
        TransferKind.FUND,
        new_order(),
    )
    with pytest.raises(NoSuchAccount):
        post_transfers(transfers=[dollars], reference="1", at=AT)
    assert find_balance(nobody) == Money(0)


@pytest.mark.parametrize("reference", ["", "x" * 81])
def test_a_movement_names_its_reference(house, reference):
    """No reference, or one that would be cut off, is refused."""
    with pytest.raises(MoneyRefused):
        move(OUTSIDE, RESERVE, 5, TransferKind.FUND, reference=reference)


def test_currencies_balance_each_for_itself(house):
    """Two currencies of one merchant are two accounts and two balances."""
    dollars = accounts_of(MERCHANT_KINDS, MERCHANT, "USD")
    bank = Account(AccountKind.OUTSIDE, PLATFORM, "USD")
    open_accounts(accounts=[*dollars, bank], at=AT)
    deposit = Account(AccountKind.MERCHANT_DEPOSIT, MERCHANT, "USD")
    transfer = NewTransfer(bank, deposit, Money(700, "USD"), TransferKind.DEPOSIT, new_order())
    post_transfers(transfers=[transfer], reference="1", at=AT)
    fund(DEPOSIT, 100)
    assert find_balance(deposit) == Money(700, "USD")
    assert find_balance(DEPOSIT) == Money(100)
    check_agrees()


def test_a_transfer_is_one_statement(house):
    """Apart from savepoints, posting asks the database once, and once more to lock two balances."""
    earn(1000)
    for target, kind, most in ((REFUNDS, REFUND, 1), (DEPOSIT, TransferKind.DEPOSIT, 2)):
        with CaptureQueriesContext(connection) as asked:
            move(FREE, target, 10, kind)
        assert len([one for one in asked if "SAVEPOINT" not in one["sql"]]) == most


def test_a_refusal_leaves_the_callers_transaction_usable(house):
    """After a refusal the caller may go on within the same transaction."""
    with pytest.raises(NotEnoughMoney):
        move(FREE, REFUNDS, 5, REFUND)
    assert find_holds(owner=_paid(5))
    check_agrees()
