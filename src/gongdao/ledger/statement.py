"""Statements: one account's transfers within a time, with the balance before and after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import NAMES, Account, AccountKind
from gongdao.ledger.csv_lines import csv_lines
from gongdao.ledger.snapshot import one_moment
from gongdao.ledger.transfers import KINDS, TransferKind

_PAGE = 2000
_BEFORE = """SELECT
  (SELECT coalesce(sum(amount_minor), 0) FROM ledger_transfer
   WHERE credit_id = %(id)s AND at < %(at)s)
- (SELECT coalesce(sum(amount_minor), 0) FROM ledger_transfer
   WHERE debit_id = %(id)s AND at < %(at)s)"""


@dataclass(frozen=True)
class StatementLine:
    """One transfer as the account sees it: ``amount`` came (or, below zero, went), ``balance`` is
    what stood there afterwards."""

    seq: int
    at: datetime
    kind: TransferKind
    about: SubjectRef
    reference: str
    other: Account
    amount: Money
    balance: Money


def read_statement(
    *, account: Account, begin: datetime, until: datetime
) -> Iterator[StatementLine]:
    """Every transfer with ``begin`` ≤ time < ``until`` in the order it was written, as of one
    moment; ``find_opening`` is the balance that the first line starts from. Read in pages: memory
    stays flat."""
    with one_moment():
        balance = find_opening(account=account, begin=begin)
        after = 0
        while rows := _page(account, begin, until, after):
            for row in rows:
                line = _line(account, balance, row)
                balance, after = line.balance, line.seq
                yield line


def find_opening(*, account: Account, begin: datetime) -> Money:
    """The account's balance from all transfers before ``begin``."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"id": account.id, "at": begin})
        return Money(int(cursor.fetchone()[0]), account.currency)


def _page(account: Account, begin: datetime, until: datetime, after: int) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {
        "id": account.id, "begin": begin, "until": until, "after": after, "most": _PAGE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(load_sql("gongdao.ledger", "statement"), values)
        return list(cursor.fetchall())


def _line(account: Account, before: Money, row: tuple[Any, ...]) -> StatementLine:
    amount = Money(row[6], account.currency)
    return StatementLine(
        seq=row[0],
        at=row[1],
        kind=TransferKind(row[2]),
        about=SubjectRef(row[3], row[4]),
        reference=row[5],
        other=Account(AccountKind(row[7]), SubjectRef(row[8], row[9]), account.currency),
        amount=amount,
        balance=before + amount,
    )


def statement_csv(*, account: Account, begin: datetime, until: datetime) -> Iterator[str]:
    """The statement as CSV: first the opening balance, then one line a transfer. A transaction is
    open while it is read."""
    return csv_lines(_rows(account, begin, until))


def _rows(account: Account, begin: datetime, until: datetime) -> Iterator[list[str]]:
    yield [
        _("序号"), _("时间"), _("类型"), _("关于"), _("凭据号"), _("对方账户"), _("金额"),
        _("余额"), _("币种"),
    ]  # fmt: skip
    zone = begin.tzinfo
    with one_moment():
        opening = find_opening(account=account, begin=begin)
        yield ["", begin.isoformat(), _("期初余额"), "", "", "", "", str(opening), opening.currency]
        for line in read_statement(account=account, begin=begin, until=until):
            yield [
                str(line.seq),
                line.at.astimezone(zone).isoformat(),
                translated(KINDS[line.kind]),
                f"{line.about.kind}:{line.about.id}",
                line.reference,
                translated(NAMES[line.other.kind]),
                str(line.amount),
                str(line.balance),
                line.balance.currency,
            ]
