"""What the database refuses whoever asks: here a hand writes SQL past every verb."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    DEPOSIT,
    FEE,
    FREE,
    HELD,
    PAYABLE,
    REFUNDS,
    check_agrees,
    earn,
    new_order,
    pay,
    run_sql,
)

from gongdao.core.money import Money
from gongdao.ledger.accounts import Account, AccountKind, Guard
from gongdao.ledger.pending import begin_pending
from gongdao.ledger.refusals import say_refusal
from gongdao.ledger.transfers import TransferKind

pytestmark = pytest.mark.usefixtures("house")

_INSERT = """INSERT INTO ledger_transfer
  (journal_id, line, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor,
   kind, hold_id, reverses_id, owner_kind, owner_id, reference, at)
VALUES (%(owner)s, 0, %(debit)s, %(credit)s, %(currency)s, %(debit_guard)s, %(credit_guard)s,
  %(minor)s, %(kind)s, %(hold)s, %(reverses)s, 'order', %(owner)s, %(reference)s, %(at)s)"""


def write(debit, credit, minor, kind="refund", **other):
    """A transfer as a hand would write it."""
    values = {
        "debit": debit.id,
        "credit": credit.id,
        "currency": "CNY",
        "debit_guard": debit.guard,
        "credit_guard": credit.guard,
        "minor": minor,
        "kind": kind,
        "hold": None,
        "reverses": None,
        "owner": uuid4(),
        "reference": "by hand",
        "at": AT,
    }
    with transaction.atomic():
        run_sql(_INSERT, values | other)


def refused(constraint):
    """The database refuses, and names this constraint."""
    return pytest.raises(IntegrityError, check=lambda error: _name(error) == constraint)


def _name(error):
    return error.__cause__.diag.constraint_name


def change(statement, *values):
    """A statement in its own savepoint."""
    with transaction.atomic():
        run_sql(statement, values)


@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_and_less_than_nothing(minor):
    """A transfer that moves nothing, or backwards, cannot be written."""
    with refused("ledger_transfer_moves"):
        write(CLEARING, REFUNDS, minor)


def test_an_unbalanced_entry_cannot_even_be_said():
    """A row has one amount and two different accounts: half an entry has no form."""
    with refused("ledger_transfer_sides"):
        write(REFUNDS, REFUNDS, 5)
    for lost in ("debit_id", "credit_id"):
        with pytest.raises(IntegrityError), transaction.atomic():
            run_sql(_INSERT.replace(lost, "pending_id"), _values())


def _values():
    keys = ("owner", "debit", "credit", "debit_guard", "credit_guard", "minor", "kind")
    given = (uuid4(), CLEARING.id, REFUNDS.id, 0, 0, 5, "refund")
    rest = {"currency": "CNY", "hold": None, "reverses": None, "reference": "x", "at": AT}
    return dict(zip(keys, given, strict=True)) | rest


def test_another_currency():
    """A transfer has the currency of both its accounts."""
    with refused("ledger_transfer_debit_account"):
        write(CLEARING, REFUNDS, 5, currency="USD")


def test_an_account_that_is_none():
    """A transfer is between accounts that were opened."""
    with refused("ledger_transfer_credit_account"):
        write(CLEARING, Account(AccountKind.BUYER_REFUND, new_order()), 5)


def test_a_guard_that_is_talked_away():
    """A transfer cannot claim that its account has no guard."""
    earn(10)
    with refused("ledger_transfer_debit_account"):
        write(FREE, REFUNDS, 500, debit_guard=Guard.NONE)


def test_an_account_with_the_wrong_guard():
    """An account has the guard of its kind."""
    with refused("ledger_account_guard_of_kind"):
        change(
            "INSERT INTO ledger_account VALUES (%s, 'merchant_free', 'x', %s, 'CNY', 0, %s)",
            uuid4(),
            uuid4(),
            AT,
        )


def test_negative_free_money():
    """A balance row under zero is refused, in the transfer's own transaction."""
    earn(10)
    with refused("ledger_balance_not_negative"):
        write(FREE, REFUNDS, 11)
    write(FREE, REFUNDS, 10)
    check_agrees()


def test_money_that_is_promised():
    """What is pending cannot be spent."""
    earn(10)
    begin_pending(
        source=FREE,
        target=DEPOSIT,
        amount=Money(8),
        kind=TransferKind.DEPOSIT,
        about=new_order(),
        reference="1",
        at=AT,
    )
    with refused("ledger_balance_not_negative"):
        write(FREE, REFUNDS, 3)
    write(FREE, REFUNDS, 2)
    check_agrees()


@pytest.mark.parametrize(
    ("other", "constraint"),
    [
        ({"reference": "verdict:1"}, "ledger_transfer_names_its_hold"),
        ({"hold": UUID(int=9), "reference": "verdict:1"}, "ledger_hold_covers"),
        ({"hold": "own"}, "ledger_transfer_has_its_ground"),
        ({"hold": "own", "reference": "because:1"}, "ledger_transfer_has_its_ground"),
        ({"hold": "own", "reference": "verdict:"}, "ledger_transfer_has_its_ground"),
        ({"hold": "own", "reference": "verdict:1", "minor": 101}, "ledger_hold_covers"),
        ({"hold": "others", "reference": "verdict:1", "minor": 50}, "ledger_hold_covers"),
    ],
)
def test_held_money(other, constraint):
    """Held money leaves through its own hold, on a known ground, and no more than is left."""
    from tests.ledger.ledger_kit import OTHER

    elsewhere = Account(AccountKind.MERCHANT_HELD, OTHER)
    holds = {"own": pay(100), "others": pay(100, held=elsewhere)}
    given = dict(other)
    given["hold"] = holds.get(given.get("hold"), given.get("hold"))
    with refused(constraint):
        write(HELD, FREE, given.pop("minor", 100), "release", **given)
    check_agrees()


def test_a_hold_is_spent_once():
    """Two releases of the same money: the second finds nothing left."""
    hold = pay(100)
    write(HELD, FREE, 60, "release", hold=hold, reference="verdict:1")
    with refused("ledger_hold_covers"):
        write(HELD, FREE, 60, "release", hold=hold, reference="verdict:2")
    write(HELD, FREE, 40, "release", hold=hold, reference="verdict:3")
    with refused("ledger_hold_covers"):
        write(HELD, FREE, 1, "release", hold=hold, reference="verdict:4")
    check_agrees()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount_minor = 1",
        "UPDATE ledger_transfer SET reference = 'better'",
        "DELETE FROM ledger_transfer",
        "UPDATE ledger_account SET currency = 'USD'",
        "DELETE FROM ledger_account",
        "UPDATE ledger_hold SET left_minor = 0, state = 'released'",
        "DELETE FROM ledger_hold",
        "UPDATE ledger_balance SET posted_minor = 1000000",
        "DELETE FROM ledger_balance",
        "UPDATE ledger_pending SET state = 'posted', ended_at = now()",
        "UPDATE ledger_pending SET amount_minor = 1",
        "UPDATE ledger_pending SET amount_minor = 1, state = 'void', ended_at = now()",
        "DELETE FROM ledger_pending",
    ],
)
def test_edits(statement):
    """Nothing that was written is edited or deleted, and no balance or hold by hand."""
    earn(100)
    pay(100)
    begin_pending(
        source=FREE,
        target=DEPOSIT,
        amount=Money(5),
        kind=TransferKind.DEPOSIT,
        about=new_order(),
        reference="1",
        at=AT,
    )
    with refused("ledger_append_only"):
        change(statement)
    check_agrees()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger_balance VALUES (%s, 100, 0)",
        "INSERT INTO ledger_hold VALUES (%s, %s, 'CNY', 'order', %s, 'x', 5, 5, 'held', now())",
    ],
)
def test_balances_and_holds_by_hand(statement):
    """A balance or a hold that no transfer made is refused."""
    with refused("ledger_append_only"):
        change(statement, *[HELD.id] * statement.count("%s"))


@pytest.mark.parametrize("table", ["account", "transfer", "hold", "balance", "pending", "payout"])
def test_emptying(table):
    """A table that is only added to is not emptied either."""
    run_sql(f"ALTER TABLE ledger_{table} ENABLE TRIGGER ledger_{table}_whole")
    with refused("ledger_append_only"):
        change(f"TRUNCATE ledger_{table} CASCADE")


def test_a_reversal_that_mirrors_nothing():
    """A reversal has the accounts and the amount of what it reverses, turned round."""
    earn(100)
    write(FREE, REFUNDS, 50)
    seq = run_sql("SELECT max(seq) FROM ledger_transfer")[0][0]
    for debit, credit, minor in ((REFUNDS, FREE, 49), (FEE, FREE, 50), (REFUNDS, FEE, 50)):
        with refused("ledger_transfer_mirrors"):
            write(debit, credit, minor, "reversal", reverses=seq)
    write(REFUNDS, FREE, 50, "reversal", reverses=seq)
    with refused("ledger_transfer_reversed_once"):
        write(REFUNDS, FREE, 50, "reversal", reverses=seq)
    check_agrees()


def test_a_kind_nobody_knows():
    """A transfer is of a known kind, and only a reversal reverses."""
    with refused("ledger_transfer_kind"):
        write(CLEARING, REFUNDS, 5, "gift")
    with refused("ledger_transfer_reversal"):
        write(CLEARING, REFUNDS, 5, "reversal")


def test_a_promise_that_was_never_pending():
    """A pending transfer begins pending, and held money is not promised but held."""
    insert = """INSERT INTO ledger_pending
      (id, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor, kind,
       owner_kind, owner_id, reference, state, created_at, ended_at)
      VALUES (%s, %s, %s, 'CNY', %s, %s, 5, 'fee', 'order', %s, 'x', %s, %s, %s)"""
    with refused("ledger_append_only"):
        change(insert, uuid4(), FREE.id, FEE.id, 1, 0, uuid4(), "void", AT, AT)
    with refused("ledger_pending_no_hold"):
        change(insert, uuid4(), HELD.id, FEE.id, 2, 0, uuid4(), "pending", AT, None)


def test_refusals_are_said():
    """The constraint's name leads to words; an error that is none of ours leads to none."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write(PAYABLE, CLEARING, 5, "payout_paid")
    assert "钱不够" in str(say_refusal(caught.value))
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        run_sql("INSERT INTO ledger_payout_batch VALUES (%s, now(), NULL, 0)", [uuid4()])
    assert say_refusal(caught.value) is None
    assert say_refusal(ValueError("x")) is None
    assert connection.in_atomic_block
