"""What a buyer was shown: a version of a listing, which never changes and so is held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.market.coupons import TakenUse
from gongdao.market.limits import market_fee
from gongdao.market.models import ListingVersion
from gongdao.market.offer import Offer, read_offer
from gongdao.market.promise import deliver_by
from gongdao.rules.load import load_rules
from gongdao_verify.canonical import canonical

SNAPSHOT_FORMAT = "gongdao-order-snapshot/v2"
"""Orders without rules in their snapshot have the first form, which names itself nowhere."""


@dataclass(frozen=True)
class Shown:
    """One version of a listing with what belongs to it."""

    listing_id: UUID
    merchant_id: UUID
    sku_id: UUID | None
    number: int
    digest: bytes
    offer: Offer


@lru_cache(maxsize=4096)
def find_shown(listing_id: UUID, number: int) -> Shown:
    """Version ``number`` of a listing; InputError where there is none."""
    row = (
        ListingVersion.objects.select_related("listing")
        .filter(listing_id=listing_id, number=number)
        .first()
    )
    if row is None:
        raise InputError(_("没有这个商品，或它的内容已经变了。"), field="listing")
    listing = row.listing
    offer = read_offer(row.content)
    return Shown(listing.id, listing.merchant_id, listing.sku_id, number, bytes(row.digest), offer)


@dataclass(frozen=True)
class RulesThen:
    """The rules that an order was placed under."""

    fee_permyriad: int
    """What the platform keeps of a release, in ten-thousandths."""
    digest: bytes
    """SHA-256 over every version of every entry of the rule data."""


def rules_then(*, at: datetime, digest: bytes) -> RulesThen:
    """The rules of an order placed ``at`` that moment, under data of this ``digest``."""
    return RulesThen(market_fee(beijing(at).date()), digest)


@cache
def rules_digest() -> bytes:
    """Of the rule data that this process works with; it never changes while one runs."""
    return bytes.fromhex(load_rules().digest)


@dataclass(frozen=True)
class Bargain:
    """What one order was promised: everything that its snapshot holds."""

    order_number: str
    shown: Shown
    quantity: int
    total: Money
    promise_by: datetime
    terms: int
    coupon: TakenUse | None = None
    """What a coupon took off; ``total`` is what is left."""
    no_return: bool = False
    """Whether the buyer confirmed that there is no return without a reason after the first look."""
    rules: RulesThen | None = None
    """None for orders from before snapshots held them."""

    def snapshot(self) -> bytes:
        """Its canonical JSON. The order number in it is random, so that the digest in the
        public log tells nobody what was bought."""
        return canonical(self.plain())

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        plain: dict[str, Any] = {
            "currency": self.total.currency,
            "listing": str(self.shown.listing_id),
            "offer": self.shown.digest.hex(),
            "order": self.order_number,
            "promise_by": self.promise_by.isoformat(),
            "quantity": self.quantity,
            "terms": self.terms,
            "total_minor": self.total.minor,
            "version": self.shown.number,
        }
        if self.coupon is not None:
            off = self.coupon.off.minor
            plain["coupon"] = {"id": str(self.coupon.coupon_id), "off_minor": off}
        if self.no_return:
            plain["no_return"] = True
        if self.rules is not None:
            plain |= {
                "format": SNAPSHOT_FORMAT,
                "fee_permyriad": self.rules.fee_permyriad,
                "rules": self.rules.digest.hex(),
            }
        return plain


def strike_bargain(
    *, order_number: str, shown: Shown, quantity: int, terms: int, at: datetime
) -> Bargain:
    """What an order placed ``at`` this moment is promised."""
    offer = shown.offer
    if not 1 <= quantity <= offer.most_per_buyer:
        raise InputError(
            _("每人每次买 1 到 {most} 件。").format(most=offer.most_per_buyer), field="quantity"
        )
    unit = offer.unit_for(quantity)
    total = Money(unit.minor * quantity, unit.currency)
    by = deliver_by(offer.promise, offer.hours, at)
    rules = rules_then(at=at, digest=rules_digest())
    return Bargain(order_number, shown, quantity, total, by, terms, rules=rules)
