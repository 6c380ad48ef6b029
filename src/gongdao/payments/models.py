"""Tables of payments: what was asked, what was told, what was credited, what goes back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint


class Intent(models.Model):
    """What somebody is asked to pay. ``trade_no`` is set when it was credited, once."""

    id = models.UUIDField(primary_key=True)
    owner_kind = models.CharField(max_length=16)
    owner_id = models.UUIDField()
    gateway = models.CharField(max_length=16)
    account = models.CharField(max_length=64)
    out_trade_no = models.CharField(max_length=32)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    trade_no = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    credited_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    """When the service was last asked what became of it."""

    class Meta:
        """Credited means both: a number and a time."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["out_trade_no"], name="payments_intent_number_once"),
            CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_intent_positive"),
            CheckConstraint(
                condition=Q(trade_no="", credited_at__isnull=True)
                | (~Q(trade_no="") & Q(credited_at__isnull=False)),
                name="payments_intent_credited",
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["owner_kind", "owner_id"], name="payments_intent_owner"),
            Index(fields=["created_at"], condition=Q(trade_no=""), name="payments_intent_waiting"),
        ]


class Credit(models.Model):
    """Money that a service confirmed: at most one row for each of its numbers, ever."""

    gateway = models.CharField(max_length=16)
    trade_no = models.CharField(max_length=64)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="credits")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    surplus = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        """Unique by the service's number; one credit of an intent is not surplus."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["gateway", "trade_no"], name="payments_credit_once"),
            UniqueConstraint(
                fields=["intent"], condition=Q(surplus=False), name="payments_credit_of_intent"
            ),
        ]


class CallbackSeen(models.Model):
    """A callback, an answer to a question or a line of a bill, with what was made of it."""

    gateway = models.CharField(max_length=16)
    way = models.CharField(max_length=8)
    """callback | query | bill."""
    at = models.DateTimeField()
    verdict = models.CharField(max_length=12)
    reason = models.CharField(max_length=64)
    out_trade_no = models.CharField(max_length=64)
    trade_no = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField(null=True)
    digest = models.BinaryField()
    """SHA-256 of what came: its words may hold a buyer's name and are not kept."""

    class Meta:
        """Looked up by order number."""

        indexes: ClassVar = [Index(fields=["out_trade_no"], name="payments_seen_order")]


class Refund(models.Model):
    """Money on its way back: requested until the service confirms. ``refund_no`` is ours, and
    sending it again refunds nothing more."""

    id = models.UUIDField(primary_key=True)
    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="refunds")
    refund_no = models.CharField(max_length=32, unique=True)
    amount_minor = models.BigIntegerField()
    state = models.CharField(max_length=12)
    """requested | confirmed | stuck (a person has to look)."""
    reason = models.CharField(max_length=64)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=64, blank=True)
    again = models.PositiveSmallIntegerField(default=0, db_default=0)
    """How often it was begun anew, because the number before is used up at the service."""
    paid_elsewhere = models.CharField(max_length=64, blank=True, default="", db_default="")
    """The bank's number where the buyer got it by other means than the service."""

    @property
    def asked_no(self) -> str:
        """The number under which the service is asked now."""
        return f"{self.refund_no}-{self.again}" if self.again else self.refund_no

    class Meta:
        """States from the list; confirmed has its time."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(state__in=["requested", "confirmed", "stuck"]),
                name="payments_refund_state",
            ),
            CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_refund_positive"),
            CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
                name="payments_refund_confirmed_at",
            ),
            CheckConstraint(
                condition=Q(paid_elsewhere="") | Q(state="confirmed"),
                name="payments_refund_elsewhere",
            ),
            UniqueConstraint(
                fields=["paid_elsewhere"],
                condition=~Q(paid_elsewhere=""),
                name="payments_refund_elsewhere_once",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["next_try_at"], condition=Q(state="requested"), name="payments_refund_due"
            )
        ]


class Split(models.Model):
    """Money of a credit that the service hands out by our word: a share of it to whoever it was
    released to, or the release of what is left to us. ``split_no`` is ours, and sending it again
    moves nothing more.

    A share belongs to an owner (``owner_kind``, ``owner_id``); its account at the service is kept
    by the ledger, under ``receiver``, and so is the promise that sets its amount aside.
    """

    id = models.UUIDField(primary_key=True)
    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="splits")
    part = models.CharField(max_length=8)
    """share | rest."""
    cause = models.CharField(max_length=80)
    """What released the money; the same cause is one share."""
    owner_kind = models.CharField(max_length=16)
    owner_id = models.UUIDField()
    released_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField(default=0)
    """What is asked for: what was released, less what went another way before."""
    split_no = models.CharField(max_length=32, unique=True)
    receiver = models.UUIDField(null=True)
    """Where it goes; of a share that waits, the account that a second person let it go to."""
    pending_id = models.UUIDField(null=True)
    last = models.BooleanField(default=False)
    """Whether the rest is released with it."""
    state = models.CharField(max_length=12, default="waiting")
    """waiting | requested | confirmed | refused | skipped (goes no more this way) | stuck (a person
    has to look)."""
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField()
    requested_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    number = models.CharField(max_length=64, blank=True)
    """The service's own for it."""
    problem = models.CharField(max_length=64, blank=True)

    class Meta:
        """One share for each cause; what is asked for is set aside and has its receiver."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["credit", "cause"], name="payments_split_once"),
            CheckConstraint(condition=Q(part__in=["share", "rest"]), name="payments_split_part"),
            CheckConstraint(
                condition=Q(
                    state__in=["waiting", "requested", "confirmed", "refused", "skipped", "stuck"]
                ),
                name="payments_split_state",
            ),
            CheckConstraint(
                condition=Q(part="rest", amount_minor=0)
                | Q(part="share", amount_minor__gte=0, amount_minor__lte=F("released_minor")),
                name="payments_split_amount",
            ),
            CheckConstraint(
                condition=Q(part="rest")
                | ~Q(state__in=["requested", "confirmed", "stuck"])
                | Q(amount_minor__gt=0, receiver__isnull=False, pending_id__isnull=False),
                name="payments_split_set_aside",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["next_try_at"],
                condition=Q(state__in=["waiting", "requested"]),
                name="payments_split_due",
            ),
            Index(fields=["owner_kind", "owner_id", "state"], name="payments_split_owner"),
            Index(
                fields=["planned_at"],
                condition=Q(state__in=["refused", "stuck"]),
                name="payments_split_problem",
            ),
            Index(fields=["-planned_at"], name="payments_split_newest"),
        ]


class BillDay(models.Model):
    """A day (Beijing time) of a service's books: when it was read to its end, or why not yet."""

    gateway = models.CharField(max_length=16)
    day = models.DateField()
    read_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=64, blank=True)
    """Why it is not read; of one that was, what was wrong in it."""

    class Meta:
        """Each day once; those that wait have their own index."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["gateway", "day"], name="payments_billday_once"),
        ]
        indexes: ClassVar = [
            Index(fields=["day"], condition=Q(read_at=None), name="payments_billday_unread"),
        ]


class SandboxPayment(models.Model):
    """What was paid on the sandbox's page: its bank's memory, not ours."""

    out_trade_no = models.CharField(max_length=64, db_index=True)
    trade_no = models.CharField(max_length=64)
    told = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()


class SandboxRefund(models.Model):
    """What the sandbox paid back."""

    refund_no = models.CharField(max_length=32, unique=True)
    trade_no = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
