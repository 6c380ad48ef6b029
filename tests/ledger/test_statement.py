"""Statements and roll-ups: what was there before, what came and went, what is there now."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    FREE,
    HELD,
    MERCHANT,
    REFUNDS,
    check_agrees,
    earn,
    fund,
    new_order,
    pay,
    run_sql,
)

from gongdao.core.errors import InputError
from gongdao.core.language import use_language
from gongdao.core.money import Money
from gongdao.ledger import statement as statement_module
from gongdao.ledger.accounts import PLATFORM, Account, AccountKind
from gongdao.ledger.csv_lines import csv_lines
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_balance, find_spendable
from gongdao.ledger.roll_up import roll_up
from gongdao.ledger.statement import read_statement, statement_csv
from gongdao.ledger.transfers import TransferKind

pytestmark = pytest.mark.usefixtures("house")
DAY = timedelta(days=1)


def refund(minor, at):
    """The merchant refunds something out of his free money."""
    post_transfer(
        source=FREE,
        target=REFUNDS,
        amount=Money(minor),
        kind=TransferKind.REFUND,
        about=new_order(),
        reference="=1",
        at=at,
    )


def test_a_statement_adds_up(monkeypatch):
    """Opening balance, every transfer of the time with the balance after it, however many pages."""
    monkeypatch.setattr(statement_module, "_PAGE", 2)
    earn(1000)
    for day in range(1, 6):
        refund(day * 10, AT + day * DAY)
    lines = list(read_statement(account=FREE, begin=AT + 2 * DAY, until=AT + 5 * DAY))
    assert [line.amount.minor for line in lines] == [-20, -30, -40]
    assert [line.balance.minor for line in lines] == [970, 940, 900]
    assert {line.other for line in lines} == {REFUNDS}
    assert [line.seq for line in lines] == sorted(line.seq for line in lines)


def test_a_statement_as_csv():
    """The list opens in a spreadsheet: a byte order mark, an opening line, no cell computes."""
    earn(1000)
    refund(10, AT + DAY)
    use_language("zh")
    lines = list(statement_csv(account=FREE, begin=AT + DAY, until=AT + 2 * DAY))
    rows = list(csv.reader(io.StringIO("".join(lines).removeprefix("\ufeff"))))
    assert rows[0][2] == "类型" and rows[1][2] == "期初余额" and rows[1][7] == "10.00"
    assert rows[2][2:3] + rows[2][4:9] == ["退款", "'=1", "待退买家", "-0.10", "9.90", "CNY"]
    assert lines[0].startswith("\ufeff") and not lines[1].startswith("\ufeff")


def test_amounts_stay_numbers():
    """A negative amount is no formula; a telephone number with a sign is none either."""
    (line,) = csv_lines([["-0.10", "=x", "@y", "+86", "-", "a-b"]])
    assert line == "\ufeff-0.10,'=x,'@y,'+86,'-,a-b\r\n"


def test_accounts_are_read_as_written():
    """An account's name leads back to it; the platform's id and CNY may be left out."""
    assert Account.parse(str(FREE)) == FREE
    assert Account.parse(f"merchant_free/merchant:{MERCHANT.id}") == FREE
    assert Account.parse("platform_fee/platform/USD") == Account(
        AccountKind.PLATFORM_FEE, PLATFORM, "USD"
    )
    for wrong in ("", "free/merchant:1", "merchant_free/merchant", "x/platform", "merchant_free"):
        with pytest.raises(InputError):
            Account.parse(wrong)


def test_balances_do_not_depend_on_roll_ups():
    """Rolled up or not, before and after, once or thrice: the same balances."""
    accounts = (CLEARING, HELD, FREE, REFUNDS)
    for _ in range(3):
        earn(1000)
        pay(77)
        refund(5, AT)
        before = [find_balance(one) for one in accounts]
        assert roll_up() == roll_up()
        assert [find_balance(one) for one in accounts] == before
        check_agrees()
    assert find_balance(CLEARING) == Money(-3231) and find_spendable(FREE) == Money(2985)
    seqs = {row[0] for row in run_sql("SELECT seq FROM ledger_rollup")}
    assert len(seqs) == 1


def test_nothing_to_roll_up():
    """A ledger without transfers rolls up to nothing, and an idle account keeps its old row."""
    assert roll_up() == roll_up()
    fund(Account(AccountKind.PLATFORM_RESERVE, PLATFORM), 5)
    roll_up()
    kept = run_sql("SELECT account_id, seq FROM ledger_rollup ORDER BY 1")
    assert len(kept) == 2
    earn(10)
    roll_up()
    assert set(kept) < set(run_sql("SELECT account_id, seq FROM ledger_rollup"))
    check_agrees()


def test_only_guarded_accounts_have_something_to_spend():
    """Asking what an unguarded account can spend is a mistake of the caller."""
    with pytest.raises(ValueError, match="no guarded balance"):
        find_spendable(CLEARING)
