"""Tables of endings: an order that its merchant cannot fulfil, a shop that closes. Columns and
constraints only; `market.models` brings them in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q

from gongdao.market.states import CancelReason


class OrderCancel(models.Model):
    """A merchant cancelled a paid order that he could not fulfil; only added (a trigger sees to
    it). What he wrote to the buyer stands in the order's thread."""

    order = models.OneToOneField(
        "market.Order", on_delete=models.PROTECT, primary_key=True, related_name="cancelled"
    )
    reason = models.CharField(max_length=16)
    by_id = models.UUIDField()
    """The member who did it, or whose key did."""
    at = models.DateTimeField()

    class Meta:
        """A reason is one of the list."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(reason__in=list(CancelReason)), name="market_cancel_reason"
            ),
        ]


class MerchantClosing(models.Model):
    """A shop is being closed, or was: who wanted it, since when, and what of the deposit went
    back."""

    merchant = models.OneToOneField(
        "market.Merchant", on_delete=models.PROTECT, primary_key=True, related_name="closing"
    )
    wanted_by = models.CharField(max_length=16)
    """merchant | platform."""
    by_id = models.UUIDField()
    reason = models.CharField(max_length=500)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    returned_minor = models.BigIntegerField(default=0)
    """What was left of the deposit when nothing was open any more, in minor units."""
    currency = models.CharField(max_length=3)

    class Meta:
        """Wanted by one of two; what went back is not negative, and says when."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(wanted_by__in=["merchant", "platform"]), name="market_closing_by"
            ),
            CheckConstraint(
                condition=Q(returned_minor=0) | Q(returned_minor__gt=0, ended_at__isnull=False),
                name="market_closing_returned",
            ),
        ]
