"""Tables around a merchant's vetting, and of those who work for the platform. Columns and
constraints only; verbs write them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from gongdao.market.states import PaperKind, Role

_WORD = 16
_BRANDED = [PaperKind.AUTHORIZATION.value, PaperKind.PURCHASE.value]


class StaffRole(models.Model):
    """What somebody may do on the operator's desk."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=_WORD)
    added_at = models.DateTimeField()

    class Meta:
        """Each role of a person once."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["user", "role"], name="market_staff_role_once"),
            CheckConstraint(condition=Q(role__in=list(Role)), name="market_staff_role_known"),
        ]


class StaffDeed(models.Model):
    """One deed of the staff: who did what to what, when and why. Rows are only added (a trigger
    sees to it); the address is kept as it was, so that it outlives the account."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    who = models.UUIDField(null=True)
    """The account; null for what was done on the server's command line."""
    who_mail = models.CharField(max_length=254)
    deed = models.CharField(max_length=32)
    about_kind = models.CharField(max_length=_WORD)
    about_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        """Read newest first, by object and by person."""

        indexes: ClassVar = [
            Index(fields=["about_kind", "about_id"], name="market_staff_deed_about"),
            Index(fields=["who_mail"], name="market_staff_deed_who"),
        ]


class TermsAccepted(models.Model):
    """A merchant's acceptance of one version of the terms; rows are only added."""

    merchant = models.ForeignKey(
        "market.Merchant", on_delete=models.PROTECT, related_name="accepted_terms"
    )
    version = models.PositiveIntegerField()
    digest = models.BinaryField()
    """SHA-256 of that version as the rules' lock keeps it."""
    by = models.UUIDField()
    """The member who accepted."""
    at = models.DateTimeField()

    class Meta:
        """Each version once."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["merchant", "version"], name="market_terms_once")
        ]


class MerchantPaper(models.Model):
    """A paper that a merchant showed: its bytes are kept like evidence, sealed under his key, and
    every look at them is recorded."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey("market.Merchant", on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=_WORD)
    brand = models.CharField(max_length=64, blank=True)
    """What an authorization or a purchase proof is for."""
    original_id = models.UUIDField()
    until = models.DateField(null=True)
    """The last day it holds; null where it does not say."""
    added_at = models.DateTimeField()
    added_by = models.UUIDField()

    class Meta:
        """What proves the right to sell a brand names it."""

        constraints: ClassVar = [
            CheckConstraint(condition=Q(kind__in=list(PaperKind)), name="market_paper_kind"),
            CheckConstraint(
                condition=~Q(kind__in=_BRANDED) | ~Q(brand=""), name="market_paper_of_brand"
            ),
        ]


class ContactProof(models.Model):
    """A code that was sent to a contact, and whether it came back."""

    id = models.UUIDField(primary_key=True)
    sealed = models.BinaryField()
    """The address, under the market's key."""
    code_digest = models.BinaryField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    until = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    """When a merchant was admitted with it: a proof serves once."""
    by = models.UUIDField()
