"""Whether a coupon holds for an order, and what it takes off. Pure.

A share is rounded down to whole minor units; no coupon brings an order below one minor unit, since
an order without a price could not be paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money

MOST_PERCENT = 99


class CouponKind(StrEnum):
    """How a coupon counts."""

    PERCENT = "percent"
    FIXED = "fixed"


@dataclass(frozen=True)
class CouponTerms:
    """What a coupon says. ``percent`` or ``fixed``, by its kind; None of ``uses_left``,
    ``per_buyer``, ``starts_at``, ``ends_at`` and ``listings`` is no limit."""

    kind: CouponKind
    percent: int | None
    fixed: Money | None
    minimum: Money
    on: bool
    uses_left: int | None
    per_buyer: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    listings: frozenset[UUID] | None


@dataclass(frozen=True)
class AskedPrice:
    """The order that the coupon is for: before it, ``total``; ``used`` by this buyer so far."""

    listing_id: UUID
    total: Money
    used: int
    at: datetime


class CouponRefusal(StrEnum):
    """Why a coupon does not hold."""

    UNKNOWN = "unknown"
    OFF = "off"
    NOT_YET = "not_yet"
    OVER = "over"
    OTHER_GOODS = "other_goods"
    TOO_LITTLE = "too_little"
    USED_UP = "used_up"
    USED_BY_BUYER = "used_by_buyer"


_NOT_HERE = Phrase("没有这张优惠券，或者它已经用完，或者不能用于这个商品。")
_WORDS = {
    CouponRefusal.UNKNOWN: _NOT_HERE,
    CouponRefusal.OFF: _NOT_HERE,
    CouponRefusal.OTHER_GOODS: _NOT_HERE,
    CouponRefusal.NOT_YET: Phrase("这张优惠券还没有到可以用的时间。"),
    CouponRefusal.OVER: Phrase("这张优惠券已经过期。"),
    CouponRefusal.USED_UP: _NOT_HERE,
    CouponRefusal.USED_BY_BUYER: Phrase("您用这张优惠券的次数已经到上限。"),
}
"""One that is none, is switched off, used up or for other goods sounds the same: a guess learns
less."""


def decide_coupon(terms: CouponTerms | None, asked: AskedPrice) -> Money | CouponRefusal:
    """What is taken off ``asked.total``, more than nothing and less than all; or why nothing."""
    refusal = _refusal(terms, asked)
    if refusal is not None or terms is None:
        return refusal or CouponRefusal.UNKNOWN
    total = asked.total
    if terms.kind is CouponKind.PERCENT:
        off = total.minor * (terms.percent or 0) // 100
    else:
        off = terms.fixed.minor if terms.fixed else 0
    off = min(off, total.minor - 1)
    return Money(off, total.currency) if off > 0 else CouponRefusal.TOO_LITTLE


def _refusal(terms: CouponTerms | None, asked: AskedPrice) -> CouponRefusal | None:
    if terms is None or terms.minimum.currency != asked.total.currency:
        return CouponRefusal.UNKNOWN
    if not terms.on:
        return CouponRefusal.OFF
    if terms.listings is not None and asked.listing_id not in terms.listings:
        return CouponRefusal.OTHER_GOODS
    if terms.starts_at is not None and asked.at < terms.starts_at:
        return CouponRefusal.NOT_YET
    if terms.ends_at is not None and asked.at >= terms.ends_at:
        return CouponRefusal.OVER
    if asked.total < terms.minimum:
        return CouponRefusal.TOO_LITTLE
    if terms.uses_left is not None and terms.uses_left < 1:
        return CouponRefusal.USED_UP
    if terms.per_buyer is not None and asked.used >= terms.per_buyer:
        return CouponRefusal.USED_BY_BUYER
    return None


def refuse_coupon(why: CouponRefusal, terms: CouponTerms | None) -> InputError:
    """The error that a buyer sees, at the field ``coupon``."""
    if why is CouponRefusal.TOO_LITTLE and terms is not None:
        least = Phrase("商品总价满 {least} 元才能用这张优惠券。", least=terms.minimum)
        return InputError(least, field="coupon")
    return InputError(_WORDS[why], field="coupon")


def check_coupon(terms: CouponTerms) -> None:
    """Raise InputError, naming the field, for a coupon that could never be used as it stands."""
    if terms.kind is CouponKind.PERCENT:
        if terms.percent is None or not 1 <= terms.percent <= MOST_PERCENT or terms.fixed:
            most = Phrase("要在 {low} 到 {high} 之间", low=1, high=MOST_PERCENT)
            raise InputError(most, field="percent")
    elif terms.fixed is None or terms.fixed.minor <= 0 or terms.percent is not None:
        raise InputError(Phrase("减多少要大于零。"), field="fixed")
    elif terms.fixed.currency != terms.minimum.currency:
        raise InputError(Phrase("金额要用同一种货币。"), field="fixed")
    if terms.minimum.minor < 0:
        raise InputError(Phrase("金额不能小于零。"), field="minimum")
    if terms.starts_at and terms.ends_at and terms.starts_at >= terms.ends_at:
        raise InputError(Phrase("结束要晚于开始。"), field="ends_at")
    for name in ("uses_left", "per_buyer"):
        if (getattr(terms, name) or 0) < 0:
            raise InputError(Phrase("次数不能小于零。"), field=name)
