"""Reading balances. Credits minus debits: what somebody has, or is owed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind, Guard


def find_balances(accounts: Iterable[Account]) -> dict[Account, Money]:
    """The balance of each account at one moment; of one that was never opened, zero.

    One statement. Guarded accounts have their balance at hand; of the others what was written after
    the last roll-up is summed, so a read stays quick however long the history is.
    """
    wanted = list(dict.fromkeys(accounts))
    by_id = {account.id: account for account in wanted}
    with connection.cursor() as cursor:
        cursor.execute(load_sql("gongdao.ledger", "balances"), {"ids": list(by_id)})
        found = {row[0]: int(row[1]) for row in cursor.fetchall()}
    return {
        account: Money(found.get(account.id, 0), account.currency) for account in by_id.values()
    }


def find_balance(account: Account) -> Money:
    """The balance of one account; see ``find_balances``."""
    return find_balances([account])[account]


_FREE = "SELECT posted_minor - pending_minor FROM ledger_balance WHERE account_id = %s"


def find_spendable(account: Account) -> Money:
    """What a guarded account can pay now: its balance less what is promised; one row is read."""
    if account.guard is not Guard.BALANCE:
        raise ValueError(f"{account.kind} has no guarded balance")
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [account.id])
        row = cursor.fetchone()
    return Money(row[0] if row else 0, account.currency)


@dataclass(frozen=True)
class MerchantMoney:
    """What stands on a merchant's accounts. ``owed`` is what he owes the platform."""

    held: Money
    free: Money
    deposit: Money
    under_way: Money
    owed: Money


def find_merchant_money(*, merchant: SubjectRef, currency: str = "CNY") -> MerchantMoney:
    """Held, free, deposit, payouts under way and debt of a merchant, at one moment."""
    kinds = (
        AccountKind.MERCHANT_HELD,
        AccountKind.MERCHANT_FREE,
        AccountKind.MERCHANT_DEPOSIT,
        AccountKind.MERCHANT_PAYABLE,
        AccountKind.MERCHANT_RECEIVABLE,
    )
    accounts = [Account(kind, merchant, currency) for kind in kinds]
    balances = find_balances(accounts)
    held, free, deposit, payable, receivable = (balances[one] for one in accounts)
    return MerchantMoney(held, free, deposit, payable, Money(-receivable.minor, currency))
