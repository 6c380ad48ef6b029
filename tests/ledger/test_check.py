"""The check finds every kind of difference: each is made here, with the guards taken away."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.ledger.ledger_kit import (
    AT,
    DEPOSIT,
    FREE,
    HELD,
    PAYABLE,
    REFUNDS,
    check_agrees,
    earn,
    fund,
    new_order,
    pay,
    run_sql,
)

from gongdao.core.money import Money
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.pending import begin_pending
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.roll_up import roll_up
from gongdao.ledger.transfers import TransferKind

pytestmark = pytest.mark.usefixtures("house")

_TABLES = ("transfer", "hold", "balance", "pending", "account", "payout", "payee")


def force(*statements):
    """Somebody with the rights of the tables' owner takes the guards off and writes."""
    for table in _TABLES:
        run_sql(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
    for statement in statements:
        run_sql(statement)
    for table in _TABLES:
        run_sql(f"ALTER TABLE ledger_{table} ENABLE TRIGGER USER")
        if table != "payee":
            run_sql(f"ALTER TABLE ledger_{table} DISABLE TRIGGER ledger_{table}_whole")


def codes():
    """What the check finds, but for what the tests' database lacks anyway."""
    return {one.code for one in check_ledger().differences if not one.where.endswith("_whole")}


@pytest.fixture
def busy():
    """A ledger in which something of everything happened."""
    earn(1000)
    fund(DEPOSIT, 500)
    pay(300)
    begin_pending(
        source=FREE,
        target=DEPOSIT,
        amount=Money(50),
        kind=TransferKind.DEPOSIT,
        about=new_order(),
        reference="1",
        at=AT,
    )
    reverse_transfer(seq=run_sql("SELECT max(seq) FROM ledger_transfer")[0][0], at=AT)
    pay(200)
    roll_up()
    check_agrees()


def test_the_trial_balance(busy):
    """One line per kind of account and currency, all of which sum to zero."""
    checked = check_ledger()
    lines = {line.kind: line.balance.minor for line in checked.lines}
    assert lines[AccountKind.MERCHANT_FREE] == 1000 and lines[AccountKind.OUTSIDE] == -500
    assert lines[AccountKind.MERCHANT_HELD] == 200
    assert sum(lines.values()) == 0 and checked.transfers == 6


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE ledger_transfer SET amount_minor = amount_minor + 1 WHERE kind = 'release'",
         {"balance", "hold", "held", "roll_up"}),
        ("DELETE FROM ledger_transfer WHERE kind = 'deposit'", {"balance", "roll_up"}),
        ("UPDATE ledger_balance SET posted_minor = 7000", {"balance"}),
        ("DELETE FROM ledger_balance", {"balance", "pending"}),
        ("UPDATE ledger_balance SET pending_minor = 0", {"pending"}),
        ("DELETE FROM ledger_pending", {"pending"}),
        ("UPDATE ledger_hold SET left_minor = 1 WHERE state = 'held'", {"hold", "held"}),
        ("DELETE FROM ledger_hold WHERE state = 'held'", {"hold", "held"}),
        ("UPDATE ledger_rollup SET net_minor = net_minor + 1", {"roll_up"}),
        ("UPDATE ledger_transfer SET kind = 'fee' WHERE kind = 'deposit'", {"transfer_kind"}),
        ("UPDATE ledger_transfer SET reverses_id = 1 WHERE kind = 'reversal'",
         {"transfer_reversal"}),
        ("UPDATE ledger_transfer SET pending_id = journal_id WHERE kind = 'deposit'",
         {"transfer_pending"}),
    ],
)  # fmt: skip
def test_each_difference_is_found(busy, statement, found):
    """Whatever was changed behind the guards' back, the check says what does not agree."""
    if "reverses_id = 1" in statement:
        first = run_sql("SELECT min(seq) FROM ledger_transfer")[0][0]
        statement = statement.replace("= 1 ", f"= {first} ")
    force(statement)
    assert codes() == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE ledger_transfer SET currency = 'USD' WHERE kind = 'deposit'",
         {"transfer_currency"}),
        ("UPDATE ledger_transfer SET debit_guard = 1 WHERE kind = 'deposit'", {"transfer_guard"}),
        ("UPDATE ledger_transfer SET credit_id = journal_id WHERE kind = 'deposit'",
         {"account", "balance", "currency", "roll_up", "transfer_account"}),
    ],
)  # fmt: skip
def test_broken_accounts_are_found(busy, statement, found):
    """Without the foreign keys too: another currency, another guard, no account at all."""
    for side in ("debit", "credit"):
        run_sql(f"ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_{side}_account")
    force(statement)
    assert codes() == found | {"guard"}


def test_negative_balances_are_found(busy):
    """More refunded than was owed to buyers, and a merchant below zero."""
    run_sql("ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_negative")
    insert = """INSERT INTO ledger_transfer (journal_id, line, debit_id, credit_id, currency,
      debit_guard, credit_guard, amount_minor, kind, owner_kind, owner_id, reference, at)
      SELECT %s, 0, %s, id, 'CNY', %s, guard, 5000, %s, 'order', %s, 'x', now()
      FROM ledger_account WHERE kind = 'gateway_clearing'"""
    run_sql(insert, [uuid4(), REFUNDS.id, 0, "refund_paid", uuid4()])
    run_sql(insert, [uuid4(), FREE.id, 1, "charge_back", uuid4()])
    found = [one for one in check_ledger().differences if one.code == "negative"]
    assert {one.where for one in found} == {str(REFUNDS), str(FREE)}
    assert "-40.50" in " ".join(str(one.said) for one in found)


def test_payouts_that_do_not_agree_are_found(busy):
    """Money under way without a payout that says so."""
    insert = """INSERT INTO ledger_transfer (journal_id, line, debit_id, credit_id, currency,
      debit_guard, credit_guard, amount_minor, kind, owner_kind, owner_id, reference, at)
      VALUES (%s, 0, %s, %s, 'CNY', 1, 1, 5, 'payout', 'payout', %s, 'x', now())"""
    run_sql(insert, [uuid4(), FREE.id, PAYABLE.id, uuid4()])
    assert codes() == {"payouts"}


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("ALTER TABLE ledger_transfer DISABLE TRIGGER ledger_transfer_kept",
         "trigger/ledger_transfer_kept"),
        ("DROP TRIGGER ledger_transfer_5_weighs ON ledger_transfer",
         "trigger/ledger_transfer_5_weighs"),
        ("ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_negative",
         "constraint/ledger_balance_not_negative"),
        ("DROP INDEX ledger_transfer_reversed_once", "constraint/ledger_transfer_reversed_once"),
        ("CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql"
         " AS 'BEGIN RETURN NEW; END'", "function/ledger_refuse"),
    ],
)  # fmt: skip
def test_a_missing_guard_is_found(busy, statement, name):
    """A guard that is off, gone or talks otherwise is a difference, even while all sums agree."""
    run_sql(statement)
    found = check_ledger().differences
    assert name in {one.where for one in found if one.code == "guard"}
    assert codes() == {"guard"}


def test_a_difference_says_what_is_wrong(busy):
    """Expected and found stand in words beside the account's name."""
    force(f"UPDATE ledger_balance SET posted_minor = 7000 WHERE account_id = '{FREE.id}'")
    (found,) = [one for one in check_ledger().differences if one.code == "balance"]
    assert found.where == str(FREE)
    assert str(found.said) == "商户可用：应为 10.00，实为 70.00"
    assert HELD != FREE
