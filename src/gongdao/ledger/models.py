"""Tables of the ledger: columns and constraints.

What a column cannot say alone (append-only, who may change a balance or a hold) is in
``sql/guards.sql``. ``owner_kind`` and ``owner_id`` are an opaque reference to whom a row belongs.
Amounts are minor units; a transfer moves them from its debit account to its credit account.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from gongdao.ledger.accounts import GUARDS, AccountKind, Guard
from gongdao.ledger.states import HoldState, PayoutState, PendingState
from gongdao.ledger.transfers import LONGEST_REFERENCE, TransferKind

_KIND = 24
_OWNER = 16
_STATE = 10


def _guard_fits() -> Q:
    fits = Q()
    for guard in Guard:
        kinds = [kind.value for kind in AccountKind if GUARDS[kind] is guard]
        fits |= Q(guard=guard.value, kind__in=kinds)
    return fits


class LedgerAccount(models.Model):
    """One account. ``id`` is a digest of the rest (``accounts.Account.id``)."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=_KIND)
    owner_kind = models.CharField(max_length=_OWNER)
    owner_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    guard = models.SmallIntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        """One account per kind, owner and currency; the guard is that of its kind. The unique
        triple is what transfers point at, so that neither currency nor guard can be another."""

        db_table = "ledger_account"
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["owner_kind", "owner_id", "kind", "currency"], name="ledger_account_once"
            ),
            UniqueConstraint(fields=["id", "currency", "guard"], name="ledger_account_as_named"),
            CheckConstraint(condition=_guard_fits(), name="ledger_account_guard_of_kind"),
            CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="ledger_account_currency"
            ),
        ]


class LedgerBalance(models.Model):
    """The balance of a guarded account: credits minus debits, and how much of it is promised to
    pending transfers. Written by triggers alone."""

    account_id = models.UUIDField(primary_key=True)
    posted_minor = models.BigIntegerField(default=0)
    pending_minor = models.BigIntegerField(default=0)

    class Meta:
        """What is not promised is never negative."""

        db_table = "ledger_balance"
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(pending_minor__gte=0, posted_minor__gte=F("pending_minor")),
                name="ledger_balance_not_negative",
            )
        ]


class LedgerTransfer(models.Model):
    """One movement of money; never changed. ``line`` tells transfers of one kind and reference
    apart within their journal."""

    seq = models.BigAutoField(primary_key=True)
    journal_id = models.UUIDField()
    line = models.SmallIntegerField()
    debit_id = models.UUIDField()
    credit_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    debit_guard = models.SmallIntegerField()
    credit_guard = models.SmallIntegerField()
    amount_minor = models.BigIntegerField()
    kind = models.CharField(max_length=_KIND)
    hold_id = models.UUIDField(null=True)
    pending_id = models.UUIDField(null=True)
    reverses_id = models.BigIntegerField(null=True)
    owner_kind = models.CharField(max_length=_OWNER)
    owner_id = models.UUIDField()
    reference = models.CharField(max_length=LONGEST_REFERENCE)
    at = models.DateTimeField()

    class Meta:
        """The same movement once; a held account is moved through a hold, on a known ground."""

        db_table = "ledger_transfer"
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["owner_kind", "owner_id", "kind", "reference", "line"],
                name="ledger_transfer_once",
            ),
            UniqueConstraint(
                fields=["reverses_id"],
                condition=Q(reverses_id__isnull=False),
                name="ledger_transfer_reversed_once",
            ),
            UniqueConstraint(
                fields=["pending_id"],
                condition=Q(pending_id__isnull=False),
                name="ledger_transfer_posted_once",
            ),
            CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_transfer_moves"),
            CheckConstraint(condition=~Q(debit_id=F("credit_id")), name="ledger_transfer_sides"),
            CheckConstraint(condition=~Q(reference=""), name="ledger_transfer_reference"),
            CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in TransferKind]),
                name="ledger_transfer_kind",
            ),
            CheckConstraint(
                condition=Q(kind=TransferKind.REVERSAL.value, reverses_id__isnull=False)
                | (~Q(kind=TransferKind.REVERSAL.value) & Q(reverses_id__isnull=True)),
                name="ledger_transfer_reversal",
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["debit_id", "seq"], name="ledger_transfer_debit"),
            Index(fields=["credit_id", "seq"], name="ledger_transfer_credit"),
        ]


class LedgerHold(models.Model):
    """Money on a held account that waits for one purpose of one owner. Made by the transfer that
    brings the money and emptied by those that take it; written by triggers alone."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    owner_kind = models.CharField(max_length=_OWNER)
    owner_id = models.UUIDField()
    purpose = models.CharField(max_length=LONGEST_REFERENCE)
    amount_minor = models.BigIntegerField()
    left_minor = models.BigIntegerField()
    state = models.CharField(max_length=_STATE)
    created_at = models.DateTimeField()

    class Meta:
        """One hold per owner and purpose; what is left is never negative nor more than was put."""

        db_table = "ledger_hold"
        constraints: ClassVar = [
            UniqueConstraint(fields=["owner_kind", "owner_id", "purpose"], name="ledger_hold_once"),
            CheckConstraint(
                condition=Q(left_minor__gte=0, left_minor__lte=F("amount_minor")),
                name="ledger_hold_left",
            ),
            CheckConstraint(
                condition=Q(state=HoldState.HELD.value, left_minor__gt=0)
                | Q(state__in=[HoldState.RELEASED.value, HoldState.VOID.value], left_minor=0),
                name="ledger_hold_state",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["account_id", "created_at"],
                condition=Q(state=HoldState.HELD.value),
                name="ledger_hold_open",
            )
        ]


class LedgerPending(models.Model):
    """A transfer that is promised and not made yet. The amount cannot be spent meanwhile."""

    id = models.UUIDField(primary_key=True)
    debit_id = models.UUIDField()
    credit_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    debit_guard = models.SmallIntegerField()
    credit_guard = models.SmallIntegerField()
    amount_minor = models.BigIntegerField()
    kind = models.CharField(max_length=_KIND)
    owner_kind = models.CharField(max_length=_OWNER)
    owner_id = models.UUIDField()
    reference = models.CharField(max_length=LONGEST_REFERENCE)
    state = models.CharField(max_length=_STATE, default=PendingState.PENDING.value)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """The same promise once. Held money has holds for this."""

        db_table = "ledger_pending"
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["owner_kind", "owner_id", "kind", "reference"], name="ledger_pending_once"
            ),
            CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_pending_moves"),
            CheckConstraint(condition=~Q(debit_id=F("credit_id")), name="ledger_pending_sides"),
            CheckConstraint(condition=~Q(reference=""), name="ledger_pending_reference"),
            CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in TransferKind]),
                name="ledger_pending_kind",
            ),
            CheckConstraint(
                condition=~Q(debit_guard=Guard.HOLD.value) & ~Q(credit_guard=Guard.HOLD.value),
                name="ledger_pending_no_hold",
            ),
            CheckConstraint(
                condition=Q(state=PendingState.PENDING.value, ended_at__isnull=True)
                | Q(
                    state__in=[PendingState.POSTED.value, PendingState.VOID.value],
                    ended_at__isnull=False,
                ),
                name="ledger_pending_state",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["debit_id"],
                condition=Q(state=PendingState.PENDING.value),
                name="ledger_pending_open",
            ),
            Index(
                fields=["debit_id", "created_at"],
                condition=Q(kind=TransferKind.SPLIT.value, state=PendingState.POSTED.value),
                name="ledger_pending_split",
            ),
        ]


class LedgerRollup(models.Model):
    """Credits minus debits of an account over all transfers up to ``seq``: a shortcut for reading,
    which the check recomputes. An account without a row has none yet."""

    account_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()
    net_minor = models.BigIntegerField()

    class Meta:
        """The highest ``seq`` is where the next roll-up begins."""

        db_table = "ledger_rollup"
        indexes: ClassVar = [Index(fields=["-seq"], name="ledger_rollup_seq")]


class Payee(models.Model):
    """A bank or payment account of a merchant. Name and number are sealed under its own key."""

    id = models.UUIDField(primary_key=True)
    owner_kind = models.CharField(max_length=_OWNER)
    owner_id = models.UUIDField()
    sealed = models.BinaryField()
    digest = models.BinaryField(max_length=32)
    """Keyed digest of the number, so that the same account is not added twice."""
    added_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    verified_by = models.UUIDField(null=True)
    proof = models.CharField(max_length=_KIND, blank=True)
    """How it was shown that the account is his, as a code (``PayeeProof``)."""
    retired_at = models.DateTimeField(null=True)

    class Meta:
        """Verified by somebody, in some way, or not at all; an account once per merchant."""

        db_table = "ledger_payee"
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["owner_kind", "owner_id", "digest"],
                condition=Q(retired_at__isnull=True),
                name="ledger_payee_once",
            ),
            CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_by__isnull=True, proof="")
                | (Q(verified_at__isnull=False, verified_by__isnull=False) & ~Q(proof="")),
                name="ledger_payee_verified_by_somebody",
            ),
        ]


class PayoutBatch(models.Model):
    """Payouts that were asked of the bank together; their list can be written again and again."""

    id = models.UUIDField(primary_key=True)
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    """Null: made on the command line, by whoever runs the server."""
    count = models.PositiveIntegerField()

    class Meta:
        """No empty batch."""

        db_table = "ledger_payout_batch"
        constraints: ClassVar = [
            CheckConstraint(condition=Q(count__gt=0), name="ledger_payout_batch_filled")
        ]


class Payout(models.Model):
    """Money of a merchant on its way to him. ``through_id`` is the account that pays: the bank, or
    what a gateway holds. ``limit_minor`` is the limit in force when it was proposed, less
    the merchant's other payouts of that day and those under way."""

    id = models.UUIDField(primary_key=True)
    owner_kind = models.CharField(max_length=_OWNER)
    owner_id = models.UUIDField()
    reference = models.CharField(max_length=LONGEST_REFERENCE)
    payee = models.ForeignKey(Payee, on_delete=models.PROTECT, related_name="payouts")
    through_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    limit_minor = models.BigIntegerField()
    state = models.CharField(max_length=_STATE, default=PayoutState.PROPOSED.value)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    batch = models.ForeignKey(
        PayoutBatch, on_delete=models.PROTECT, null=True, related_name="payouts"
    )
    requested_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    bank_reference = models.CharField(max_length=LONGEST_REFERENCE, blank=True)
    why = models.CharField(max_length=200, blank=True)
    """Why it failed, was cancelled or came back, in the words of whoever said so."""

    class Meta:
        """Nothing is asked of a bank without approval; over the limit two people agree."""

        db_table = "ledger_payout"
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["owner_kind", "owner_id", "reference"], name="ledger_payout_once"
            ),
            CheckConstraint(
                condition=Q(amount_minor__gt=0, limit_minor__gte=0), name="ledger_payout_moves"
            ),
            CheckConstraint(
                condition=Q(state__in=[state.value for state in PayoutState]),
                name="ledger_payout_state",
            ),
            CheckConstraint(
                condition=Q(state__in=["proposed", "cancelled"])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="ledger_payout_approved",
            ),
            CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(amount_minor__lte=F("limit_minor"))
                | ~Q(approved_by=F("proposed_by")),
                name="ledger_payout_two_people",
            ),
            CheckConstraint(
                condition=Q(state__in=["proposed", "approved", "cancelled"])
                | Q(requested_at__isnull=False),
                name="ledger_payout_requested",
            ),
            CheckConstraint(
                condition=Q(state__in=["proposed", "approved", "requested"], ended_at__isnull=True)
                | Q(
                    state__in=["confirmed", "failed", "cancelled", "returned"],
                    ended_at__isnull=False,
                ),
                name="ledger_payout_ended",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["state", "proposed_at"],
                condition=Q(state__in=["proposed", "approved", "requested"]),
                name="ledger_payout_open",
            )
        ]
