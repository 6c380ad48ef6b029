"""What the watchdog does to an order that it holds locked: each deed is one of the market's own
verbs, or says why nothing can be done but wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import StockShort
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.holds import find_holds
from gongdao.ledger.place_hold import place_hold
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.confirm_payment import delivered_leaves
from gongdao.market.decide_watch import Verdict, WatchDeed, WatchFacts
from gongdao.market.deliver_by_hand import compensate_lateness
from gongdao.market.give_back import give_back, refund_hold
from gongdao.market.models import Order
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.market.told_units import find_told_units
from gongdao.payments.models import Credit, Refund
from gongdao.vault.allocate import allocate
from gongdao.vault.reserve import release
from gongdao_verify.order_form import REPLACED


@dataclass(frozen=True)
class _Work:
    stores: Stores
    order: Order
    verdict: Verdict
    facts: WatchFacts
    at: datetime


def do_deed(
    *, stores: Stores, order_id: UUID, verdict: Verdict, facts: WatchFacts, at: datetime
) -> bool:
    """Do what ``verdict`` says, in the transaction that holds the order; False where it turned out
    that nothing had to be done."""
    order = Order.objects.get(id=order_id)
    return _DEEDS[verdict.deed](_Work(stores, order, verdict, facts, at))


def _expire(work: _Work) -> bool:
    order = work.order
    order.state, order.why = OrderState.EXPIRED, work.verdict.why
    order.save(update_fields=["state", "why"])
    release(claim=SubjectRef("order", order.id))
    leaves = [NewLeaf("order.expired", order.log_subject)]
    append_leaves(stores=work.stores, leaves=leaves, at=work.at)
    return True


def _credit_of(order: Order) -> Credit:
    rows = Credit.objects.select_related("intent")
    return rows.get(intent__owner_kind="order", intent__owner_id=order.id, surplus=False)


def _honour(work: _Work) -> bool:
    """Money that was booked beside an order that knows nothing of it goes back, through a hold as
    all money does."""
    order, credit = work.order, _credit_of(work.order)
    owner, amount = SubjectRef("order", order.id), Money(credit.amount_minor, credit.currency)
    place_hold(
        source=clearing_account(credit.gateway, credit.intent.account, credit.currency),
        held=merchant_account(AccountKind.MERCHANT_HELD, order.merchant_id, credit.currency),
        amount=amount,
        owner=owner,
        purpose="sale",
        at=work.at,
    )
    release(claim=owner)
    order.state, order.paid_at, order.why = OrderState.REFUNDING, credit.at, work.verdict.why
    order.save(update_fields=["state", "paid_at", "why"])
    leaves = [NewLeaf(f"order.{what}", order.log_subject) for what in ("paid", "refund_requested")]
    append_leaves(stores=work.stores, leaves=leaves, at=work.at)
    _refund_held(order, credit, work.verdict.why, work.at)
    return True


def _refund_held(order: Order, credit: Credit, why: str, at: datetime) -> None:
    for hold in find_holds(owner=SubjectRef("order", order.id)):
        if hold.purpose == "sale" and hold.left.minor:
            refund_hold(hold_id=hold.id, amount=hold.left, credit_id=credit.id, reason=why, at=at)


def _deliver(work: _Work) -> bool:
    """Give a paid order its units. Where the shelf has too few, the money goes back. An order that
    was delivered before gets others in their place; the log is told of those that are new."""
    order = work.order
    shown = find_shown(order.listing_id, order.listing_version)
    claim, missing = SubjectRef("order", order.id), "secrets_missing"
    if shown.sku_id is None or 0 < work.facts.units < order.quantity:
        return give_back(stores=work.stores, order_id=order.id, why=missing, at=work.at)
    try:
        with transaction.atomic():
            units = allocate(sku=shown.sku_id, claim=claim, units=order.quantity, at=work.at)
    except StockShort:
        why = "out_of_stock" if order.state == OrderState.PAID else missing
        return give_back(stores=work.stores, order_id=order.id, why=why, at=work.at)
    commitments = [one.commitment for one in units]
    if order.state == OrderState.DELIVERED:
        told = find_told_units(order.log_subject)
        other = [one for one in commitments if one not in told]
        leaves = delivered_leaves(order.log_subject, other, REPLACED)
        append_leaves(stores=work.stores, leaves=leaves, at=work.at)
        return True
    order.state, order.delivered_at = OrderState.DELIVERED, work.at
    order.protected_until = work.at + timedelta(hours=shown.offer.protect_hours)
    order.why = "delivered"
    order.save(update_fields=["state", "delivered_at", "protected_until", "why"])
    leaves = delivered_leaves(order.log_subject, commitments)
    append_leaves(stores=work.stores, leaves=leaves, at=work.at)
    compensate_lateness(order=order, at=work.at)
    return True


def _give_back(work: _Work) -> bool:
    return give_back(stores=work.stores, order_id=work.order.id, why=work.verdict.why, at=work.at)


def _refund_again(work: _Work) -> bool:
    _refund_held(work.order, _credit_of(work.order), work.order.why or "not_owed", work.at)
    return True


def _push_refund(work: _Work) -> bool:
    """Have a refund tried once more that was given up; after that a person decides."""
    stuck = Refund.objects.filter(credit__intent__owner_id=work.order.id, state="stuck")
    told = _tell(work)
    pushed = stuck.filter(problem__startswith="gateway_off").update(
        state="requested", next_try_at=work.at, tries=0
    )
    return bool(pushed) or told


def _tell(work: _Work) -> bool:
    if work.order.why == work.verdict.why:
        return False
    work.order.why = work.verdict.why
    work.order.save(update_fields=["why"])
    return True


def _person(work: _Work) -> bool:
    _tell(work)
    return True


_DEEDS: dict[WatchDeed, Callable[[_Work], bool]] = {
    WatchDeed.EXPIRE: _expire,
    WatchDeed.HONOUR: _honour,
    WatchDeed.DELIVER: _deliver,
    WatchDeed.GIVE_BACK: _give_back,
    WatchDeed.REFUND_AGAIN: _refund_again,
    WatchDeed.PUSH_REFUND: _push_refund,
    WatchDeed.TELL: _tell,
    WatchDeed.PERSON: _person,
}
