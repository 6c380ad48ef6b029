"""Goods that a person or a supplier delivers: kept sealed, committed to in the public log, shown to
the buyer on the record.

The commitment is that of the log's leaves, over the place and the text; the buyer gets its salt
with the text. Delivered late, a part of the price goes back by the published rule.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError, NotDelivered
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.holds import find_holds
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import platform_account
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.confirm_payment import delivered_leaves
from gongdao.market.decide_watch import decide_late
from gongdao.market.limits import watch_limits
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Handover, Order, RiskAnswer
from gongdao.market.offer import Delivery
from gongdao.market.risk import is_held_back
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState, Recording
from gongdao.payments.models import Credit
from gongdao.payments.request_refund import request_refund
from gongdao_verify.leaf_form import SALT_BYTES, commitment

LONGEST_TEXT = 4000
_READABLE = (OrderState.DELIVERED, OrderState.COMPLETED)


@dataclass(frozen=True)
class Handed:
    """One piece in the clear. ``salt`` opens ``commitment`` over ``{"place", "text"}``."""

    place: int
    text: str = field(repr=False)
    salt: bytes = field(repr=False)
    commitment: bytes
    at: datetime


@dataclass(frozen=True)
class Deliverer:
    """Who delivers: ``kind`` is merchant or supplier, ``id`` the user or the supplier."""

    kind: str
    id: UUID


def deliver_by_hand(
    *,
    stores: Stores,
    order_id: UUID,
    merchant_id: UUID,
    texts: Sequence[str],
    by: UUID,
    at: datetime,
) -> bool:
    """The merchant enters what he delivers, one text for each piece. False where nothing is owed:
    not his order, not paid, delivered or given back already, or its buyer has to answer first.

    Raise InputError naming the text that cannot be used, and while the payment may be charged back.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        if order.merchant_id != merchant_id or order.state != OrderState.PAID:
            return False
        shown = find_shown(order.listing_id, order.listing_version)
        if shown.offer.delivery is not Delivery.MANUAL or is_held_back(order, at):
            return False
        if is_in_doubt(order.id):
            raise InputError(
                _("支付渠道说这笔付款可能被银行拿回，平台正在核实，先不要发货。"), field="texts"
            )
        _check_texts(texts, order.quantity)
        deliverer = Deliverer("merchant", by)
        hand_over(stores=stores, order=order, texts=texts, by=deliverer, at=at)
    return True


def _check_texts(texts: Sequence[str], quantity: int) -> None:
    if len(texts) != quantity:
        raise InputError(_("要填 {n} 件的内容。").format(n=quantity), field="texts")
    for number, text in enumerate(texts, 1):
        if not text.strip():
            raise InputError(_("第 {n} 件还没有填。").format(n=number), field=f"text_{number}")
        if len(text) > LONGEST_TEXT or "\0" in text:
            raise InputError(
                _("第 {n} 件最多 {most} 个字。").format(n=number, most=LONGEST_TEXT),
                field=f"text_{number}",
            )


def hand_over(
    *,
    stores: Stores,
    order: Order,
    texts: Sequence[str],
    by: Deliverer,
    why: str = "delivered_by_merchant",
    at: datetime,
) -> None:
    """Deliver a paid order, which the caller holds locked: what is handed over is sealed and
    committed to, protection begins, and lateness is paid for."""
    keys, commitments = order_keys(stores, at), []
    for place, text in enumerate(texts, 1):
        salt = secrets.token_bytes(SALT_BYTES)
        digest = bytes.fromhex(commitment(salt, {"place": place, "text": text}))
        plain = json.dumps({"salt": salt.hex(), "text": text}).encode()
        Handover.objects.create(
            order=order,
            place=place,
            sealed=keys.seal(_seal_id(order.id, place), plain),
            commitment=digest,
            by=by.kind,
            by_id=by.id,
            at=at,
        )
        commitments.append(digest)
    protect = find_shown(order.listing_id, order.listing_version).offer.protect_hours
    order.state, order.delivered_at = OrderState.DELIVERED, at
    order.protected_until, order.why = at + timedelta(hours=protect), why
    order.save(update_fields=["state", "delivered_at", "protected_until", "why"])
    leaves = delivered_leaves(order.log_subject, tuple(commitments))
    append_leaves(stores=stores, leaves=leaves, at=at)
    compensate_lateness(order=order, at=at)


def compensate_lateness(*, order: Order, at: datetime) -> Money:
    """Give back what the rule says where a delivered order came after its promise; how much.

    The caller holds the order locked. What is not held any more is not given back.
    """
    total = Money(order.total_minor, order.currency)
    limits = watch_limits(beijing(at).date())
    owed = decide_late(total, _promised(order), at, limits)
    if owed.minor:
        part_back(order=order, amount=owed, reason="late", kind=TransferKind.COMPENSATION, at=at)
        if order.why == "delivered_by_merchant":
            order.why = "delivered_late"
            order.save(update_fields=["why"])
    return owed


def _promised(order: Order) -> datetime:
    answer = RiskAnswer.objects.filter(order=order).first() if order.risk else None
    if answer is None:
        return order.promise_by
    return max(order.promise_by, answer.deliver_from + (order.promise_by - order.placed_at))


def part_back(
    *, order: Order, amount: Money, reason: str, kind: TransferKind, at: datetime
) -> None:
    """Send a part of what is held for an order to its buyer; the order goes on. The caller holds it
    locked."""
    owner = SubjectRef("order", order.id)
    credit = Credit.objects.get(
        intent__owner_kind=owner.kind, intent__owner_id=owner.id, surplus=False
    )
    for hold in find_holds(owner=owner):
        if hold.purpose != "sale" or not hold.left.minor:
            continue
        share = min(amount, hold.left)
        refund = request_refund(credit_id=credit.id, amount=share, reason=reason, at=at)
        target = platform_account(AccountKind.BUYER_REFUND, share.currency)
        settle_hold(
            hold_id=hold.id,
            parts=[Part(target, share, kind)],
            ground=Ground.REFUND,
            reference=refund.refund_no,
            at=at,
        )


def read_handed(
    *,
    stores: Stores,
    order_id: UUID,
    recording: Recording = Recording.NOT_ASKED,
    at: datetime,
) -> list[Handed]:
    """What was handed over for a delivered order, in the order of its pieces; that it was looked at
    for the first time is in the public log, and ``recording`` is kept with it. Raise NotDelivered
    where there is nothing to show."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        if order.state not in _READABLE:
            raise NotDelivered
        rows = list(Handover.objects.filter(order=order).order_by("place"))
        if rows and order.revealed_at is None:
            order.revealed_at, order.recording = at, recording.value
            order.save(update_fields=["revealed_at", "recording"])
            if order.state == OrderState.DELIVERED:
                leaves = [NewLeaf("order.revealed", order.log_subject)]
                append_leaves(stores=stores, leaves=leaves, at=at)
    keys = order_keys(stores, at)
    return [_open(keys, row) for row in rows]


def _open(keys: OrderKeys, row: Handover) -> Handed:
    plain = json.loads(keys.open(_seal_id(row.order_id, row.place), bytes(row.sealed)))
    salt = bytes.fromhex(plain["salt"])
    return Handed(row.place, plain["text"], salt, bytes(row.commitment), row.at)


def _seal_id(order_id: UUID, place: int) -> UUID:
    return uuid5(order_id, f"handover/{place}")
