"""A merchant's debt is given up: at once up to the limit of a day, over it proposed by one person
of the staff and confirmed by another. Each step stands in the record of staff deeds.

A proposal is a pending transfer of the ledger that is never made itself: confirmed, it ends, and
the debt is given up as it stands then.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Sum

from gongdao.core.clock import beijing
from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.debts import DebtAccounts, find_booked
from gongdao.ledger.models import LedgerPending, LedgerTransfer
from gongdao.ledger.pending import begin_pending, void_pending
from gongdao.ledger.queries import find_balance
from gongdao.ledger.settle_debt import write_off
from gongdao.ledger.states import PendingState
from gongdao.ledger.transfers import TransferKind
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.vetting_models import StaffDeed

PROPOSED = "debt.propose"
_KIND = TransferKind.WRITE_OFF


def needs_second(*, amount: Money, limit: Money, at: datetime) -> bool:
    """Whether ``amount``, with what was given up before on this day in Beijing, is over ``limit``:
    several small ones count as one."""
    if amount.currency != limit.currency:
        return True
    today = beijing(at).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = LedgerTransfer.objects.filter(
        kind=_KIND.value, currency=amount.currency, at__gte=today, at__lte=at
    )
    before = rows.aggregate(Sum("amount_minor"))["amount_minor__sum"] or 0
    return int(before) + amount.minor > limit.minor


def give_up_debt(
    *,
    merchant_id: UUID,
    amount: Money,
    reference: str,
    by: Actor,
    reason: str,
    limit: Money,
    at: datetime,
) -> bool:
    """Give ``amount`` up, once for each ``reference``; False where that was done before.

    Raise MoneyRefused where he owes less or where somebody else has to confirm it, InputError
    without a reason."""
    said, merchant = check_reason(reason), SubjectRef("merchant", merchant_id)
    number = f"given_up:{reference}"
    with transaction.atomic():
        DebtAccounts(merchant, amount.currency).lock(at)
        known = find_booked(about=merchant, kind=_KIND, reference=number) is not None
        if not known and needs_second(amount=amount, limit=limit, at=at):
            raise MoneyRefused(Phrase("超过限额的要由另一个人确认。"))
        return _give_up(merchant, amount, number, by, said, at)


def propose_write_off(
    *, merchant_id: UUID, amount: Money, reference: str, by: Actor, reason: str, at: datetime
) -> bool:
    """Ask for ``amount`` to be given up by somebody else; nothing moves. False where the same was
    asked before. Raise MoneyRefused where he owes less, ReferenceReused, InputError."""
    said, merchant = check_reason(reason), SubjectRef("merchant", merchant_id)
    accounts = DebtAccounts(merchant, amount.currency)
    with transaction.atomic():
        accounts.lock(at)
        if not 0 < amount.minor <= -find_balance(accounts.receivable).minor:
            raise MoneyRefused(Phrase("金额要大于零，并且不超过商户的欠款。"))
        made = begin_pending(
            source=accounts.cost,
            target=accounts.receivable,
            amount=amount,
            kind=_KIND,
            about=merchant,
            reference=f"given_up:{reference}",
            at=at,
        )
        if proposal_of(made) is not None:
            return False
        about = ("booking", str(made))
        note_deed(by=by, deed=PROPOSED, about=about, reason=f"{amount} {said}", at=at)
    return True


def confirm_write_off(*, pending_id: UUID, by: Actor, at: datetime) -> bool:
    """Give up what was proposed, by somebody else than who proposed it; False where it was done
    before. Raise MoneyRefused for the same person, and where he owes less by now."""
    with transaction.atomic():
        row, proposal = _lock(pending_id), proposal_of(pending_id)
        merchant = SubjectRef(row.owner_kind, row.owner_id)
        if find_booked(about=merchant, kind=_KIND, reference=row.reference) is not None:
            return False
        if row.state != PendingState.PENDING:
            raise MoneyRefused(Phrase("这笔核销已经撤回了。"))
        if proposal is None or proposal.who is None or proposal.who == by.id:
            raise MoneyRefused(Phrase("超过限额的要由另一个人确认。"))
        void_pending(pending_id=row.id, at=at)
        amount = Money(row.amount_minor, row.currency)
        return _give_up(merchant, amount, row.reference, by, proposal.reason, at)


def drop_write_off(*, pending_id: UUID, by: Actor, reason: str, at: datetime) -> bool:
    """Take a proposal back, with a reason; False where it had ended before."""
    said = check_reason(reason)
    with transaction.atomic():
        row = _lock(pending_id)
        if row.state != PendingState.PENDING or not void_pending(pending_id=row.id, at=at):
            return False
        about = ("booking", str(row.id))
        note_deed(by=by, deed="debt.keep", about=about, reason=said, at=at)
    return True


def waiting_write_offs() -> QuerySet[LedgerPending]:
    """Proposals that wait for another person, the oldest first."""
    rows = LedgerPending.objects.filter(state=PendingState.PENDING.value, kind=_KIND.value)
    return rows.order_by("created_at", "id")


def proposal_of(pending_id: UUID) -> StaffDeed | None:
    """Who proposed it, when and why."""
    rows = StaffDeed.objects.filter(deed=PROPOSED, about_kind="booking", about_id=str(pending_id))
    return rows.order_by("id").first()


def _give_up(
    merchant: SubjectRef, amount: Money, number: str, by: Actor, said: str, at: datetime
) -> bool:
    journal = write_off(merchant=merchant, amount=amount, about=merchant, reference=number, at=at)
    if journal.replayed:
        return False
    about = ("merchant", str(merchant.id))
    told = f"{amount} {number.removeprefix('given_up:')} {said}"
    note_deed(by=by, deed="debt.write_off", about=about, reason=told, at=at)
    return True


def _lock(pending_id: UUID) -> LedgerPending:
    rows = LedgerPending.objects.select_for_update(no_key=True)
    row = rows.filter(id=pending_id, kind=_KIND.value).first()
    if row is None:
        raise MoneyRefused(Phrase("没有这笔待定转账。"))
    return row
