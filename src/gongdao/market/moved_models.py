"""What came from a shop elsewhere: which row became what, old orders, drafts. Columns only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

_WORD = 16
_SHOP = 32


class MovedThing(models.Model):
    """Row ``old_id`` of a merchant's old shop became ``new_id`` here; made together with it."""

    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="+")
    shop = models.CharField(max_length=_SHOP)
    """Tells several old shops of one merchant apart."""
    kind = models.CharField(max_length=_WORD)
    """goods | loop_goods | coupon."""
    old_id = models.BigIntegerField()
    new_id = models.UUIDField()
    moved_at = models.DateTimeField()

    class Meta:
        """Each row once."""

        constraints: ClassVar = [
            UniqueConstraint(
                fields=["merchant", "shop", "kind", "old_id"], name="market_moved_thing_once"
            )
        ]
        indexes: ClassVar = [Index(fields=["kind", "old_id"], name="market_moved_thing_found")]


class MovedDraft(models.Model):
    """What an old shop said of goods beside the fields that a draft here has."""

    listing = models.OneToOneField(
        "market.Listing", on_delete=models.PROTECT, primary_key=True, related_name="moved_draft"
    )
    beside = models.JSONField()
    """Description, category, keywords and the like, as they stood there."""


class MovedOrder(models.Model):
    """An order of an old shop. It is opened by its number together with the search password that
    the buyer chose there or, where there was none, with the e-mail address; by neither alone."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="+")
    shop = models.CharField(max_length=_SHOP)
    old_id = models.BigIntegerField()
    number = models.CharField(max_length=150)
    state = models.CharField(max_length=_WORD)
    quantity = models.BigIntegerField()
    paid_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    ordered_at = models.DateTimeField(null=True)
    proof = models.BinaryField()
    """Keyed digest of the password, or of the address; empty where there was neither."""
    by_password = models.BooleanField()
    sealed = models.BinaryField()
    """Title, address, what was delivered or filled in, under the market's key."""
    moved_at = models.DateTimeField()

    class Meta:
        """Each once; found by number."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["merchant", "shop", "old_id"], name="market_moved_order_once"),
            CheckConstraint(condition=Q(paid_minor__gte=0), name="market_moved_order_paid"),
        ]
        indexes: ClassVar = [Index(fields=["number"], name="market_moved_order_number")]


class MovedLook(models.Model):
    """That somebody opened an old order. Rows are only added."""

    order = models.ForeignKey(MovedOrder, on_delete=models.PROTECT, related_name="looks")
    who = models.BinaryField()
    """Keyed digest of who looked."""
    at = models.DateTimeField()
