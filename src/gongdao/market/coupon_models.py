"""Coupons and their uses: columns and constraints only; verbs write them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from gongdao.market.decide_coupon import MOST_PERCENT, CouponKind

_WORD = 8


class Coupon(models.Model):
    """Something off for who knows its code, of which only a keyed digest is kept."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField()
    name = models.CharField(max_length=64)
    """What the merchant calls it; never the code."""
    kind = models.CharField(max_length=_WORD)
    percent = models.PositiveSmallIntegerField(null=True)
    off_minor = models.BigIntegerField(null=True)
    minimum_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    on = models.BooleanField(default=True)
    uses = models.PositiveIntegerField(null=True)
    """How often it may be used at all; null: without end."""
    uses_left = models.PositiveIntegerField(null=True)
    per_buyer = models.PositiveIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    everywhere = models.BooleanField(default=True)
    """For all of the merchant's goods; else for those of `CouponListing`."""
    made_at = models.DateTimeField()

    class Meta:
        """A code once with each merchant; uses never below none, never above what there were."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["merchant", "digest"], name="market_coupon_code_once"),
            CheckConstraint(
                condition=Q(
                    kind=CouponKind.PERCENT.value,
                    percent__isnull=False,
                    percent__gte=1,
                    percent__lte=MOST_PERCENT,
                    off_minor__isnull=True,
                )
                | Q(
                    kind=CouponKind.FIXED.value,
                    off_minor__isnull=False,
                    off_minor__gt=0,
                    percent__isnull=True,
                ),
                name="market_coupon_takes_something_off",
            ),
            CheckConstraint(
                condition=Q(uses__isnull=True, uses_left__isnull=True)
                | Q(
                    uses__isnull=False,
                    uses_left__isnull=False,
                    uses_left__gte=0,
                    uses_left__lte=F("uses"),
                ),
                name="market_coupon_uses_counted",
            ),
            CheckConstraint(
                condition=Q(minimum_minor__gte=0), name="market_coupon_minimum_not_negative"
            ),
        ]


class CouponListing(models.Model):
    """That a coupon holds for this listing."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="listings")
    listing = models.ForeignKey("market.Listing", on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Each pair once."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["coupon", "listing"], name="market_coupon_listing_once")
        ]


class CouponUse(models.Model):
    """A use of a coupon, taken with the order and given ``back`` when no money came for it."""

    order = models.OneToOneField(
        "market.Order", on_delete=models.PROTECT, primary_key=True, related_name="coupon_use"
    )
    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, db_index=False, related_name="taken"
    )
    buyer_digest = models.BinaryField()
    off_minor = models.BigIntegerField()
    """What it took off, as the order's snapshot says."""
    currency = models.CharField(max_length=3)
    back = models.BooleanField(default=False)
    at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        """Something is always taken off; one index counts what a buyer has used."""

        constraints: ClassVar = [
            CheckConstraint(condition=Q(off_minor__gt=0), name="market_coupon_use_positive")
        ]
        indexes: ClassVar = [
            Index(
                fields=["coupon", "buyer_digest"],
                condition=Q(back=False),
                name="market_coupon_use_of_buyer",
            )
        ]
