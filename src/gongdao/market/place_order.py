"""Place an order: what was shown is fixed, goods are set aside for minutes, a payment is asked for.

One transaction. Exactly ``quantity`` units are set aside or nothing happens at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from gongdao.core.errors import InputError, TooManyReserved
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append_inline import begin_ctes, leaf_values
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.buyer_cap import FITS, lock_buyer
from gongdao.market.coupons import hold_coupon, keep_use
from gongdao.market.decide_coupon import AskedPrice
from gongdao.market.market_key import order_keys
from gongdao.market.offer import Delivery
from gongdao.market.own_orders import find_asked
from gongdao.market.refusals import TooManyPieces
from gongdao.market.risk import risk_of
from gongdao.market.shown import Bargain, Shown, find_shown, strike_bargain
from gongdao.market.terms import check_terms
from gongdao.vault.reserve import reserve_ctes, reserve_values
from gongdao.vault.run_sql import run_prepared
from gongdao.vault.short_of import short_of

_MOST_OPEN = 3
"""Orders of one buyer for one listing that may wait for money at once."""
_MAY = "(SELECT may FROM asked)"
_CAP = f"had AS MATERIALIZED (\n  {FITS}\n),\n"
_FITS = "(SELECT fits FROM had)"
_SHORT = "(SELECT count(*) FROM vault_reserved) < %(vault_units)s"


@dataclass(frozen=True)
class Wanted:
    """What a buyer asks for. ``contact`` is where notices go; ``answers`` fill in what the listing
    asks; ``request`` names this request, so that asked again it is the same order."""

    listing_id: UUID
    version: int
    quantity: int
    contact: str
    terms: int
    gateway: str
    account: str
    answers: Mapping[str, str]
    buyer_id: UUID | None = None
    request: bytes | None = None
    coupon: str = field(default="", repr=False)
    """The code of a coupon; empty for none."""
    no_return: bool = False
    """Whether the buyer confirmed that there is no return without a reason after the first look."""


@dataclass(frozen=True)
class Placed:
    """An order that waits for money. ``code`` opens it together with ``number``."""

    number: str
    code: str
    total: Money
    title: str
    reserved_until: datetime
    promise_by: datetime
    off: Money | None = None
    """What a coupon took off ``total``."""


def place_order(*, stores: Stores, wanted: Wanted, at: datetime) -> Placed:
    """Place the order; raise InputError, TermsOutdated, StockShort, StockHeld,
    TooManyReserved or TooManyPieces, and then nothing is set aside. A coupon that does not hold is
    an InputError at the field ``coupon``; its use is taken in the same transaction as the order.

    Where the listing caps what a buyer may have, his orders for it are placed one by one: his lock
    (exclusive, to the end of the transaction) is taken first, then the coupon's."""
    check_terms(wanted.terms, at=at)
    if not wanted.coupon and not find_shown(wanted.listing_id, wanted.version).offer.cap_days:
        return _place(stores, wanted, at)
    with transaction.atomic():
        return _place(stores, wanted, at)


def _place(stores: Stores, wanted: Wanted, at: datetime) -> Placed:
    shown = find_shown(wanted.listing_id, wanted.version)
    keys, order_id = order_keys(stores, at), new_id(at)
    number = keys.number(wanted.listing_id)
    bargain = strike_bargain(
        order_number=number, shown=shown, quantity=wanted.quantity, terms=wanted.terms, at=at
    )
    bargain = replace(bargain, no_return=wanted.no_return)
    _check_answers(bargain, wanted.answers)
    buyer = keys.buyer(str(wanted.buyer_id or wanted.contact))
    if shown.offer.cap_days:
        lock_buyer(buyer, wanted.listing_id)
    if wanted.coupon:
        bargain = _use_coupon(stores, wanted, bargain, buyer, at)
    until = at + timedelta(minutes=shown.offer.reserve_minutes)
    snapshot, subject = sha256(bargain.snapshot()).digest(), keys.subject(number)
    entered = json.dumps({"contact": wanted.contact, "answers": dict(wanted.answers)})
    owner = SubjectRef("order", order_id)
    leaves = [NewLeaf("order.placed", subject, {"snapshot": snapshot.hex()})]
    reserves = shown.offer.delivery is Delivery.SECRET
    values = {
        **_promised(wanted, bargain, at),
        "id": order_id,
        "number": number,
        "buyer_digest": buyer,
        "risk": risk_of(total=bargain.total, buyer=buyer, at=at),
        "sealed": keys.seal(order_id, entered.encode()),
        "snapshot_digest": snapshot,
        "at": at,
        "until": until,
        "most_open": _MOST_OPEN,
        "intent": new_id(at),
        **leaf_values(leaves=leaves, before=None, at=at),
    }
    if reserves:
        assert shown.sku_id is not None
        values |= reserve_values(
            sku=shown.sku_id, claim=owner, units=wanted.quantity, until=until, at=at
        )
    capped = values["capped"]
    rows = run_prepared(_statement(reserves, capped), values)
    if capped and not rows[0][0]:
        _check_new(wanted)
    _check_placed(rows, shown)
    if bargain.coupon is not None:
        keep_use(order_id=order_id, use=bargain.coupon, buyer=buyer, at=at)
    return Placed(
        number,
        keys.code(order_id, 0),
        bargain.total,
        shown.offer.title,
        until,
        bargain.promise_by,
        bargain.coupon.off if bargain.coupon else None,
    )


def _promised(wanted: Wanted, bargain: Bargain, at: datetime) -> dict[str, Any]:
    """What of the statement's values is asked for and promised."""
    offer = bargain.shown.offer
    return {
        "listing_id": wanted.listing_id,
        "version": wanted.version,
        "units": wanted.quantity,
        "total_minor": bargain.total.minor,
        "currency": bargain.total.currency,
        "buyer_id": wanted.buyer_id,
        "request_digest": wanted.request,
        "rules_digest": bargain.rules.digest if bargain.rules else None,
        "terms": wanted.terms,
        "no_return": wanted.no_return,
        "promise_by": bargain.promise_by,
        "gateway": wanted.gateway,
        "account": wanted.account,
        "capped": offer.cap_days > 0,
        "most_pieces": offer.most_per_buyer,
        "cap_since": at - timedelta(days=offer.cap_days),
    }


def _use_coupon(
    stores: Stores, wanted: Wanted, bargain: Bargain, buyer: bytes, at: datetime
) -> Bargain:
    """The bargain with what the coupon takes off; the coupon is locked."""
    asked = AskedPrice(wanted.listing_id, bargain.total, 0, at)
    try:
        use = hold_coupon(
            stores=stores,
            merchant_id=bargain.shown.merchant_id,
            code=wanted.coupon,
            buyer=buyer,
            asked=asked,
        )
    except InputError:
        _check_new(wanted)
        raise
    return replace(bargain, total=bargain.total - use.off, coupon=use)


def _check_new(wanted: Wanted) -> None:
    """Raise for a request that comes again what the database would say of it: what refuses it now
    may be the order that it made."""
    if wanted.request is not None and find_asked(wanted.request) is not None:
        raise IntegrityError("this request was placed before") from None


def _check_placed(rows: list[tuple[Any, ...]], shown: Shown) -> None:
    ((_placed, may, short, over),) = rows
    if may is None:
        raise InputError(_("没有这个商品，或它的内容已经变了。"), field="listing")
    if over:
        raise TooManyPieces(shown.offer.most_per_buyer, shown.offer.cap_days)
    if not may:
        raise TooManyReserved(_MOST_OPEN)
    if short:
        assert shown.sku_id is not None
        raise short_of(shown.sku_id)


def _check_answers(bargain: Bargain, answers: Mapping[str, str]) -> None:
    for label in bargain.shown.offer.asks:
        if not answers.get(label, "").strip():
            raise InputError(_("请填写“{label}”。").format(label=label), field="answers")


@cache
def _statement(reserves: bool, capped: bool) -> str:
    text = load_sql("gongdao.market", "place_order")
    return (
        text.replace("{reserve}", f"{reserve_ctes(_MAY)}," if reserves else "")
        .replace("{cap}", _CAP if capped else "")
        .replace("{fits}", f" AND {_FITS}" if capped else "")
        .replace("{over}", f"NOT {_FITS}" if capped else "false")
        .replace("{log}", begin_ctes("EXISTS (SELECT FROM placed)"))
        .replace("{short}", _SHORT if reserves else "false")
    )
