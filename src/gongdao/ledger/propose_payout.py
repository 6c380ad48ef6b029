"""Propose a payout: the amount leaves the merchant's free money at once, and waits for approval."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import PayoutRefused, ReferenceReused
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.day_out import find_day_out
from gongdao.ledger.decide_payout import PayoutPolicy, judge_proposal
from gongdao.ledger.locks import lock_balances
from gongdao.ledger.models import Payee, Payout
from gongdao.ledger.open_account import open_accounts
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.refusals import said_refusals
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.transfers import TransferKind, check_reference


def propose_payout(
    *,
    payee_id: UUID,
    amount: Money,
    through: Account,
    policy: PayoutPolicy,
    by: UUID,
    reference: str,
    at: datetime,
) -> UUID:
    """Set ``amount`` aside for a verified payee; the payout's id. ``through`` is the account that
    will pay: a gateway's clearing, or the bank (``OUTSIDE``) where the platform may hold money.

    What the merchant owes is taken from his free money first. One person moves no more than the
    policy's limit in a day by several payouts: what he got today or is to get, by payouts or by
    splits, counts against it.

    ``reference`` is the merchant's own number for it: the same again is the same payout. Raises
    PayoutRefused, NotEnoughMoney, ReferenceReused; then nothing moved.
    """
    check_reference(reference)
    reason = judge_proposal(amount=amount, through=through, policy=policy)
    payee = Payee.objects.filter(id=payee_id).first()
    if reason is None and (payee is None or payee.verified_at is None):
        reason = Phrase("收款账户没有核实，或者不属于这个商户。")
    if reason is not None or payee is None:
        raise PayoutRefused(reason or Phrase("没有这个收款账户，或者已经停用。"))
    payout = Payout(
        id=new_id(at),
        owner_kind=payee.owner_kind,
        owner_id=payee.owner_id,
        reference=reference,
        payee=payee,
        through_id=through.id,
        amount_minor=amount.minor,
        currency=amount.currency,
        limit_minor=policy.second_person_over.minor,  # less the day's others, once locked
        proposed_by=by,
        proposed_at=at,
    )
    with said_refusals(reference), transaction.atomic():
        found = _find_same(payout)
        if found is None:
            _settle_first(payout, at)
            Payout.objects.bulk_create([payout], ignore_conflicts=True)
            found = _find_same(payout)
            if found == payout.id:
                _set_aside(payout, at)
        return found or payout.id


def _find_same(wanted: Payout) -> UUID | None:
    row = Payout.objects.filter(
        owner_kind=wanted.owner_kind, owner_id=wanted.owner_id, reference=wanted.reference
    ).first()
    if row is None:
        return None
    asked = (wanted.payee_id, wanted.through_id, wanted.amount_minor, wanted.currency)
    if (row.payee_id, row.through_id, row.amount_minor, row.currency) != asked:
        raise ReferenceReused(wanted.reference)
    return row.id


def _settle_first(payout: Payout, at: datetime) -> None:
    """Collect what he owes, and lower the payout's limit by what else leaves him on this day;
    under the lock of his free money, so that two at once count each other."""
    merchant = SubjectRef(payout.owner_kind, payout.owner_id)
    collect_debt(merchant=merchant, currency=payout.currency, at=at)
    lock_balances([Account(AccountKind.MERCHANT_FREE, merchant, payout.currency).id])
    out = find_day_out(merchant=merchant, currency=payout.currency, at=at)
    payout.limit_minor = max(0, payout.limit_minor - out.minor)


def _set_aside(payout: Payout, at: datetime) -> None:
    merchant = SubjectRef(payout.owner_kind, payout.owner_id)
    payable = Account(AccountKind.MERCHANT_PAYABLE, merchant, payout.currency)
    open_accounts(accounts=[payable], at=at)
    post_transfer(
        source=Account(AccountKind.MERCHANT_FREE, merchant, payout.currency),
        target=payable,
        amount=Money(payout.amount_minor, payout.currency),
        kind=TransferKind.PAYOUT,
        about=SubjectRef("payout", payout.id),
        reference=payout.reference,
        at=at,
    )
