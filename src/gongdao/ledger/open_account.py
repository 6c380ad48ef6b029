"""Open accounts: any number of times, one account each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.models import LedgerAccount


def open_account(
    *, kind: AccountKind, owner: SubjectRef, currency: str = "CNY", at: datetime
) -> UUID:
    """Open one account, or find it open; returns its id, which is ``Account(…).id``."""
    account = Account(kind, owner, currency)
    open_accounts(accounts=[account], at=at)
    return account.id


def open_accounts(*, accounts: Sequence[Account], at: datetime) -> None:
    """Open all of these that are not open; one statement. Nothing about an open one changes."""
    LedgerAccount.objects.bulk_create(
        [
            LedgerAccount(
                id=account.id,
                kind=account.kind.value,
                owner_kind=account.owner.kind,
                owner_id=account.owner.id,
                currency=account.currency,
                guard=account.guard.value,
                opened_at=at,
            )
            for account in sorted(accounts, key=lambda one: one.id)
        ],
        ignore_conflicts=True,
    )
