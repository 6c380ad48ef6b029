"""Tables of kept originals. Nothing personal stands in a plain column."""

from __future__ import annotations

from django.db import models


class FileState(models.TextChoices):
    """How far the reading of an original is; ``failed`` holds the one clear problem."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"
    FAILED = "failed"


class Original(models.Model):
    """One uploaded file of a subject. ``address`` is the keyed digest of its bytes: the name of
    its blob, and what keeps the same bytes from being kept twice. ``sealed`` holds name, path in
    the folder of its subject, and digests."""

    id = models.UUIDField(primary_key=True)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    address = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    sealed = models.BinaryField()
    state = models.CharField(max_length=8, choices=FileState.choices, default=FileState.WAITING)
    added_at = models.DateTimeField()
    reading_since = models.DateTimeField(null=True)

    class Meta:
        """The same bytes once per subject."""

        constraints = (
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "address"], name="original_once_per_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=FileState.values), name="original_state_known"
            ),
        )
        indexes = (
            models.Index(fields=["subject_kind", "subject_id", "added_at"], name="original_of"),
        )


class Reading(models.Model):
    """What was read from an original. ``context`` is the digest of what else it was read with:
    another one means that it is to be read again. ``kept_text`` are sealed readings of pictures,
    so that this goes without OCR."""

    original = models.OneToOneField(Original, models.CASCADE, primary_key=True)
    sealed = models.BinaryField()
    kept_text = models.BinaryField(default=b"")
    context = models.CharField(max_length=64)
    read_at = models.DateTimeField()


class Access(models.Model):
    """One opening of an original or of everything of a subject: when, by whom, what for.

    The table takes new rows and lets go of a whole subject; a trigger refuses changes."""

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    original_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=16)
    purpose = models.CharField(max_length=24)

    class Meta:
        """Listed newest first per subject."""

        indexes = (models.Index(fields=["subject_kind", "subject_id", "-at"], name="access_of"),)
