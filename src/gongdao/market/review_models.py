"""What the platform looks at before, or while, a listing is on offer: columns and constraints only;
verbs write them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from gongdao.market.states import ReviewCode, ReviewState

_WORD = 16


class ListingReview(models.Model):
    """Why a listing is not published, or was paused, and what became of it."""

    listing = models.ForeignKey("market.Listing", on_delete=models.PROTECT, related_name="reviews")
    code = models.CharField(max_length=_WORD)
    state = models.CharField(max_length=_WORD, default=ReviewState.OPEN)
    title = models.CharField(max_length=80)
    """As the offer says it that is looked at."""
    goods = models.CharField(max_length=128, blank=True)
    """What a price was compared for: digest of kind, category and denomination."""
    price_minor = models.BigIntegerField(null=True)
    """The lowest price of a piece, and the median of the others; null where no price is asked
    about."""
    market_minor = models.BigIntegerField(null=True)
    others = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    link = models.CharField(max_length=255, blank=True, default="", db_default="")
    """Where an issuer's price is said; ``market_minor`` is that price."""
    rules = models.CharField(max_length=500, blank=True)
    """Ids of the catalogue's entries that the listing fell under, blanks between."""
    found_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    """The words of whoever decided; the merchant reads them."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """One open question of a kind about a listing; a price is asked about with its price."""

        constraints: ClassVar = [
            UniqueConstraint(
                fields=["listing", "code"],
                condition=Q(state=ReviewState.OPEN),
                name="market_review_one_open",
            ),
            CheckConstraint(condition=Q(code__in=sorted(ReviewCode)), name="market_review_code"),
            CheckConstraint(
                condition=Q(state=ReviewState.OPEN, ended_at__isnull=True)
                | Q(
                    state__in=[ReviewState.ACCEPTED, ReviewState.REFUSED, ReviewState.CLOSED],
                    ended_at__isnull=False,
                ),
                name="market_review_ended",
            ),
            CheckConstraint(
                condition=~Q(code=ReviewCode.FAR_BELOW)
                | Q(price_minor__gt=0, market_minor__gt=0, others__gt=0),
                name="market_review_has_price",
            ),
            CheckConstraint(
                condition=~Q(code=ReviewCode.OFFICIAL)
                | (Q(price_minor__gt=0, market_minor__gt=0) & ~Q(link="")),
                name="market_review_has_link",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["found_at"], condition=Q(state=ReviewState.OPEN), name="market_review_open"
            )
        ]
