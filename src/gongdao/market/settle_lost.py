"""Money of the time that a restored database lost: what payment services know of it goes back where
nobody can say what it bought, and the shelves that may have given something for it are named."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import MoneyRefused, TradeNumberUsed
from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.place_hold import place_hold
from gongdao.log.reader import find_entries_of
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.confirm_payment import RESTORED_UNKNOWN, confirm_payment
from gongdao.market.give_back import refund_hold
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Listing, Order
from gongdao.payments.ask_since import SaidPaid, SaidSince, ask_since
from gongdao.payments.credit_report import credit_report
from gongdao.payments.models import Intent
from gongdao.payments.port import Gateway
from gongdao_verify.leaf_form import LeafForm

LOST = "lost"
"""The owner of a payment whose order is not in this database any more."""
_CALLED = "order.placed"
_GIVEN = "order.delivered"
_PAID = "order.paid"
_WENT_BACK = "order.refund_requested"


@dataclass
class LostMoney:
    """``doubted``: shelves of which something may have been delivered that the log does not say;
    None where that may be any. ``refunded``: numbers of payments that go back. ``person``: numbers
    of payments that nobody here can explain. ``silent``: services without books. ``behind``:
    orders, as the log names them, that it calls paid, and this database does not."""

    doubted: set[UUID] | None = field(default_factory=set)
    refunded: list[str] = field(default_factory=list)
    person: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    behind: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Work:
    stores: Stores
    keys: OrderKeys
    shelves: Mapping[UUID, Listing]
    done: LostMoney
    at: datetime


def settle_lost(
    *,
    stores: Stores,
    gateways: Mapping[str, Gateway],
    since: datetime,
    until: datetime,
    at: datetime,
) -> LostMoney:
    """Ask the payment services what was paid between the backup (``since``) and its restore
    (``until``), give back what nobody can account for, and say which shelves are in doubt.

    Every payment counts once, so it may be called again. Not inside a transaction. Raise
    GatewayError where a service does not answer; what was settled until then stays.
    """
    said = ask_since(gateways=gateways, since=since, until=until, at=at)
    listings = Listing.objects.exclude(sku_id=None)
    shelves = {one.id: one for one in listings.only("id", "sku_id", "merchant_id")}
    work = _Work(stores, order_keys(stores, at), shelves, LostMoney(silent=said.silent), at)
    for one in said.known:
        _settle_known(work, one)
    for one in said.strange:
        _settle_strange(work, one)
    _doubt(work, _orders_behind(said, until))
    if said.silent:
        work.done.doubted = None
    return work.done


def _settle_known(work: _Work, one: SaidPaid) -> None:
    """An order that is here and unpaid. Nothing in the log: its money goes back. Paid by the log: a
    person is called for it where the log is read."""
    report = one.report
    order = Order.objects.filter(number=report.out_trade_no).only("log_subject", "listing_id")
    found = order.first()
    if found is None:
        return
    if _PAID in _told(found.log_subject):
        work.done.behind.append(found.log_subject)
        return
    if found.listing_id not in work.shelves:
        return  # delivered by a person or a supplier: each of them knows what he did
    try:
        confirm_payment(
            stores=work.stores,
            report=report,
            gateway=one.gateway,
            way="query",
            digest=sha256(repr(report).encode()).digest(),
            at=work.at,
            refuse=RESTORED_UNKNOWN,
        )
    except TradeNumberUsed:
        work.done.person.append(report.out_trade_no)
        return
    work.done.refunded.append(report.out_trade_no)


def _orders_behind(said: SaidSince, until: datetime) -> set[UUID]:
    """Listings of orders from before the restore whose money came after the backup, by anybody's
    word, or may have; without those whose delivery the log tells."""
    late = Intent.objects.filter(owner_kind="order", created_at__lt=until, credited_at__gte=until)
    numbers = {one.report.out_trade_no for one in said.known} | set(said.unasked)
    numbers |= set(late.values_list("out_trade_no", flat=True))
    orders = Order.objects.filter(number__in=numbers).values_list("listing_id", "log_subject")
    return {listing for listing, subject in orders if not _is_given(subject, until)}


def _settle_strange(work: _Work, one: SaidPaid) -> None:
    """A payment for an order that is lost. The log knows it by its number: what it delivered is
    accounted for; else its money goes back, and the shelf that its number names is in doubt."""
    number = one.report.out_trade_no
    told = _told(work.keys.subject(number))
    if _GIVEN in told:
        return
    named = [key for key in work.shelves if work.keys.is_of(number, key)]
    _doubt(work, named)
    if _CALLED not in told or _WENT_BACK in told or len(named) != 1:
        work.done.person.append(number)
        return
    try:
        refunded = _refund(work, one, work.shelves[named[0]])
    except (MoneyRefused, TradeNumberUsed):  # no account in that currency, or a number used twice
        work.done.person.append(number)
        return
    if refunded:
        work.done.refunded.append(number)


@transaction.atomic
def _refund(work: _Work, one: SaidPaid, listing: Listing) -> bool:
    """Book the money of a lost order and send it back; False where that was done before."""
    report = one.report
    Intent.objects.get_or_create(
        out_trade_no=report.out_trade_no,
        defaults={
            "id": new_id(work.at),
            "owner_kind": LOST,
            "owner_id": new_id(work.at),
            "gateway": one.gateway,
            "account": report.account,
            "amount_minor": report.amount.minor,
            "currency": report.amount.currency,
            "created_at": work.at,
        },
    )
    credited = credit_report(
        report=report,
        gateway=one.gateway,
        way="bill",
        digest=sha256(repr(report).encode()).digest(),
        at=work.at,
    )
    if credited.credit_id is None or credited.owner is None:
        return False
    currency = report.amount.currency
    hold = place_hold(
        source=clearing_account(one.gateway, report.account, currency),
        held=merchant_account(AccountKind.MERCHANT_HELD, listing.merchant_id, currency),
        amount=report.amount,
        owner=SubjectRef(LOST, credited.owner.id),
        purpose=f"lost:{credited.credit_id}",
        at=work.at,
    )
    refund_hold(
        hold_id=hold,
        amount=report.amount,
        credit_id=credited.credit_id,
        reason=RESTORED_UNKNOWN,
        at=work.at,
    )
    return True


def _doubt(work: _Work, listings: Collection[UUID]) -> None:
    shelves = (work.shelves.get(one) for one in listings)
    found = {one.sku_id for one in shelves if one is not None and one.sku_id is not None}
    if work.done.doubted is not None:
        work.done.doubted |= found


def _is_given(subject: str, until: datetime) -> bool:
    """Whether the log tells of a delivery from before the restore."""
    return any(one.type == _GIVEN and one.at < until for one in forms_of(subject))


def _told(subject: str) -> set[str]:
    return {one.type for one in forms_of(subject)}


def forms_of(subject: str) -> Iterator[LeafForm]:
    """Every covered leaf of a subject, from its first on."""
    after = -1
    while page := find_entries_of(subject, after=after):
        yield from (entry.form for entry in page)
        after = page[-1].idx
