"""The platform's own money: guarantee and reserve are filled, payment services settle, keep fees.

Each booking is proposed and confirmed, over the limit by two people; in between it is a pending
transfer of the ledger and nobody can spend it. Both steps stand in the record of staff deeds.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import PLATFORM, Account, AccountKind
from gongdao.ledger.locks import lock_balances
from gongdao.ledger.models import LedgerAccount, LedgerPending
from gongdao.ledger.open_account import open_accounts
from gongdao.ledger.pending import begin_pending, post_pending, void_pending
from gongdao.ledger.queries import find_balance
from gongdao.ledger.states import PendingState
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import platform_account
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.vetting_models import StaffDeed


class Booking(StrEnum):
    """What is booked."""

    GUARANTEE = "guarantee"
    """Money from the bank, or of the fees, for rulings that nobody else pays."""
    RESERVE = "reserve"
    """The same, for debts after chargebacks."""
    SETTLEMENT = "settlement"
    """A payment service brought what it held to the bank."""
    GATEWAY_FEE = "gateway_fee"
    """A payment service kept its fee."""


_KINDS = {
    Booking.GUARANTEE: TransferKind.FUND,
    Booking.RESERVE: TransferKind.FUND,
    Booking.SETTLEMENT: TransferKind.SETTLEMENT,
    Booking.GATEWAY_FEE: TransferKind.GATEWAY_FEE,
}
BOOKED = frozenset(kind.value for kind in _KINDS.values())
"""Kinds of transfers that are bookings."""
PROPOSED = "booking.propose"


def propose_booking(
    *,
    booking: Booking,
    account: Account,
    amount: Money,
    reference: str,
    by: Actor,
    reason: str,
    at: datetime,
) -> UUID:
    """Propose to book ``amount`` under the bank's or service's number ``reference``; its id.

    ``account`` is where it comes from (the bank, the fees), or the service's clearing account that
    settles or keeps a fee. The same number again is the same booking. Raise MoneyRefused where
    there is less, ReferenceReused, InputError without a reason.
    """
    said = check_reason(reason)
    debit, credit = _sides(booking, account)
    with transaction.atomic():
        open_accounts(accounts=[debit, credit], at=at)
        _check_there(debit, credit, amount)
        made = begin_pending(
            source=debit,
            target=credit,
            amount=amount,
            kind=_KINDS[booking],
            about=PLATFORM,
            reference=reference,
            at=at,
        )
        if _proposer(made) is None:
            about = ("booking", str(made))
            note_deed(by=by, deed=PROPOSED, about=about, reason=f"{amount} {said}", at=at)
    return made


def confirm_booking(*, pending_id: UUID, by: Actor, limit: Money, at: datetime) -> bool:
    """Make the transfer; over ``limit`` by somebody else than who proposed it. False where it was
    made before. Raise MoneyRefused where it was given up, or where there is less by now."""
    with transaction.atomic():
        row = _lock(pending_id)
        if row.state == PendingState.POSTED:
            return False
        amount = Money(row.amount_minor, row.currency)
        if amount.currency != limit.currency or amount.minor > limit.minor:
            proposer = _proposer(row.id)
            if proposer is None or proposer.who is None or proposer.who == by.id:
                raise MoneyRefused(Phrase("超过限额的要由另一个人确认。"))
        _check_there(_account(row.debit_id), _account(row.credit_id), amount)
        post_pending(pending_id=row.id, at=at)
        note_deed(by=by, deed="booking.confirm", about=("booking", str(row.id)), at=at)
    return True


def cancel_booking(*, pending_id: UUID, by: Actor, reason: str, at: datetime) -> bool:
    """Give a proposed booking up, with a reason; False where that was done before."""
    said = check_reason(reason)
    with transaction.atomic():
        row = _lock(pending_id)
        if not void_pending(pending_id=row.id, at=at):
            return False
        about = ("booking", str(row.id))
        note_deed(by=by, deed="booking.cancel", about=about, reason=said, at=at)
    return True


def _sides(booking: Booking, account: Account) -> tuple[Account, Account]:
    """Debit and credit; which kinds fit the ledger's own table of moves says."""
    currency = account.currency
    if booking in (Booking.GUARANTEE, Booking.RESERVE):
        kind = (
            AccountKind.PLATFORM_GUARANTEE
            if booking is Booking.GUARANTEE
            else AccountKind.PLATFORM_RESERVE
        )
        return account, platform_account(kind, currency)
    payer = AccountKind.OUTSIDE if booking is Booking.SETTLEMENT else AccountKind.PLATFORM_COST
    return platform_account(payer, currency), account


def _check_there(debit: Account, credit: Account, amount: Money) -> None:
    """Raise MoneyRefused where fees or a payment service have less than is to leave them. Bookings
    wait for each other here, since neither account has a row of its own to lock."""
    guarded = (AccountKind.PLATFORM_GUARANTEE, AccountKind.PLATFORM_RESERVE)
    lock_balances([platform_account(kind, amount.currency).id for kind in guarded])
    if debit.kind is AccountKind.PLATFORM_FEE:
        there = find_balance(debit).minor
    elif credit.kind is AccountKind.GATEWAY_CLEARING:
        there = -find_balance(credit).minor
    else:
        return
    if amount.minor > there:
        most = Money(max(there, 0), amount.currency)
        raise MoneyRefused(Phrase("那里现在只有 {most} 元。", most=str(most)))


def _proposer(pending_id: UUID) -> StaffDeed | None:
    rows = StaffDeed.objects.filter(deed=PROPOSED, about_kind="booking", about_id=str(pending_id))
    return rows.order_by("id").first()


def _lock(pending_id: UUID) -> LedgerPending:
    rows = LedgerPending.objects.select_for_update(no_key=True)
    row = rows.filter(id=pending_id, kind__in=BOOKED).first()
    if row is None:
        raise MoneyRefused(Phrase("没有这笔待定转账。"))
    return row


def _account(account_id: UUID) -> Account:
    row = LedgerAccount.objects.get(id=account_id)
    return Account(AccountKind(row.kind), SubjectRef(row.owner_kind, row.owner_id), row.currency)
