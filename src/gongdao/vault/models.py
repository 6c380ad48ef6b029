"""Tables of the vault: columns and constraints. Hot statements in ``sql/`` write the busy ones.

``owner_kind``, ``owner_id`` and the like are opaque references: the vault never looks behind them.
Keys between the large tables are not checked by the database row by row: an import of a million
secrets would spend most of its time on it. `check_vault` checks them all.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from gongdao.vault.states import BatchState, ClaimState, KeyState, UnitState

_KIND = 16
_STATE = 12
MAX_USES = 10_000
"""Most uses of one secret: each use is a unit, so that no row is hot."""


class Sku(models.Model):
    """The shelf of one product. ``rules`` (`CanonRules`) and uses are fixed when it is made."""

    id = models.UUIDField(primary_key=True)
    owner_kind = models.CharField(max_length=_KIND)
    owner_id = models.UUIDField()
    seller_kind = models.CharField(max_length=_KIND)
    seller_id = models.UUIDField()
    rules = models.JSONField()
    uses_allowed = models.PositiveIntegerField(default=1)
    open_upto = models.BigIntegerField(default=0)
    """Units up to this position belong to finished imports: only they are for sale."""
    made_at = models.DateTimeField()

    class Meta:
        """One shelf per owner; a use is counted from one."""

        constraints: ClassVar = [
            UniqueConstraint(fields=["owner_kind", "owner_id"], name="vault_sku_one_per_owner"),
            CheckConstraint(
                condition=Q(uses_allowed__gte=1, uses_allowed__lte=MAX_USES),
                name="vault_sku_uses",
            ),
        ]


class Batch(models.Model):
    """Secrets imported together from one source, under one data key (subject ``batch``)."""

    id = models.UUIDField(primary_key=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="batches")
    state = models.CharField(max_length=_STATE, default=BatchState.INCOMING.value)
    source_kind = models.CharField(max_length=_KIND)
    supplier = models.CharField(max_length=64, blank=True)
    """Pseudonym of where the seller bought; never a name."""
    proof_sha256 = models.BinaryField(null=True)
    """Digest of the document that shows the source, if there is one."""
    first_pos = models.BigIntegerField()
    first_id = models.BigIntegerField(null=True)
    last_id = models.BigIntegerField(null=True)
    """Between these ids lie its units (and perhaps some of other batches)."""
    secrets = models.PositiveIntegerField(default=0)
    root = models.BinaryField(null=True)
    """RFC 6962 root over the commitments in order; fixed when the import ends."""
    log_subject = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        """One import at a time onto a shelf, so that positions follow each other."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(state__in=[one.value for one in BatchState]), name="vault_batch_state"
            ),
            CheckConstraint(
                condition=Q(
                    state=BatchState.INCOMING.value, root__isnull=True, imported_at__isnull=True
                )
                | (
                    ~Q(state=BatchState.INCOMING.value)
                    & Q(root__isnull=False, imported_at__isnull=False)
                ),
                name="vault_batch_root_when_imported",
            ),
            UniqueConstraint(
                fields=["sku"],
                condition=Q(state=BatchState.INCOMING.value),
                name="vault_batch_one_incoming",
            ),
        ]


class Unit(models.Model):
    """One use of one secret. Narrow: it is what a sale looks for and changes."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.ForeignKey(
        Sku, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    pos = models.BigIntegerField()
    batch = models.ForeignKey(
        Batch, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    sealed_id = models.BigIntegerField()
    """The secret: the id of its first unit."""
    state = models.CharField(max_length=_STATE, default=UnitState.AVAILABLE.value)

    class Meta:
        """The shelf as an index of its own, in the order of sale: what is sold is not in it."""

        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(state__in=[one.value for one in UnitState]), name="vault_unit_state"
            )
        ]
        indexes: ClassVar = [
            Index(
                fields=["sku", "pos"],
                condition=Q(state=UnitState.AVAILABLE.value),
                name="vault_unit_available",
            )
        ]


class Sealed(models.Model):
    """One secret, encrypted with its salt, and the commitment to it. Rows are only added."""

    id = models.BigIntegerField(primary_key=True)
    ciphertext = models.BinaryField()
    commitment = models.BinaryField()
    canon_v = models.SmallIntegerField()
    line = models.IntegerField()
    """The line of the imported file, so that a resumed import knows what it has taken."""

    class Meta:
        """A commitment is a SHA-256."""

        constraints: ClassVar = [
            CheckConstraint(condition=Q(line__gte=1), name="vault_sealed_line")
        ]


class Fingerprint(models.Model):
    """That a secret is on the platform, under the key ``kid``."""

    pk = models.CompositePrimaryKey("kid", "fp")
    kid = models.SmallIntegerField()
    fp = models.BinaryField()
    sealed_id = models.BigIntegerField(db_index=True)


class Claim(models.Model):
    """A unit that belongs to somebody: the primary key lets a unit be in one claim only, the unique
    index lets a claim have one unit in each of its places."""

    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, primary_key=True, related_name="+")
    owner_kind = models.CharField(max_length=_KIND)
    owner_id = models.UUIDField()
    place = models.SmallIntegerField()
    """From 1 to the number of units that the claim is for."""
    turn = models.SmallIntegerField(default=0)
    """Grows when the unit in a place is replaced."""
    state = models.CharField(max_length=_STATE)
    until = models.DateTimeField(null=True)
    """When a reservation lapses."""
    claimed_at = models.DateTimeField()
    allocated_at = models.DateTimeField(null=True)

    class Meta:
        """Reservations end, allocations do not."""

        constraints: ClassVar = [
            UniqueConstraint(
                fields=["owner_id", "owner_kind", "place", "turn"], name="vault_claim_place_once"
            ),
            CheckConstraint(
                condition=Q(state=ClaimState.RESERVED.value, until__isnull=False, allocated_at=None)
                | Q(
                    state__in=[ClaimState.ALLOCATED.value, ClaimState.REPLACED.value],
                    until=None,
                    allocated_at__isnull=False,
                ),
                name="vault_claim_state",
            ),
            CheckConstraint(condition=Q(place__gte=1, turn__gte=0), name="vault_claim_counted"),
        ]
        indexes: ClassVar = [
            Index(fields=["until"], condition=Q(state="reserved"), name="vault_claim_lapses")
        ]


class Group(models.Model):
    """The root over 256 commitments of a batch (fewer in its last group): what an inclusion proof
    needs of the others."""

    pk = models.CompositePrimaryKey("batch", "n")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False, related_name="+")
    n = models.IntegerField()
    root = models.BinaryField()
    first_id = models.BigIntegerField()
    """The id of the group's first secret."""


class Reveal(models.Model):
    """That a secret was decrypted for somebody. Rows are only added."""

    unit_id = models.BigIntegerField()
    owner_kind = models.CharField(max_length=_KIND)
    owner_id = models.UUIDField()
    who = models.BinaryField()
    """Keyed digest of who looked."""
    purpose = models.CharField(max_length=_KIND)
    at = models.DateTimeField()

    class Meta:
        """Found by unit."""

        indexes: ClassVar = [Index(fields=["unit_id"], name="vault_reveal_unit")]


class StatusCheck(models.Model):
    """What an issuer answered about a secret. Rows are only added."""

    sealed_id = models.BigIntegerField()
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False, related_name="+")
    port = models.CharField(max_length=_KIND)
    status = models.CharField(max_length=_KIND)
    used_at = models.DateTimeField(null=True)
    """When the secret was used, where the issuer tells."""
    at = models.DateTimeField()

    class Meta:
        """The newest of a batch, the newest of a secret."""

        indexes: ClassVar = [
            Index(fields=["batch", "at"], name="vault_check_batch"),
            Index(fields=["sealed_id", "at"], name="vault_check_sealed"),
        ]


class FingerprintKey(models.Model):
    """A key that fingerprints are made with, wrapped under the master key. It has a number of its
    own, so that master keys change without a fingerprint changing."""

    kid = models.SmallIntegerField(primary_key=True)
    state = models.CharField(max_length=_STATE, default=KeyState.LIVE.value)
    wrapped = models.BinaryField()
    filled_upto = models.BigIntegerField(default=0)
    """During a rotation: secrets up to this id have been fingerprinted anew."""
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A key that is gone is empty, others are not."""

        db_table = "vault_key"
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(state__in=[one.value for one in KeyState]), name="vault_key_state"
            ),
            CheckConstraint(
                condition=Q(state=KeyState.GONE.value, wrapped=b"")
                | (~Q(state=KeyState.GONE.value) & ~Q(wrapped=b"")),
                name="vault_key_empty_when_gone",
            ),
        ]
