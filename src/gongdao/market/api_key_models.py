"""Tables of the interface's keys: columns and constraints; `market.models` brings them in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint


class ApiKey(models.Model):
    """Lets a program act for an account, or for a merchant that the account is a member of. Only
    its SHA-256 is kept: it has 260 random bits, so no more is needed."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    merchant = models.ForeignKey(
        "market.Merchant", on_delete=models.PROTECT, null=True, related_name="api_keys"
    )
    name = models.CharField(max_length=64)
    scopes = models.CharField(max_length=200)
    """Codes of `Scope`, with blanks between them."""
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    """The day it was last used, to within an hour."""
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """A key opens something."""

        constraints: ClassVar = [
            CheckConstraint(condition=~Q(scopes=""), name="market_apikey_opens"),
        ]


class ApiAnswer(models.Model):
    """What a request with an idempotency key was answered: the same again gets the same. Holds no
    secret."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    named = models.BinaryField()
    """SHA-256 of the idempotency key."""
    request = models.BinaryField()
    """SHA-256 of address and body."""
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        """Each name of a request once for each key."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["key", "named"], name="market_apianswer_once")
        ]
