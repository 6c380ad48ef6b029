"""A chargeback came back: the service paid out what it had taken. Whoever bore it has it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.debts import DebtAccounts, find_booked
from gongdao.ledger.decide_charge_back import decide_cover_back, decide_debt_back
from gongdao.ledger.holds import get_holds_locked
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.post_transfers import Draft, write_journals
from gongdao.ledger.queries import find_balance
from gongdao.ledger.reverse_transfer import mirror_of
from gongdao.ledger.settle_debt import free_cover
from gongdao.ledger.transfers import Ground, Journal, NewTransfer, TransferKind

_GIVEN_UP = """SELECT
  coalesce(sum(CASE WHEN t.debit_id = %(cover)s THEN t.amount_minor
                    WHEN t.credit_id = %(reserve)s THEN -t.amount_minor END), 0),
  coalesce(sum(CASE WHEN t.debit_id = %(cost)s THEN t.amount_minor
                    WHEN t.credit_id = %(cost)s THEN -t.amount_minor END), 0)
FROM ledger_transfer t
WHERE t.seq > %(since)s AND (t.credit_id = %(owed)s AND t.kind = 'write_off'
  OR t.debit_id = %(owed)s AND t.kind = 'debt_back')"""


def find_charge_back(*, about: SubjectRef, reference: str) -> Money | None:
    """How much was booked as charged back of ``about`` under the gateway's number."""
    ground = f"{Ground.CHARGEBACK}:{reference}"
    booked = find_booked(about=about, kind=TransferKind.CHARGE_BACK, reference=ground)
    return booked[1] if booked is not None else None


def return_charge_back(
    *, merchant: SubjectRef, about: SubjectRef, reference: str, at: datetime
) -> Journal:
    """Book that the gateway paid the whole chargeback ``reference`` of ``about`` back, once.

    Each of its transfers is reversed: into the hold, the merchant's free money or deposit, what
    waits for the buyer, the reserve, the costs. A debt is smaller by it, and cover that no debt
    needs is free; where the debt was paid or given up since, the money goes to whom that was.
    MoneyRefused where no such chargeback was booked.
    """
    booked = find_charge_back(about=about, reference=reference)
    if booked is None:
        raise MoneyRefused(Phrase("没有登记过这个编号的拒付。"))
    ground = f"{Ground.CHARGEBACK}:{reference}"
    accounts = DebtAccounts(merchant, booked.currency)
    with transaction.atomic():
        mirrors = [mirror_of(seq) for seq in find_lines(about=about, reference=reference)]
        get_holds_locked({one.hold_id for one in mirrors if one.hold_id is not None})
        has = accounts.lock(at)
        done = find_booked(about=about, kind=TransferKind.REVERSAL, reference=ground)
        if done is not None:
            return done[0]
        transfers = [*mirrors, *_settle_debt(accounts, mirrors, has, about)]
        return write_journals(drafts=[Draft(tuple(transfers), ground)], at=at)[0]


def find_lines(*, about: SubjectRef, reference: str) -> list[int]:
    """The numbers of the transfers that a chargeback took money by, in their order."""
    rows = LedgerTransfer.objects.filter(
        owner_kind=about.kind,
        owner_id=about.id,
        kind=TransferKind.CHARGE_BACK.value,
        reference=f"{Ground.CHARGEBACK}:{reference}",
    )
    return list(rows.order_by("seq").values_list("seq", flat=True))


def _settle_debt(
    accounts: DebtAccounts,
    mirrors: Sequence[NewTransfer],
    has: dict[Account, Money],
    about: SubjectRef,
) -> list[NewTransfer]:
    """What becomes of the debt that the chargeback made, and of the cover behind it."""
    nothing = Money(0, accounts.currency)
    back = [one for one in mirrors if one.target == accounts.receivable]
    debt = sum((one.amount for one in back), nothing)
    owed = max(nothing, nothing - find_balance(accounts.receivable))
    cover = has[accounts.cover]
    freed = decide_cover_back(owed=owed, paid=min(debt, owed), cover=cover)
    since = min((one.reverses or 0 for one in back), default=0)
    reserve, cost = _given_up(accounts, since) if debt > owed else (nothing, nothing)
    over = decide_debt_back(debt=debt, owed=owed, reserve=reserve, cost=cost)
    parts = (
        (accounts.reserve, over.reserve),
        (accounts.cost, over.cost),
        (accounts.free, over.free),
    )
    return [
        *(free_cover(accounts, freed, cover, about) if debt.minor else ()),
        *_from(accounts.receivable, parts, about),
    ]


def _from(
    source: Account, parts: Iterable[tuple[Account, Money]], about: SubjectRef
) -> list[NewTransfer]:
    return [
        NewTransfer(source, target, share, TransferKind.DEBT_BACK, about)
        for target, share in parts
        if share.minor
    ]


def _given_up(accounts: DebtAccounts, since: int) -> tuple[Money, Money]:
    """What of the merchant's debts the reserve and the platform's costs bore after transfer
    ``since``, less what came back of it."""
    values: dict[str, Any] = {
        "cover": accounts.cover.id,
        "reserve": accounts.reserve.id,
        "cost": accounts.cost.id,
        "owed": accounts.receivable.id,
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_UP, values)
        row = cursor.fetchone()
    reserve, cost = (max(0, int(one)) for one in row)
    return Money(reserve, accounts.currency), Money(cost, accounts.currency)
