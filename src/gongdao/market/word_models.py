"""What a person of finance says happened outside, at a bank or a service: columns and constraints
only; verbs write them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

_STATE = 8


class MoneyWord(models.Model):
    """Somebody's word that moves money: done at once, or asked for and done by another person.
    What is asked for is not changed any more, and what ended stays (a trigger sees to it)."""

    id = models.UUIDField(primary_key=True)
    deed = models.CharField(max_length=32)
    """What is done, by the code it has in the record of deeds."""
    about_kind = models.CharField(max_length=16)
    about_id = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=80)
    """The number that the bank or the service has for it."""
    given = models.JSONField(default=dict)
    """What else the deed needs, by name; nothing personal."""
    reason = models.CharField(max_length=500, blank=True)
    second = models.BooleanField()
    """Whether another person has to do it."""
    state = models.CharField(max_length=_STATE, default="waiting")
    """waiting | done | dropped."""
    asked_by = models.UUIDField(null=True)
    asked_mail = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    ended_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """The same is asked for once at a time; what needs two people is done by two."""

        constraints: ClassVar = [
            UniqueConstraint(
                fields=["deed", "about_kind", "about_id", "reference"],
                condition=Q(state="waiting"),
                name="market_word_once",
            ),
            CheckConstraint(condition=Q(amount_minor__gt=0), name="market_word_moves"),
            CheckConstraint(
                condition=Q(state="waiting", second=True, ended_at__isnull=True)
                | Q(state__in=["done", "dropped"], ended_at__isnull=False),
                name="market_word_ended",
            ),
            CheckConstraint(
                condition=~Q(state="done", second=True)
                | Q(asked_by__isnull=False, ended_by__isnull=False) & ~Q(asked_by=F("ended_by")),
                name="market_word_two_people",
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["asked_at"], condition=Q(state="waiting"), name="market_word_waiting"),
            Index(
                fields=["deed", "ended_at"],
                condition=Q(state="done", second=False),
                name="market_word_by_one",
            ),
        ]
