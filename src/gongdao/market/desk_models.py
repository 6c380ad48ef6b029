"""Tables of the merchant's desk, and of the thread between buyer and merchant. Columns and
constraints only; verbs write them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from gongdao.market.desk_states import IntakeState, Side

_WORD = 16
_REF = 64


class Thread(models.Model):
    """What a buyer and a merchant write to each other: about one order, or about a listing with one
    account. Its posts are only added; here is what changes by itself."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="+")
    listing = models.ForeignKey("market.Listing", on_delete=models.PROTECT, related_name="+")
    order = models.OneToOneField(
        "market.Order", on_delete=models.PROTECT, null=True, related_name="thread"
    )
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """Who asked about a listing; a thread about an order belongs to whoever opens the order."""
    posts = models.PositiveIntegerField(default=0)
    buyer_seen = models.PositiveIntegerField(default=0)
    merchant_seen = models.PositiveIntegerField(default=0)
    """The number of the last post that each side has seen."""
    last_by = models.CharField(max_length=_WORD)
    """Whose post is the last one: after the buyer's it is the merchant's move."""
    made_at = models.DateTimeField()
    last_at = models.DateTimeField()
    log_subject = models.CharField(max_length=_REF, unique=True)

    class Meta:
        """One thread of an account about a listing; nobody has seen more than there is."""

        constraints: ClassVar = [
            UniqueConstraint(
                fields=["listing", "buyer"],
                condition=Q(order__isnull=True),
                name="market_thread_once",
            ),
            CheckConstraint(condition=Q(last_by__in=list(Side)), name="market_thread_side"),
            CheckConstraint(
                condition=Q(buyer_seen__lte=F("posts")) & Q(merchant_seen__lte=F("posts")),
                name="market_thread_seen",
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["merchant", "-last_at"], name="market_thread_merchant"),
            Index(
                fields=["merchant", "last_at"],
                condition=Q(last_by=Side.BUYER),
                name="market_thread_unanswered",
            ),
        ]


class ThreadPost(models.Model):
    """One post, sealed under the market's key; only added (a trigger sees to it). The leaf
    ``thread.posted`` commits to its words."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="written")
    number = models.PositiveIntegerField()
    side = models.CharField(max_length=_WORD)
    by_id = models.UUIDField(null=True)
    """The account that wrote it; null for a guest who holds the order."""
    sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        """Numbered without gaps or doubles."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["thread", "number"], name="market_post_once"),
            CheckConstraint(condition=Q(side__in=list(Side)), name="market_post_side"),
        ]


class ListingDraft(models.Model):
    """What a merchant has written of a listing's next version, as he typed it."""

    listing = models.OneToOneField(
        "market.Listing", on_delete=models.PROTECT, primary_key=True, related_name="draft"
    )
    fields = models.JSONField()
    saved_by = models.UUIDField()
    saved_at = models.DateTimeField()


class StockIntake(models.Model):
    """One list of secrets that a merchant handed in: looked through, then put on the shelf, or
    given up. No secret stands in this row."""

    id = models.UUIDField(primary_key=True)
    listing = models.ForeignKey("market.Listing", on_delete=models.PROTECT, related_name="intakes")
    by_id = models.UUIDField()
    batch_id = models.UUIDField()
    """The vault's batch: the same list again is the same batch."""
    state = models.CharField(max_length=_WORD)
    source_kind = models.CharField(max_length=_WORD)
    supplier = models.CharField(max_length=_REF, blank=True)
    """Pseudonym; the name is not kept."""
    size_bytes = models.PositiveIntegerField()
    lines_done = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    already = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict)
    """How many lines were refused for each reason."""
    refused = models.BinaryField(default=bytes)
    """Every refused line: number, reason, the line it repeats; compressed JSON lines, without what
    stood there."""
    problem = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """What has ended says when; a shelf takes one list at a time."""

        constraints: ClassVar = [
            CheckConstraint(condition=Q(state__in=list(IntakeState)), name="market_intake_state"),
            UniqueConstraint(
                fields=["listing"], condition=Q(ended_at__isnull=True), name="market_intake_one"
            ),
        ]


class IntakeText(models.Model):
    """The list itself, under a data key of its own; row and key go when the intake ends."""

    intake = models.OneToOneField(
        StockIntake, on_delete=models.PROTECT, primary_key=True, related_name="text"
    )
    name = models.CharField(max_length=120, blank=True)
    """How the file was called, for telling CSV from text."""
    sealed = models.BinaryField()


class SourceProof(models.Model):
    """A document that shows where a listing's goods come from: sealed, never public; only added."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    media_type = models.CharField(max_length=80)
    sha256 = models.BinaryField()
    by_id = models.UUIDField()
    at = models.DateTimeField()


class DeskDeed(models.Model):
    """What somebody did at a merchant's desk, or read there of a buyer's; only added."""

    id = models.BigAutoField(primary_key=True)
    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="+")
    by_id = models.UUIDField()
    deed = models.CharField(max_length=32)
    about_kind = models.CharField(max_length=_WORD)
    about_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        """Read newest first."""

        indexes: ClassVar = [Index(fields=["merchant", "-at"], name="market_deed_merchant")]
