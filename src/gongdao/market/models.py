"""Tables of the market: columns and constraints. Verbs write them; nothing here has behaviour.

Tables that stand in files of their own are imported under their own names: Django finds them here.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from gongdao.market import desk_models as desk_models
from gongdao.market import moved_models as moved_models
from gongdao.market import vetting_models as vetting_models
from gongdao.market.api_key_models import ApiAnswer as ApiAnswer
from gongdao.market.api_key_models import ApiKey as ApiKey
from gongdao.market.cancel_models import MerchantClosing as MerchantClosing
from gongdao.market.cancel_models import OrderCancel as OrderCancel
from gongdao.market.coupon_models import Coupon as Coupon
from gongdao.market.coupon_models import CouponListing as CouponListing
from gongdao.market.coupon_models import CouponUse as CouponUse
from gongdao.market.decide_top_up import RUNNING, TopUpState
from gongdao.market.review_models import ListingReview as ListingReview
from gongdao.market.states import OPEN, ListingState, MerchantState, OrderState, Recording
from gongdao.market.word_models import MoneyWord as MoneyWord

_STATE = 16
_REF = 64
_WHY = 32


class Merchant(models.Model):
    """Somebody admitted to sell. What identifies him lies sealed under a key of his own."""

    id = models.UUIDField(primary_key=True)
    display_name = models.CharField(max_length=64, unique=True)
    legal_name = models.CharField(max_length=128)
    uscc = models.CharField(max_length=18, blank=True)
    """Unified social credit code of a company; empty for a person, whose identity is sealed."""
    sealed = models.BinaryField()
    """Contact, a person's identity number, payee: canonical JSON under the merchant's key."""
    contact_proven_at = models.DateTimeField()
    licence_address = models.CharField(max_length=64)
    licence_until = models.DateField(null=True)
    state = models.CharField(max_length=_STATE, default=MerchantState.ACTIVE)
    reason = models.CharField(max_length=500)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField()
    admitted_at = models.DateTimeField()
    log_subject = models.CharField(max_length=_REF, unique=True)

    class Meta:
        """A state is one of those in the table, and no merchant is nameless."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(state__in=list(MerchantState)), name="market_merchant_state"
            ),
            CheckConstraint(
                condition=~Q(legal_name="") & ~Q(display_name="") & ~Q(licence_address=""),
                name="market_merchant_has_name_and_licence",
            ),
        ]


class MerchantMember(models.Model):
    """Who may act for a merchant."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="merchants"
    )
    added_at = models.DateTimeField()

    class Meta:
        """Each person once."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["merchant", "user"], name="market_member_once")
        ]


class Listing(models.Model):
    """Something on offer. What it says stands in its versions; here is what changes by itself."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="listings")
    sku_id = models.UUIDField(null=True)
    """The vault's shelf with its secrets; null for what a person or a supplier delivers."""
    state = models.CharField(max_length=_STATE, default=ListingState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    """The version in force; 0 before the first."""
    created_at = models.DateTimeField()
    log_subject = models.CharField(max_length=_REF, unique=True)

    class Meta:
        """What is published has a version."""

        constraints: ClassVar = [
            CheckConstraint(condition=Q(state__in=list(ListingState)), name="market_listing_state"),
            CheckConstraint(
                condition=~Q(state=ListingState.PUBLISHED) | Q(version__gt=0),
                name="market_listing_published_has_version",
            ),
        ]


class ListingVersion(models.Model):
    """Everything one version of a listing showed; never changed (a trigger refuses it)."""

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    """`Offer` as JSON."""
    digest = models.BinaryField()
    """SHA-256 of the canonical JSON of ``content``."""
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    published_at = models.DateTimeField()

    class Meta:
        """One row per version."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["listing", "number"], name="market_version_once"),
            CheckConstraint(condition=Q(price_minor__gt=0), name="market_version_price"),
        ]


class Order(models.Model):
    """One purchase. Its number alone opens nothing: the query code is derived from its id and
    ``code_round`` under the market's key."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=16)
    merchant_id = models.UUIDField()
    listing_id = models.UUIDField()
    listing_version = models.PositiveIntegerField()
    quantity = models.PositiveIntegerField()
    total_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=_STATE)
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    buyer_digest = models.BinaryField()
    """Keyed digest of who buys (account, contact or address), for the cap per buyer."""
    code_round = models.PositiveSmallIntegerField(default=0)
    """Counts up when the buyer asks for another query code."""
    request_digest = models.BinaryField(null=True)
    """Of whoever asked and his idempotency key: asked again, the same order answers."""
    sealed = models.BinaryField()
    """Contact and what the buyer entered, under the market's key."""
    snapshot_digest = models.BinaryField()
    """SHA-256 of what was shown: listing version, promise, rules, price, terms."""
    terms = models.PositiveIntegerField()
    """The version of the terms that the buyer accepted."""
    rules_digest = models.BinaryField(null=True)
    """Of the rule data in force then, as the snapshot says; null where it does not."""
    no_return = models.BooleanField(default=False, db_default=False)
    """Whether the buyer confirmed, at this order, that there is no return without a reason once he
    has seen the secrets; the snapshot says so as well."""
    capped = models.BooleanField(default=False, db_default=False)
    """Whether its pieces count towards what one buyer may have of the listing in a time."""
    promise_by = models.DateTimeField()
    """When the goods were promised for, computed when the order was placed."""
    placed_at = models.DateTimeField()
    reserved_until = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    recording = models.CharField(max_length=3, blank=True, db_default="")
    """What the buyer chose at the first look: yes, he records the screen, or no; empty where nobody
    asked him. Only his own papers tell it."""
    ended_at = models.DateTimeField(null=True)
    protected_until = models.DateTimeField(null=True)
    why = models.CharField(max_length=32, blank=True)
    """Why the order is where it is, as a code that the pages put into words."""
    risk = models.CharField(max_length=_WHY, blank=True, db_default="")
    """Why its delivery waits for an answer of the buyer's; decided when it was placed."""
    log_subject = models.CharField(max_length=_REF)

    class Meta:
        """What money has reached says when; one index serves the watchdog. Each index costs twice
        for an order, whose state is in some of them: unique texts have no second one for LIKE, and
        what most orders lack is indexed only where they have it."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["number"], name="market_order_number_once"),
            UniqueConstraint(fields=["log_subject"], name="market_order_subject_once"),
            UniqueConstraint(
                fields=["request_digest"],
                condition=Q(request_digest__isnull=False),
                name="market_order_request_once",
            ),
            CheckConstraint(condition=Q(state__in=list(OrderState)), name="market_order_state"),
            CheckConstraint(
                condition=Q(recording__in=list(Recording)), name="market_order_recording"
            ),
            CheckConstraint(
                condition=Q(quantity__gt=0) & Q(total_minor__gt=0), name="market_order_positive"
            ),
            CheckConstraint(
                condition=~Q(state__in=["paid", "delivered", "completed"])
                | Q(paid_at__isnull=False),
                name="market_order_paid_at",
            ),
            CheckConstraint(
                condition=~Q(state__in=["delivered", "completed"]) | Q(delivered_at__isnull=False),
                name="market_order_delivered_at",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["state", "reserved_until"],
                condition=Q(state__in=sorted(OPEN)),
                name="market_order_open",
            ),
            Index(
                fields=["buyer_digest", "listing_id"],
                condition=Q(state=OrderState.PLACED),
                name="market_order_reserving",
            ),
            Index(
                fields=["buyer_digest", "listing_id"],
                condition=Q(capped=True),
                name="market_order_capped",
            ),
            Index(fields=["merchant_id", "placed_at"], name="market_order_merchant"),
            Index(
                fields=["buyer"], condition=Q(buyer__isnull=False), name="market_order_of_account"
            ),
            Index(
                fields=["buyer_digest"],
                condition=Q(state=OrderState.COMPLETED),
                name="market_order_known_buyer",
            ),
        ]


class OrderTest(models.Model):
    """What a buyer told of the test he made after the reveal. Rows are only added."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="tests")
    works = models.BooleanField()
    sealed = models.BinaryField()
    """His words, and whether he recorded the screen, under the market's key."""
    at = models.DateTimeField()


class Supplier(models.Model):
    """A merchant's account with somebody who tops up for him, or sells him what he resells."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="suppliers")
    kind = models.CharField(max_length=_STATE)
    """Which adapter speaks to it."""
    name = models.CharField(max_length=64)
    url = models.CharField(max_length=255)
    account = models.CharField(max_length=_REF)
    sealed = models.BinaryField()
    """The key, under the market's key."""
    on = models.BooleanField(default=True)
    vouched = models.BooleanField(default=False, db_default=False)
    """Whether the platform checked that he is not the merchant himself: else his word counts as the
    merchant's own."""
    added_at = models.DateTimeField()


class Supply(models.Model):
    """Where the goods of a listing come from: its product there, and what it may cost at most."""

    listing = models.OneToOneField(
        Listing, on_delete=models.PROTECT, primary_key=True, related_name="supply"
    )
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="supplies")
    product = models.CharField(max_length=_REF)
    ask = models.CharField(max_length=80)
    """The label under which the buyer enters the account to top up."""
    face_minor = models.BigIntegerField()
    """What one piece tops up."""
    most_minor = models.BigIntegerField()
    """What one piece may cost the merchant; dearer ones are not bought."""
    currency = models.CharField(max_length=3)

    class Meta:
        """Amounts are positive."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(face_minor__gt=0) & Q(most_minor__gt=0), name="market_supply_positive"
            )
        ]


class TopUp(models.Model):
    """One piece of an order at a supplier, under a number of ours that he takes only once."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="top_ups")
    place = models.PositiveIntegerField()
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="top_ups")
    number = models.CharField(max_length=32, unique=True)
    product = models.CharField(max_length=_REF)
    ask = models.CharField(max_length=80)
    face_minor = models.BigIntegerField()
    most_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    """These five as the supply said when it was begun."""
    state = models.CharField(max_length=_STATE, default=TopUpState.ASKED)
    supplier_no = models.CharField(max_length=_REF, blank=True)
    done_minor = models.BigIntegerField(default=0)
    """How much of the face value was topped up."""
    cost_minor = models.BigIntegerField(null=True)
    asks = models.PositiveIntegerField(default=0)
    looks = models.PositiveIntegerField(default=0)
    ask_next = models.BooleanField(default=True)
    """Whether the next step asks for it, or only looks what became of it."""
    refused_again = models.BooleanField(default=False)
    """A repeated ask was refused: perhaps because the first one had arrived."""
    doubt = models.CharField(max_length=_WHY, blank=True)
    """What the supplier says against what he said before; a person has to look."""
    begun_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Each piece once; what runs is looked at again."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["order", "place"], name="market_topup_place_once"),
            CheckConstraint(condition=Q(state__in=list(TopUpState)), name="market_topup_state"),
            CheckConstraint(
                condition=Q(state__in=sorted(RUNNING), ended_at__isnull=True)
                | (~Q(state__in=sorted(RUNNING)) & Q(ended_at__isnull=False)),
                name="market_topup_ended",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["next_look_at"],
                condition=Q(next_look_at__isnull=False),
                name="market_topup_due",
            ),
            Index(fields=["order"], condition=~Q(doubt=""), name="market_topup_doubt"),
        ]


class SupplierAnswer(models.Model):
    """What a supplier said, or that he said nothing: evidence, only added (a trigger sees to it).

    ``raw`` is sealed: it may hold a secret or the account that was topped up."""

    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="answers")
    way = models.CharField(max_length=8)
    """ask | poll | callback."""
    told = models.CharField(max_length=_STATE)
    reason = models.CharField(max_length=_REF)
    state = models.CharField(max_length=_STATE)
    """Where the top-up stood after it."""
    sealed = models.BinaryField()
    digest = models.BinaryField()
    """SHA-256 of what came."""
    at = models.DateTimeField()


class Handover(models.Model):
    """What a person or a supplier delivered; only added. The leaf ``order.delivered`` commits to
    it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="handovers")
    place = models.PositiveIntegerField()
    sealed = models.BinaryField()
    commitment = models.BinaryField()
    by = models.CharField(max_length=_STATE)
    """merchant | supplier."""
    by_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        """Each piece once."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["order", "place"], name="market_handover_once")
        ]


class RiskAnswer(models.Model):
    """What the buyer of an order that waits said to the question whether somebody told him to."""

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, primary_key=True, related_name="risk_answer"
    )
    told_by_somebody = models.BooleanField()
    at = models.DateTimeField()
    deliver_from = models.DateTimeField()


class BuyerPace(models.Model):
    """How many orders of a buyer, named by his digest, were paid within the window that runs; kept
    off the way of orders."""

    digest = models.BinaryField(primary_key=True)
    orders = models.PositiveIntegerField()
    window_ends = models.DateTimeField()
    watched_until = models.DateTimeField(null=True)
    """Until when his orders wait for an answer: too many in too short a time."""


class Notice(models.Model):
    """A message to the buyer of an order, or to a merchant: planned, sending, accepted by the next
    hop, failed."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="notices")
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, null=True, related_name="notices"
    )
    """Whom it is for: the buyer of ``order``, or this merchant."""
    event = models.CharField(max_length=_REF)
    state = models.CharField(max_length=_STATE, default="planned")
    channel = models.CharField(max_length=_STATE, blank=True)
    tries = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Each event once; what is neither accepted nor failed is due some time."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["order", "event"], name="market_notice_once"),
            UniqueConstraint(fields=["merchant", "event"], name="market_notice_merchant_once"),
            CheckConstraint(
                condition=Q(order__isnull=True, merchant__isnull=False)
                | Q(order__isnull=False, merchant__isnull=True),
                name="market_notice_for_one",
            ),
            CheckConstraint(
                condition=Q(state__in=["planned", "sending"], next_try_at__isnull=False)
                | Q(state__in=["accepted", "failed"], ended_at__isnull=False),
                name="market_notice_due_or_ended",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["next_try_at"],
                condition=Q(state__in=["planned", "sending"]),
                name="market_notice_due",
            )
        ]


class Finding(models.Model):
    """An order that the watchdog found where its status and its promise disagree, and what came of
    it. Open ones that need a person stand on the operator's desk."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="findings")
    code = models.CharField(max_length=_WHY)
    deed = models.CharField(max_length=_STATE)
    times = models.PositiveIntegerField(default=1)
    found_at = models.DateTimeField()
    acted_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Each disagreement of an order once."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["order", "code"], name="market_finding_once")
        ]
        indexes: ClassVar = [
            Index(
                fields=["found_at"],
                condition=Q(closed_at__isnull=True),
                name="market_finding_open",
            )
        ]


class Cursor(models.Model):
    """How far a sweep over rows that only grow has come."""

    name = models.CharField(max_length=_STATE, primary_key=True)
    upto = models.BigIntegerField(default=0)
