"""Coupons: made, found by their code, used with an order, given back when no money came for it.

A use is taken while the coupon's row is locked: of many buyers at once each sees what the one
before left. Locks: a new order locks the coupon alone; verbs on orders that exist lock the orders
first, then coupons in the order of their ids. An order without a coupon touches nothing of this.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.envelope import derive
from gongdao.core.errors import InputError
from gongdao.core.ids import new_code, new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.market.decide_coupon import (
    AskedPrice,
    CouponKind,
    CouponRefusal,
    CouponTerms,
    check_coupon,
    decide_coupon,
    refuse_coupon,
)
from gongdao.market.market_key import market_key
from gongdao.market.models import Coupon, CouponListing, CouponUse, Listing
from gongdao.market.offer_words import check_words
from gongdao.market.review_coupon import check_coupon_price

LONGEST_CODE = 64
_RETURN = """
WITH mine AS MATERIALIZED (
  SELECT order_id, coupon_id FROM market_couponuse WHERE order_id = ANY(%(orders)s) AND NOT back
),
locked AS MATERIALIZED (
  SELECT id FROM market_coupon WHERE id IN (SELECT coupon_id FROM mine) ORDER BY id FOR UPDATE
),
moved AS (
  UPDATE market_couponuse SET back = true, changed_at = %(at)s
  WHERE order_id IN (SELECT order_id FROM mine) AND NOT back
    AND coupon_id IN (SELECT id FROM locked)
  RETURNING coupon_id
)
UPDATE market_coupon SET uses_left = uses_left + n.n
FROM (SELECT coupon_id, count(*) AS n FROM moved GROUP BY coupon_id) AS n
WHERE id = n.coupon_id AND uses_left IS NOT NULL
"""
_AGAIN = """
WITH mine AS MATERIALIZED (
  SELECT c.id, c.uses_left FROM market_couponuse u JOIN market_coupon c ON c.id = u.coupon_id
  WHERE u.order_id = %(order)s AND u.back FOR UPDATE OF c
),
counted AS (
  UPDATE market_coupon SET uses_left = uses_left - 1
  WHERE id IN (SELECT id FROM mine WHERE uses_left > 0)
),
moved AS (
  UPDATE market_couponuse SET back = false, changed_at = %(at)s
  WHERE order_id = %(order)s AND EXISTS (SELECT FROM mine WHERE coalesce(uses_left, 1) > 0)
)
SELECT coalesce(uses_left, 1) > 0 FROM mine
"""
_DIGITS = 4


@dataclass(frozen=True)
class NewCoupon:
    """A coupon to be made. ``terms.uses_left`` is how often it may be used."""

    name: str
    terms: CouponTerms
    code: str = field(default="", repr=False)
    """Drawn where it is empty."""


@dataclass(frozen=True)
class TakenUse:
    """A use that goes with an order about to be placed: which coupon, and what it takes off."""

    coupon_id: UUID
    off: Money


def tidy_coupon(code: str) -> str:
    """A code as it is compared: width, case and blanks do not matter; empty for what is none."""
    tidy = "".join(unicodedata.normalize("NFKC", code).split()).upper()
    return tidy if len(tidy) <= LONGEST_CODE else ""


def make_coupon(
    *, stores: Stores, merchant_id: UUID, wanted: NewCoupon, at: datetime
) -> tuple[Coupon, str]:
    """Make a coupon of the merchant; the row, and its code, which is not kept and shown only now.

    Raise InputError naming the field: it could never be used, the code is in use with this
    merchant, or a listing is not his; PriceUnderReview where a person has to look at a price that
    it makes.
    """
    terms = wanted.terms
    check_coupon(terms)
    check_words(wanted.name, field="name", on=beijing(at).date())
    _check_listings(merchant_id, terms.listings)
    code = tidy_coupon(wanted.code) if wanted.code else new_code()
    if len(code) < _DIGITS:
        short = Phrase("要有 {least} 到 {most} 个字符。", least=_DIGITS, most=LONGEST_CODE)
        raise InputError(short, field="code")
    check_coupon_price(merchant_id=merchant_id, terms=terms, at=at)
    try:
        with transaction.atomic():
            row = _insert(stores, merchant_id, wanted, tidy_coupon(code), at)
    except IntegrityError:
        raise InputError(Phrase("这个优惠码已经有了。"), field="code") from None
    return row, code


def _insert(
    stores: Stores, merchant_id: UUID, wanted: NewCoupon, code: str, at: datetime
) -> Coupon:
    terms = wanted.terms
    row = Coupon.objects.create(
        id=new_id(at),
        merchant_id=merchant_id,
        digest=_digest(stores, merchant_id, code, at),
        name=wanted.name[:64],
        kind=terms.kind,
        percent=terms.percent,
        off_minor=terms.fixed.minor if terms.fixed else None,
        minimum_minor=terms.minimum.minor,
        currency=terms.minimum.currency,
        on=terms.on,
        uses=terms.uses_left,
        uses_left=terms.uses_left,
        per_buyer=terms.per_buyer,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        everywhere=terms.listings is None,
        made_at=at,
    )
    CouponListing.objects.bulk_create(
        CouponListing(coupon=row, listing_id=one) for one in sorted(terms.listings or ())
    )
    return row


def _check_listings(merchant_id: UUID, listings: frozenset[UUID] | None) -> None:
    if listings is None:
        return
    own = Listing.objects.filter(merchant_id=merchant_id, id__in=listings).count()
    if own != len(listings):
        raise InputError(Phrase("有的商品不是这个商家的。"), field="listings")


def switch_coupon(*, merchant_id: UUID, coupon_id: UUID, on: bool, at: datetime) -> bool:
    """Let a coupon of the merchant hold, or not; False where he has none of this id. Raise
    InputError or PriceUnderReview where it may not be made (any more)."""
    found = Coupon.objects.filter(id=coupon_id, merchant_id=merchant_id)
    row = found.first()
    if row is not None and on:
        check_words(row.name, field="name", on=beijing(at).date())
        terms = replace(read_terms(row), on=True)
        check_coupon_price(merchant_id=merchant_id, terms=terms, at=at)
    return bool(found.update(on=on))


def list_coupons(*, merchant_id: UUID) -> Sequence[Coupon]:
    """The coupons of a merchant, the newest first. Their codes are nowhere."""
    return list(Coupon.objects.filter(merchant_id=merchant_id).order_by("-made_at", "-id"))


def read_terms(row: Coupon) -> CouponTerms:
    """What a row says."""
    listings = None if row.everywhere else row.listings.values_list("listing_id", flat=True)
    return CouponTerms(
        kind=CouponKind(row.kind),
        percent=row.percent,
        fixed=None if row.off_minor is None else Money(row.off_minor, row.currency),
        minimum=Money(row.minimum_minor, row.currency),
        on=row.on,
        uses_left=row.uses_left,
        per_buyer=row.per_buyer,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        listings=None if listings is None else frozenset(listings),
    )


def hold_coupon(
    *, stores: Stores, merchant_id: UUID, code: str, buyer: bytes, asked: AskedPrice
) -> TakenUse:
    """Lock the merchant's coupon of this code, until the caller's transaction ends, and say what it
    takes off ``asked``; its use is written by `keep_use`. ``asked.used`` is counted here.

    Raise InputError (field ``coupon``) where it does not hold.
    """
    digest = _digest(stores, merchant_id, tidy_coupon(code), asked.at)
    row = _lock(merchant_id, digest)
    terms = None if row is None else read_terms(row)
    used = 0
    if row is not None and row.per_buyer is not None:
        used = CouponUse.objects.filter(coupon=row, buyer_digest=buyer, back=False).count()
    whole = AskedPrice(asked.listing_id, asked.total, used, asked.at)
    decided = decide_coupon(terms, whole)
    if isinstance(decided, CouponRefusal):
        raise refuse_coupon(decided, terms)
    assert row is not None
    return TakenUse(row.id, decided)


def _lock(merchant_id: UUID, digest: bytes) -> Coupon | None:
    found = Coupon.objects.select_for_update().filter(merchant_id=merchant_id, digest=digest)
    return found.first()


def keep_use(*, order_id: UUID, use: TakenUse, buyer: bytes, at: datetime) -> None:
    """Count the use that `hold_coupon` decided, in the same transaction as the order it is for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE market_coupon SET uses_left = uses_left - 1"
            " WHERE id = %s AND uses_left IS NOT NULL",
            (use.coupon_id,),
        )
    CouponUse.objects.create(
        order_id=order_id,
        coupon_id=use.coupon_id,
        buyer_digest=buyer,
        off_minor=use.off.minor,
        currency=use.off.currency,
        at=at,
        changed_at=at,
    )


def find_off(*, order_id: UUID) -> Money | None:
    """What a coupon took off this order; None where it had none."""
    row = CouponUse.objects.filter(order_id=order_id).first()
    return None if row is None else Money(row.off_minor, row.currency)


def return_uses(*, orders: Iterable[UUID], at: datetime) -> None:
    """Give back what these orders used of coupons; once, however often it is asked for. The caller
    holds the orders."""
    with connection.cursor() as cursor:
        cursor.execute(_RETURN, {"orders": list(orders), "at": at})


def take_use_again(*, order_id: UUID, at: datetime) -> bool:
    """Money came late for an order whose use went back: take it again. False where others have used
    the coupon up since: then nothing has changed. True where the order had no coupon, or has its
    use. The caller holds the order."""
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN, {"order": order_id, "at": at})
        row = cursor.fetchone()
    return row is None or bool(row[0])


def _digest(stores: Stores, merchant_id: UUID, code: str, at: datetime) -> bytes:
    return hmac.digest(_naming(market_key(stores, at)), merchant_id.bytes + code.encode(), "sha256")


@lru_cache(maxsize=4)
def _naming(key: bytes) -> bytes:
    return derive(key, "coupon")
