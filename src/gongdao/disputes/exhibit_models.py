"""Tables of the files that parties hand in: the file, who looked at it, what was read from it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import UniqueConstraint

_WHO = 12


class Exhibit(models.Model):
    """A file that belongs to words: encrypted in the store of files, named by its digest."""

    id = models.UUIDField(primary_key=True)
    post = models.ForeignKey("Post", on_delete=models.PROTECT, related_name="exhibits")
    number = models.PositiveIntegerField()
    blob = models.CharField(max_length=128)
    sha256 = models.BinaryField()
    """Of the plain bytes."""
    size = models.PositiveBigIntegerField()
    sealed_name = models.BinaryField()

    class Meta:
        """Numbered within its post."""

        db_table = "dispute_exhibit"
        constraints: ClassVar = [
            UniqueConstraint(fields=["post", "number"], name="dispute_exhibit_once")
        ]


class ExhibitReading(models.Model):
    """That somebody read a file that was handed in. Only added."""

    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="readings")
    by = models.CharField(max_length=_WHO)
    by_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        """Only added."""

        db_table = "dispute_exhibit_reading"


class ExhibitRead(models.Model):
    """What the readers of evidence made of a file, sealed; ``sealed`` is empty where it does not
    open any more."""

    exhibit = models.OneToOneField(
        Exhibit, on_delete=models.PROTECT, primary_key=True, related_name="read"
    )
    sealed = models.BinaryField()
    readers = models.PositiveIntegerField()
    """The version of the readers; of another one it is made anew."""
    at = models.DateTimeField()

    class Meta:
        """One for a file; replaced by that of newer readers."""

        db_table = "dispute_exhibit_read"
