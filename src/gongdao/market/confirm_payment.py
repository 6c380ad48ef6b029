"""Money has come: deliver, or hold it for whoever delivers, or give it back. Once, whatever comes.

One transaction: the credit, the units, the hold, the status and the leaves are written together or
not at all. Of several callbacks at once one gets the lock on the intent; the others find it
credited. The common case, money in time for units that are set aside, is one statement that looks,
locks and writes; wherever it finds anything else, it writes nothing and the longer way decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import StockShort, TradeNumberUsed
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.hold_payment import hold_payment_sql, hold_payment_values
from gongdao.log.append import append_leaves
from gongdao.log.append_inline import (
    CHAIN_COLUMNS,
    CHAIN_JOIN,
    Chain,
    leaf_values,
    move_ctes,
)
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.buyer_cap import CAP_REACHED, fits_late
from gongdao.market.coupons import return_uses, take_use_again
from gongdao.market.decide_payment import Deed, PaidOrder, decide_payment
from gongdao.market.give_back import refund_hold
from gongdao.market.models import Order
from gongdao.market.shown import Shown, find_shown
from gongdao.market.states import OrderState
from gongdao.payments.credit_report import (
    Credited,
    credit_ctes,
    credit_report,
    credit_values,
)
from gongdao.payments.decide_callback import WRONG_AMOUNT, CallbackVerdict, Intent, judge_report
from gongdao.payments.port import Report
from gongdao.vault.allocate import (
    allocate,
    give_reserved_ctes,
    hold_reserved_ctes,
    reserved_values,
    set_aside_join,
)
from gongdao.vault.run_sql import run_prepared
from gongdao_verify.order_form import DELIVERED

RESTORED_UNKNOWN = "restored_unknown"
"""Paid in a time of which nothing is left here: whether it was delivered, nobody knows."""
_ENDS = frozenset({"out_of_stock", "coupon_used_up", CAP_REACHED, RESTORED_UNKNOWN})
"""Why money goes back and the order ends with it."""


@dataclass(frozen=True)
class _Row:
    intent_id: UUID
    intent: Intent
    id: UUID
    merchant_id: UUID
    listing_id: UUID
    version: int
    quantity: int
    state: OrderState
    subject: str
    chain: Chain
    risk: str
    reserved_until: datetime


@dataclass(frozen=True)
class Confirmed:
    """What became of a report: what payments made of it, and what the order did, None where it had
    nothing to do."""

    credited: Credited
    deed: Deed | None = None


def confirm_payment(
    *,
    stores: Stores,
    report: Report,
    gateway: str,
    way: str,
    digest: bytes,
    at: datetime,
    refuse: str = "",
) -> Confirmed:
    """Take a report whose authenticity was checked; any number of times, with the same result.
    ``refuse`` is why the order ends and its money goes back, whatever there is to deliver.

    Raise TradeNumberUsed where the service's number was credited to another order: then nothing
    was written."""
    if not refuse and (done := _confirm_at_once(report, gateway, way, digest, at)) is not None:
        return done
    with transaction.atomic():
        row = _lock(report.out_trade_no)
        if row is None:
            return Confirmed(_credit(report, gateway, way, digest, at))
        judged = judge_report(row.intent, report, gateway=gateway)
        shown = find_shown(row.listing_id, row.version)
        surplus = judged.verdict is CallbackVerdict.SURPLUS
        deed = decide_payment(PaidOrder(row.state, shown.offer.delivery, surplus, row.risk))
        owed = judged.verdict is CallbackVerdict.CREDIT and deed is not Deed.GIVE_BACK
        if owed and refuse:
            why, deed = refuse, Deed.GIVE_BACK
        elif owed:
            values = credit_values(
                judged=judged,
                report=report,
                intent_id=row.intent_id,
                gateway=gateway,
                way=way,
                digest=digest,
                at=at,
            )
            credited = Credited(judged, _owner(row), report.amount, gateway, report.account)
            if not (why := _why_too_late(row, shown, at)):
                if (credit_id := _deliver(row, shown, credited, deed, values, at)) is not None:
                    return Confirmed(replace(credited, credit_id=credit_id), deed)
                why = "out_of_stock"
            deed = Deed.GIVE_BACK
        else:
            why = judged.reason if judged.reason == WRONG_AMOUNT else "not_owed"
        credited = _credit(report, gateway, way, digest, at)
        if not credited.is_new:
            return Confirmed(credited)
        _give_back(stores, row, credited, why, at)
    return Confirmed(credited, deed)


def _confirm_at_once(
    report: Report, gateway: str, way: str, digest: bytes, at: datetime
) -> Confirmed | None:
    """Deliver what is set aside for an order that is paid in time, by one statement that stands for
    itself; None where anything is otherwise, or is by the time that the rows are locked. Then
    nothing was written."""
    row, aside = _look(report.out_trade_no)
    if row is None or row.state is not OrderState.PLACED or at >= row.reserved_until:
        return None
    judged = judge_report(row.intent, report, gateway=gateway)
    shown = find_shown(row.listing_id, row.version)
    deed = decide_payment(PaidOrder(row.state, shown.offer.delivery, False, row.risk))
    if judged.verdict is not CallbackVerdict.CREDIT or deed is not Deed.DELIVER:
        return None
    if len(aside) != row.quantity:
        return None
    credited = Credited(judged, _owner(row), report.amount, gateway, report.account)
    leaves = [NewLeaf("order.paid", row.subject)]
    leaves += delivered_leaves(row.subject, [commitment for _unit, commitment in aside])
    values = {
        **credit_values(
            judged=judged,
            report=report,
            intent_id=row.intent_id,
            gateway=gateway,
            way=way,
            digest=digest,
            at=at,
        ),
        **_booked(row, shown, credited, deed, leaves, at),
        **reserved_values(claim=_owner(row), units=[unit for unit, _salted in aside], at=at),
    }
    ((credit_id, _whole),) = run_prepared(_at_once_statement(), values)
    if credit_id is None:
        return None
    return Confirmed(replace(credited, credit_id=credit_id), deed)


def _why_too_late(row: _Row, shown: Shown, at: datetime) -> str:
    """Why money that came after the order's time cannot be honoured any more; empty where it can,
    and for money in time, of which nothing is asked."""
    if row.state is OrderState.PLACED and at < row.reserved_until:
        return ""
    if not fits_late(order_id=row.id, offer=shown.offer, at=at):
        return CAP_REACHED
    if row.state is OrderState.EXPIRED and not take_use_again(order_id=row.id, at=at):
        return "coupon_used_up"
    return ""


def _credit(report: Report, gateway: str, way: str, digest: bytes, at: datetime) -> Credited:
    return credit_report(report=report, gateway=gateway, way=way, digest=digest, at=at)


def _owner(row: _Row) -> SubjectRef:
    return SubjectRef("order", row.id)


def _lock(out_trade_no: str) -> _Row | None:
    rows = run_prepared(_lock_statement(), {"out_trade_no": out_trade_no})
    return _read(rows[0]) if rows else None


def _look(out_trade_no: str) -> tuple[_Row | None, list[tuple[int, bytes]]]:
    """The same without a lock, and what is set aside: each unit with its commitment."""
    rows = run_prepared(_look_statement(), {"out_trade_no": out_trade_no})
    if not rows:
        return None, []
    units, commitments = rows[0][-2:]
    return _read(rows[0]), list(zip(units or (), map(bytes, commitments or ()), strict=True))


def _read(row: tuple[Any, ...]) -> _Row:
    intent = Intent(row[3], row[4], row[5], Money(row[6], row[7]), row[8])
    return _Row(
        intent_id=row[0],
        intent=intent,
        id=row[2],
        merchant_id=row[9],
        listing_id=row[10],
        version=row[11],
        quantity=row[12],
        state=OrderState(row[13]),
        subject=row[14],
        chain=Chain(bytes(row[15]), row[16], row[17]),
        risk=row[18],
        reserved_until=row[19],
    )


def _deliver(
    row: _Row,
    shown: Shown,
    credited: Credited,
    deed: Deed,
    credit: dict[str, Any],
    at: datetime,
) -> int | None:
    """Book the money, hold it, and give the units where the vault delivers; the credit's id. None
    where the goods are gone: then nothing was written."""
    owner, delivers = _owner(row), deed is Deed.DELIVER
    leaves = [NewLeaf("order.paid", row.subject)]
    if delivers:
        assert shown.sku_id is not None
        try:
            given = allocate(sku=shown.sku_id, claim=owner, units=row.quantity, at=at)
        except StockShort:
            return None
        leaves += delivered_leaves(row.subject, tuple(one.commitment for one in given))
    values = {**credit, **_booked(row, shown, credited, deed, leaves, at)}
    ((credit_id, held, moved, appended),) = run_prepared(_confirm_statement(), values)
    if credit_id is None:
        raise TradeNumberUsed(values["pay_trade_no"])
    if (held, moved, appended) != (1, 1, len(leaves)):
        raise RuntimeError(f"order {row.id} moved under its lock")
    return int(credit_id)


def _booked(
    row: _Row,
    shown: Shown,
    credited: Credited,
    deed: Deed,
    leaves: Sequence[NewLeaf],
    at: datetime,
) -> dict[str, Any]:
    """The values of hold, status and leaves of an order whose money is put aside."""
    delivers = deed is Deed.DELIVER
    protected = at + timedelta(hours=shown.offer.protect_hours)
    return {
        **_hold_values(row, credited, "sale", at),
        **leaf_values(leaves=leaves, before=row.chain, at=at),
        "to": (OrderState.DELIVERED if delivers else OrderState.PAID).value,
        "from": row.state.value,
        "order": row.id,
        "at": at,
        "delivered_at": at if delivers else None,
        "protected_until": protected if delivers else None,
        "why": "delivered" if delivers else row.risk or "waiting_for_delivery",
    }


def _give_back(stores: Stores, row: _Row, credited: Credited, why: str, at: datetime) -> None:
    """Hold money that cannot be used and send it back. The order ends with it where goods are gone,
    or where, after its time, others used the coupon up that its price rested on, or its buyer has
    all that he may have; money beside an order that goes its own way leaves the order alone."""
    assert credited.credit_id is not None
    gone = why in _ENDS
    purpose = "sale" if gone else f"not_owed:{credited.credit_id}"
    values = _hold_values(row, credited, purpose, at)
    if len(run_prepared(hold_payment_sql(), values)) != 1:
        raise RuntimeError(f"the money of order {row.id} was held before it was credited")
    if gone:
        leaves = [NewLeaf(f"order.{what}", row.subject) for what in ("paid", "refund_requested")]
        append_leaves(stores=stores, leaves=leaves, at=at)
        Order.objects.filter(id=row.id, state=row.state).update(
            state=OrderState.REFUNDING, paid_at=at, why=why
        )
        return_uses(orders=[row.id], at=at)
    elif why == WRONG_AMOUNT and row.state in (OrderState.PLACED, OrderState.EXPIRED):
        Order.objects.filter(id=row.id, state=row.state).update(why=why)
    refund_hold(
        hold_id=values["hold_id"],
        amount=credited.amount,
        credit_id=credited.credit_id,
        reason=why,
        at=at,
    )


def _hold_values(row: _Row, credited: Credited, purpose: str, at: datetime) -> dict[str, Any]:
    """The hold of the money; whatever becomes of it leaves through this hold."""
    money = credited.amount
    return hold_payment_values(
        hold_id=new_id(at),
        source=clearing_account(credited.gateway, credited.account, money.currency),
        held=merchant_account(AccountKind.MERCHANT_HELD, row.merchant_id, money.currency),
        amount=money,
        owner=_owner(row),
        purpose=purpose,
        at=at,
    )


@cache
def _lock_statement() -> str:
    return _payment_statement().format(aside="", set_aside="", lock="FOR UPDATE OF i, o, log_at")


@cache
def _look_statement() -> str:
    aside, join = ", vault_aside.units, vault_aside.commitments", set_aside_join("order", "o.id")
    return _payment_statement().format(aside=aside, set_aside=join, lock="")


def _payment_statement() -> str:
    text = load_sql("gongdao.market", "lock_payment").replace("{chain}", CHAIN_COLUMNS)
    return text.replace("{chain_join}", CHAIN_JOIN.format(subject="o.log_subject"))


@cache
def _at_once_statement() -> str:
    held = "(SELECT count(*) FROM vault_held) = cardinality(%(vault_unit_ids)s::bigint[])"
    return (
        load_sql("gongdao.market", "confirm_at_once")
        .replace("{aside}", hold_reserved_ctes("EXISTS (SELECT FROM locked)"))
        .replace("{credit}", credit_ctes(held))
        .replace("{given}", give_reserved_ctes("EXISTS (SELECT FROM payments_credited)"))
        .replace("{hold}", hold_payment_sql("payments_credited"))
        .replace("{log}", move_ctes("EXISTS (SELECT FROM moved)"))
    )


@cache
def _confirm_statement() -> str:
    return (
        load_sql("gongdao.market", "confirm_payment")
        .replace("{credit}", credit_ctes())
        .replace("{hold}", hold_payment_sql())
        .replace("{log}", move_ctes("EXISTS (SELECT FROM moved)"))
    )


def delivered_leaves(
    subject: str, commitments: Sequence[bytes], type_: str = DELIVERED
) -> list[NewLeaf]:
    """The leaves that say which units an order got, by their commitments; forty to a leaf. With
    the type ``order.replaced``: which it got after its delivery, in the place of others."""
    return [
        NewLeaf(type_, subject, {"units": [one.hex() for one in commitments[at : at + 40]]})
        for at in range(0, len(commitments), 40)
    ]
