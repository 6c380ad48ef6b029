"""The tables of the public log. What they refuse stands in migration 0002: published rows are
never changed or deleted, and a leaf hash is the hash of its entry."""

from __future__ import annotations

from django.db import models


class LogSubject(models.Model):
    """The newest leaf of a subject, waiting ones included: who appends locks this row first.

    ``count`` is how many leaves the subject has; 0 means that a row was made for the lock alone.
    """

    name = models.CharField(max_length=65, primary_key=True)
    last_hash = models.BinaryField(default=b"")
    last_type = models.CharField(max_length=65, default="")
    count = models.BigIntegerField(default=0)

    class Meta:
        """Changed with every leaf: the migration leaves room for it in each page."""

        db_table = "log_subject"


class LogPending(models.Model):
    """A leaf that was appended and has no number yet. Rows come and go, and never change."""

    seq = models.BigAutoField(primary_key=True)
    leaf_hash = models.BinaryField(unique=True)
    entry = models.BinaryField()
    subject = models.CharField(max_length=65)

    class Meta:
        """Taken in the order of ``seq``."""

        db_table = "log_pending"


class LogEntry(models.Model):
    """The leaf number ``idx``, counted from 0 without a gap; ``entry`` are its exact bytes."""

    idx = models.BigIntegerField(primary_key=True)
    leaf_hash = models.BinaryField(unique=True)
    entry = models.BinaryField()
    subject = models.CharField(max_length=65)

    class Meta:
        """A subject's leaves are found in their order."""

        db_table = "log_entry"
        indexes = (models.Index(fields=["subject", "idx"], name="log_entry_of"),)


class LogTile(models.Model):
    """A tile of hashes (c2sp.org/tlog-tiles): ``width`` hashes of 32 bytes, side by side.

    It grows until it has 256; a narrower tile is the beginning of the wider one, so each is kept
    once.
    """

    pk = models.CompositePrimaryKey("level", "n")
    level = models.SmallIntegerField()
    n = models.BigIntegerField()
    width = models.SmallIntegerField()
    data = models.BinaryField()

    class Meta:
        """No index beside the key."""

        db_table = "log_tile"


class LogHead(models.Model):
    """The one row that says how far the log has grown: ``size`` leaves under ``root``; ``edge`` are
    the hashes of the perfect subtrees, largest first. Signed or not: see LogCheckpoint."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField()
    root = models.BinaryField()
    edge = models.BinaryField()

    class Meta:
        """There is at most one."""

        db_table = "log_head"
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="log_head_is_one"),)


class LogCheckpoint(models.Model):
    """A checkpoint as signed by the log: ``note`` is the signed note, cosignatures apart."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        """One per size: a log never signs two."""

        db_table = "log_checkpoint"


class LogCosignature(models.Model):
    """What a witness or auditor put under the checkpoint of ``size``: the whole signature ``line``,
    without line feed; ``name`` is the key's."""

    size = models.BigIntegerField()
    name = models.CharField(max_length=255)
    line = models.TextField()

    class Meta:
        """The first of each cosigner counts."""

        db_table = "log_cosignature"
        constraints = (models.UniqueConstraint(fields=["size", "name"], name="log_cosigned_once"),)


class LogAnchor(models.Model):
    """A checkpoint handed to somebody outside: ``receipt`` is what came back, as its kind has it.

    ``state`` goes from pending to confirmed; failed ones are asked for again at ``next_try_at``.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    size = models.BigIntegerField()
    state = models.CharField(max_length=10, default="pending")
    receipt = models.BinaryField(default=b"")
    tries = models.IntegerField(default=0)
    problem = models.CharField(max_length=64, default="")
    asked_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        """One per kind and checkpoint; those that wait are found by their time."""

        db_table = "log_anchor"
        constraints = (
            models.UniqueConstraint(fields=["kind", "size"], name="log_anchored_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=("pending", "confirmed", "failed")),
                name="log_anchor_state_known",
            ),
        )
        indexes = (models.Index(fields=["state", "next_try_at"], name="log_anchor_next"),)


class LogOpening(models.Model):
    """What opens the commitments of a leaf: salts and values, sealed under the master key. Deleting
    the row erases them for good; the leaf stays and says nothing any more."""

    leaf_hash = models.BinaryField(primary_key=True)
    sealed = models.BinaryField()

    class Meta:
        """Found by the leaf alone."""

        db_table = "log_opening"
