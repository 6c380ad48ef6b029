"""What chargebacks, payments of a debt and write-offs share: their accounts, and what is booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import PLATFORM, Account, AccountKind
from gongdao.ledger.locks import lock_balances
from gongdao.ledger.open_account import open_accounts
from gongdao.ledger.transfers import Journal, TransferKind


@dataclass(frozen=True)
class DebtAccounts:
    """The accounts that a debt of ``merchant`` may touch."""

    merchant: SubjectRef
    currency: str

    def _of(self, kind: AccountKind) -> Account:
        return Account(kind, self.merchant, self.currency)

    @property
    def free(self) -> Account:
        """What the merchant may take out."""
        return self._of(AccountKind.MERCHANT_FREE)

    @property
    def deposit(self) -> Account:
        """What stands behind his sales."""
        return self._of(AccountKind.MERCHANT_DEPOSIT)

    @property
    def receivable(self) -> Account:
        """What he owes: below zero."""
        return self._of(AccountKind.MERCHANT_RECEIVABLE)

    @property
    def cover(self) -> Account:
        """The part of reserve and guarantee that is tied up behind his debt."""
        return self._of(AccountKind.PLATFORM_COVER)

    @property
    def reserve(self) -> Account:
        """The platform's reserve."""
        return Account(AccountKind.PLATFORM_RESERVE, PLATFORM, self.currency)

    @property
    def guarantee(self) -> Account:
        """The platform's own money for rulings."""
        return Account(AccountKind.PLATFORM_GUARANTEE, PLATFORM, self.currency)

    @property
    def cost(self) -> Account:
        """What the platform itself bears."""
        return Account(AccountKind.PLATFORM_COST, PLATFORM, self.currency)

    @property
    def refunds(self) -> Account:
        """What is on its way back to buyers."""
        return Account(AccountKind.BUYER_REFUND, PLATFORM, self.currency)

    def lock(self, at: datetime) -> dict[Account, Money]:
        """Open those that are not open, lock the guarded ones in order until the transaction ends
        (one debt changes at a time), and say what each has to spend."""
        guarded = (self.free, self.deposit, self.cover, self.reserve, self.guarantee)
        open_accounts(accounts=[*guarded, self.receivable, self.cost], at=at)
        spendable = lock_balances([account.id for account in guarded])
        return {one: Money(spendable[one.id], self.currency) for one in guarded}


_BOOKED = """SELECT journal_id, seq, amount_minor, currency, kind FROM ledger_transfer
WHERE owner_kind = %s AND owner_id = %s AND reference = %s
  AND journal_id IN (SELECT journal_id FROM ledger_transfer
    WHERE owner_kind = %s AND owner_id = %s AND kind = %s AND reference = %s)
ORDER BY seq"""


def find_booked(
    *, about: SubjectRef, kind: TransferKind, reference: str
) -> tuple[Journal, Money] | None:
    """The journal that stands under this identity, and how much of ``kind`` it moved."""
    key = (about.kind, about.id)
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, (*key, reference, *key, kind.value, reference))
        rows = cursor.fetchall()
    if not rows:
        return None
    total = sum(row[2] for row in rows if row[4] == kind.value)
    journal = Journal(rows[0][0], tuple(row[1] for row in rows), replayed=True)
    return journal, Money(total, rows[0][3])


_FROM_GUARANTEE = """SELECT coalesce(sum(CASE WHEN credit_id = %(cover)s THEN amount_minor
                          ELSE -amount_minor END), 0)
FROM ledger_transfer
WHERE (debit_id = %(guarantee)s AND credit_id = %(cover)s)
   OR (debit_id = %(cover)s AND credit_id = %(guarantee)s)"""


def find_guarantees_part(accounts: DebtAccounts, cover: Money) -> Money:
    """How much of ``cover`` came from the guarantee and goes back to it; the rest is the reserve's.
    What was given up since is taken to have been the reserve's first."""
    with connection.cursor() as cursor:
        ids = {"cover": accounts.cover.id, "guarantee": accounts.guarantee.id}
        cursor.execute(_FROM_GUARANTEE, ids)
        row = cursor.fetchone()
    net = int(row[0]) if row else 0
    return Money(max(0, min(net, cover.minor)), cover.currency)
