"""A small house of money for the ledger's tests: two merchants, a gateway, the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import (
    GATEWAY_KINDS,
    MERCHANT_KINDS,
    PLATFORM,
    PLATFORM_KINDS,
    Account,
    AccountKind,
    accounts_of,
)
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.open_account import open_accounts
from gongdao.ledger.place_hold import place_hold
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind

AT = datetime(2026, 11, 23, 10, tzinfo=BEIJING)
MERCHANT = SubjectRef("merchant", UUID(int=1))
OTHER = SubjectRef("merchant", UUID(int=2))
GATEWAY = SubjectRef("gateway", UUID(int=3))

CLEARING = Account(AccountKind.GATEWAY_CLEARING, GATEWAY)
REFUNDS = Account(AccountKind.BUYER_REFUND, GATEWAY)
HELD = Account(AccountKind.MERCHANT_HELD, MERCHANT)
FREE = Account(AccountKind.MERCHANT_FREE, MERCHANT)
DEPOSIT = Account(AccountKind.MERCHANT_DEPOSIT, MERCHANT)
PAYABLE = Account(AccountKind.MERCHANT_PAYABLE, MERCHANT)
RECEIVABLE = Account(AccountKind.MERCHANT_RECEIVABLE, MERCHANT)
COVER = Account(AccountKind.PLATFORM_COVER, MERCHANT)
OUTSIDE = Account(AccountKind.OUTSIDE, PLATFORM)
FEE = Account(AccountKind.PLATFORM_FEE, PLATFORM)
COST = Account(AccountKind.PLATFORM_COST, PLATFORM)
RESERVE = Account(AccountKind.PLATFORM_RESERVE, PLATFORM)
GUARANTEE = Account(AccountKind.PLATFORM_GUARANTEE, PLATFORM)


def open_house() -> None:
    """Open every account of the house."""
    accounts = [
        *accounts_of(MERCHANT_KINDS, MERCHANT),
        *accounts_of(MERCHANT_KINDS, OTHER),
        *accounts_of(PLATFORM_KINDS, PLATFORM),
        *accounts_of(GATEWAY_KINDS, GATEWAY),
    ]
    open_accounts(accounts=accounts, at=AT)


def new_order() -> SubjectRef:
    """An order that nobody has seen."""
    return SubjectRef("order", uuid4())


def pay(minor: int, order: SubjectRef | None = None, held: Account = HELD) -> UUID:
    """A buyer pays; the hold."""
    owner = order or new_order()
    return place_hold(source=CLEARING, held=held, amount=Money(minor), owner=owner, at=AT)


def release(hold_id: UUID, minor: int, reference: str = "1", to: Account = FREE) -> None:
    """Money of a hold goes to the merchant."""
    part = Part(to, Money(minor), TransferKind.RELEASE)
    settle_hold(
        hold_id=hold_id, parts=[part], ground=Ground.CONFIRMATION, reference=reference, at=AT
    )


def earn(minor: int) -> None:
    """Free money of the merchant, by an order that was confirmed."""
    release(pay(minor), minor)


def fund(account: Account, minor: int) -> None:
    """Money from the bank for the platform's guarantee or reserve, or a merchant's deposit."""
    kind = TransferKind.DEPOSIT if account == DEPOSIT else TransferKind.FUND
    post_transfer(
        source=OUTSIDE,
        target=account,
        amount=Money(minor),
        kind=kind,
        about=new_order(),
        reference="1",
        at=AT,
    )


def run_sql(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    """What a hand at the database would do."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def count_transfers() -> int:
    """How many transfers there are."""
    return int(run_sql("SELECT count(*) FROM ledger_transfer")[0][0])


def check_agrees() -> None:
    """Everything that must agree does; the tests' database lets its tables be emptied."""
    found = [one for one in check_ledger().differences if not one.where.endswith("_whole")]
    assert not found, "\n".join(f"{one.code} {one.where}: {one.said}" for one in found)
