"""Tables that every room may point at: users, data keys, counted attempts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class UserManager(BaseUserManager["User"]):
    """Makes users; sign-up itself is done by the accounts library."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """A user with this address; without a password he signs in by code or passkey."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. Cases work without one; an account only gathers them."""

    id = models.UUIDField(primary_key=True)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    language = models.CharField(max_length=2, default="zh")
    joined_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"


class DataKey(models.Model):
    """The key that seals everything of one subject, itself wrapped by the master key.

    ``wrapped`` is emptied when the key is destroyed: what it sealed can then never be read again.
    """

    id = models.UUIDField(primary_key=True)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        """One key per subject; a destroyed key is empty, a living one is not."""

        constraints = (
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"], name="data_key_one_per_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=False, wrapped=b"")
                | (models.Q(destroyed_at__isnull=True) & ~models.Q(wrapped=b"")),
                name="data_key_empty_when_destroyed",
            ),
        )


class Attempt(models.Model):
    """How often something was tried in one window of time; ``bucket`` is a keyed digest, so
    that no address or name lies here in the clear."""

    bucket = models.CharField(max_length=64, primary_key=True)
    window_ends = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()
