"""Further tables of disputes: what was learned of a case, and what is held back with a ground."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

_CODE = 32
_REF = 64


class RootCause(models.Model):
    """Why an upheld case could happen: rule, vetting, technology, supplier or person (B15)."""

    case = models.OneToOneField(
        "disputes.Case", on_delete=models.PROTECT, primary_key=True, related_name="cause"
    )
    cause = models.CharField(max_length=_CODE)
    note = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """From the list."""

        db_table = "dispute_root_cause"
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(cause__in=["rule", "vetting", "technology", "supplier", "person"]),
                name="dispute_root_cause_known",
            )
        ]


class CauseAnswer(models.Model):
    """What the platform did about a cause, from when on."""

    cause = models.ForeignKey(RootCause, on_delete=models.PROTECT, related_name="answers")
    what = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Only added."""

        db_table = "dispute_cause_answer"


class CauseEffect(models.Model):
    """What was measured of an answer: upheld cases among orders, before and after it."""

    answer = models.ForeignKey(CauseAnswer, on_delete=models.PROTECT, related_name="effects")
    days = models.PositiveIntegerField()
    cases_before = models.PositiveIntegerField()
    orders_before = models.PositiveIntegerField()
    cases_after = models.PositiveIntegerField()
    orders_after = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        """Only added."""

        db_table = "dispute_cause_effect"


class HoldGround(models.Model):
    """Why something of a party is held back (F4): ground, limit and how to appeal."""

    id = models.UUIDField(primary_key=True)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    ground = models.CharField(max_length=_CODE)
    rule = models.CharField(max_length=_REF)
    """The published rule with its version."""
    limit_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    until = models.DateTimeField()
    facts = models.JSONField(default=dict)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    placed_at = models.DateTimeField()
    appealed_at = models.DateTimeField(null=True)
    sealed_appeal = models.BinaryField(default=b"")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_why = models.CharField(max_length=500, blank=True)

    class Meta:
        """It ends some time, and each ground stands once."""

        db_table = "dispute_hold_ground"
        constraints: ClassVar = [
            CheckConstraint(condition=Q(until__gt=F("placed_at")), name="dispute_ground_ends"),
            UniqueConstraint(
                fields=["subject_kind", "subject_id", "ground"],
                condition=Q(lifted_at__isnull=True),
                name="dispute_ground_once",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["until"], condition=Q(lifted_at__isnull=True), name="dispute_ground_until"
            )
        ]
