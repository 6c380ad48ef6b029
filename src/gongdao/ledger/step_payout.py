"""The steps of a payout after its proposal: approved, requested, confirmed or failed.

``request_payouts`` is what is asked of the bank, ``confirm_payout`` what the bank answers; between
the two nobody guesses.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import PayoutRefused
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.decide_payout import judge_approval
from gongdao.ledger.locks import lock_payout
from gongdao.ledger.models import LedgerAccount, Payout, PayoutBatch
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.refusals import said_refusals
from gongdao.ledger.states import PAYOUT_TRANSITIONS, PayoutState
from gongdao.ledger.transfers import TransferKind, check_reference

_LARGEST_BATCH = 1000
_LONGEST_WHY = 200


def approve_payout(*, payout_id: UUID, by: UUID, at: datetime) -> None:
    """Approve; over the limit by somebody else than who proposed (PayoutRefused otherwise). Once
    more by the same person changes nothing."""
    with said_refusals(), transaction.atomic():
        row = lock_payout(payout_id)
        if row.approved_by == by and row.state != PayoutState.PROPOSED:
            return
        currency = row.currency
        reason = judge_approval(
            amount=Money(row.amount_minor, currency),
            limit=Money(row.limit_minor, currency),
            proposed_by=row.proposed_by,
            approves=by,
        )
        if reason is not None:
            raise PayoutRefused(reason)
        _advance(row, PayoutState.APPROVED, approved_by=by, approved_at=at)


def cancel_payout(*, payout_id: UUID, why: str, at: datetime) -> bool:
    """Take a payout back that was not requested yet; its amount is free again. False where that
    had been done before."""
    with said_refusals(), transaction.atomic():
        row = lock_payout(payout_id)
        if row.state == PayoutState.CANCELLED:
            return False
        _advance(row, PayoutState.CANCELLED, ended_at=at, why=why[:_LONGEST_WHY])
        _move(row, TransferKind.PAYOUT_FAILED, at)
        return True


def request_payouts(
    *,
    through: Account,
    by: UUID | None,
    at: datetime,
    most: int = _LARGEST_BATCH,
    waiting: Collection[UUID] = (),
) -> UUID | None:
    """Put approved payouts that ``through`` pays, oldest first, into one batch and call them
    requested; the batch's id, or None where none is approved. Payouts of the owners in ``waiting``
    are left as they are: something holds their money back now. Each payout is in one batch only,
    however many ask at once. What is handed to the bank is written from the batch afterwards
    (``export_payouts.py``), any number of times."""
    with transaction.atomic():
        rows = list(
            Payout.objects.select_for_update(skip_locked=True)
            .filter(state=PayoutState.APPROVED.value, through_id=through.id)
            .exclude(owner_id__in=list(waiting))
            .order_by("id")[: min(most, _LARGEST_BATCH)]
        )
        if not rows:
            return None
        batch = PayoutBatch.objects.create(id=new_id(at), made_at=at, made_by=by, count=len(rows))
        Payout.objects.filter(id__in=[row.id for row in rows]).update(
            state=PayoutState.REQUESTED.value, requested_at=at, batch=batch
        )
        return batch.id


def confirm_payout(*, payout_id: UUID, bank_reference: str, at: datetime) -> bool:
    """The bank says that it paid, under ``bank_reference``: the money has left. False where the
    same was said before; PayoutRefused where something else was."""
    check_reference(bank_reference)
    with said_refusals(), transaction.atomic():
        row = lock_payout(payout_id)
        if row.state == PayoutState.CONFIRMED and row.bank_reference == bank_reference:
            return False
        _advance(row, PayoutState.CONFIRMED, ended_at=at, bank_reference=bank_reference)
        _move(row, TransferKind.PAYOUT_PAID, at)
        return True


def fail_payout(*, payout_id: UUID, why: str, at: datetime) -> bool:
    """The bank says that it did not pay, and why: the amount is the merchant's free money again.
    False where that had been said before. A bank that does not answer has not said so."""
    with said_refusals(), transaction.atomic():
        row = lock_payout(payout_id)
        if row.state == PayoutState.FAILED:
            return False
        _advance(row, PayoutState.FAILED, ended_at=at, why=why[:_LONGEST_WHY])
        _move(row, TransferKind.PAYOUT_FAILED, at)
        return True


def return_payout(*, payout_id: UUID, why: str, at: datetime) -> bool:
    """A payment that was confirmed came back (the bank could not credit it): the amount is the
    merchant's free money again. False where that had been said before."""
    with said_refusals(), transaction.atomic():
        row = lock_payout(payout_id)
        if row.state == PayoutState.RETURNED:
            return False
        _advance(row, PayoutState.RETURNED, ended_at=at, why=why[:_LONGEST_WHY])
        _move(row, TransferKind.PAYOUT_RETURNED, at)
        return True


def _advance(row: Payout, to: PayoutState, **values: object) -> None:
    """Compare and set; raise PayoutRefused where ``to`` does not follow the state it is in."""
    if to not in PAYOUT_TRANSITIONS[PayoutState(row.state)]:
        raise PayoutRefused(Phrase("这笔付款现在不能这样处理。"))
    found = Payout.objects.filter(id=row.id, state=row.state)
    if found.update(state=to.value, **values) != 1:
        raise PayoutRefused(Phrase("这笔付款现在不能这样处理。"))


def _move(row: Payout, kind: TransferKind, at: datetime) -> None:
    merchant = SubjectRef(row.owner_kind, row.owner_id)
    payable = Account(AccountKind.MERCHANT_PAYABLE, merchant, row.currency)
    free = Account(AccountKind.MERCHANT_FREE, merchant, row.currency)
    bank = LedgerAccount.objects.get(id=row.through_id)
    through = Account(
        AccountKind(bank.kind), SubjectRef(bank.owner_kind, bank.owner_id), bank.currency
    )
    source, target = {
        TransferKind.PAYOUT_PAID: (payable, through),
        TransferKind.PAYOUT_FAILED: (payable, free),
        TransferKind.PAYOUT_RETURNED: (through, free),
    }[kind]
    post_transfer(
        source=source,
        target=target,
        amount=Money(row.amount_minor, row.currency),
        kind=kind,
        about=SubjectRef("payout", row.id),
        reference=row.reference,
        at=at,
    )
