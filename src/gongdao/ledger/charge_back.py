"""Money that a gateway took back after the sale: from whoever still has it, then as a debt."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import MoneyRefused, ReferenceReused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account
from gongdao.ledger.debts import DebtAccounts, find_booked
from gongdao.ledger.decide_charge_back import Shares, decide_charge_back
from gongdao.ledger.holds import Hold, get_holds_locked
from gongdao.ledger.post_transfers import Draft, write_journals
from gongdao.ledger.transfers import Ground, Journal, NewTransfer, TransferKind


def charge_back(
    *,
    merchant: SubjectRef,
    gateway: Account,
    amount: Money,
    about: SubjectRef,
    reference: str,
    at: datetime,
    hold_id: UUID | None = None,
    draw_deposit: bool = False,
    refunds: Money | None = None,
    twice: Money | None = None,
) -> Journal:
    """Book that ``gateway`` (its clearing account) took ``amount`` back for ``about`` (the order).

    ``refunds`` (what waits for the buyer, whom his bank has paid instead) goes first; ``twice``
    (what he was refunded before) is the platform's loss, out of its reserve as far as that goes.
    The rest is borne by what is left in ``hold_id``, then by the merchant's free money, then (only
    with ``draw_deposit``, which his terms must allow) by his deposit; what remains he owes, and the
    platform's reserve is tied up behind that debt as far as it reaches. The same ``reference`` (the
    gateway's number) is booked once; another amount under it is ReferenceReused, and one that came
    back is not taken again under it (MoneyRefused).
    """
    if amount.minor <= 0:
        raise MoneyRefused(Phrase("金额必须大于零"))
    accounts = DebtAccounts(merchant, amount.currency)
    ground = f"{Ground.CHARGEBACK}:{reference}"
    nothing = Money(0, amount.currency)
    with transaction.atomic():
        hold = get_holds_locked([hold_id])[hold_id] if hold_id is not None else None
        has = accounts.lock(at)
        booked = find_booked(about=about, kind=TransferKind.CHARGE_BACK, reference=ground)
        if booked is not None:
            if booked[1] != amount:
                raise ReferenceReused(reference)
            _check_kept(about, ground, reference)
            return booked[0]
        shares = decide_charge_back(
            amount=amount,
            held=hold.left if hold else nothing,
            free=has[accounts.free],
            deposit=has[accounts.deposit] if draw_deposit else nothing,
            reserve=has[accounts.reserve],
            refunds=refunds or nothing,
            twice=twice or nothing,
        )
        transfers = _transfers(accounts, gateway, about, hold, shares)
        return write_journals(drafts=[Draft(tuple(transfers), ground)], at=at)[0]


def _check_kept(about: SubjectRef, ground: str, reference: str) -> None:
    """Raise MoneyRefused for a chargeback that came back: taken anew it has another number."""
    if find_booked(about=about, kind=TransferKind.REVERSAL, reference=ground) is not None:
        raise MoneyRefused(
            Phrase(
                "编号 {no} 的拒付已经退回过。银行又拿走一次的，在编号后面加“~2”再登记。",
                no=reference,
            )
        )


def _transfers(
    accounts: DebtAccounts, gateway: Account, about: SubjectRef, hold: Hold | None, shares: Shares
) -> list[NewTransfer]:
    back = TransferKind.CHARGE_BACK
    found = []
    if hold is not None and shares.held.minor:
        found.append(NewTransfer(hold.account, gateway, shares.held, back, about, hold.id))
    found += [
        NewTransfer(source, gateway, share, back, about)
        for source, share in (
            (accounts.refunds, shares.refunds),
            (accounts.reserve, shares.lost),
            (accounts.cost, shares.cost),
            (accounts.free, shares.free),
            (accounts.deposit, shares.deposit),
            (accounts.receivable, shares.receivable),
        )
        if share.minor
    ]
    if shares.cover.minor:
        found.append(
            NewTransfer(accounts.reserve, accounts.cover, shares.cover, TransferKind.COVER, about)
        )
    return found
