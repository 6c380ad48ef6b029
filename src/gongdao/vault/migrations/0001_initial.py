"""The tables as first made."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("state", models.CharField(default="incoming", max_length=12)),
                ("source_kind", models.CharField(max_length=16)),
                ("supplier", models.CharField(blank=True, max_length=64)),
                ("proof_sha256", models.BinaryField(null=True)),
                ("first_pos", models.BigIntegerField()),
                ("first_id", models.BigIntegerField(null=True)),
                ("last_id", models.BigIntegerField(null=True)),
                ("secrets", models.PositiveIntegerField(default=0)),
                ("root", models.BinaryField(null=True)),
                ("log_subject", models.CharField(max_length=64, unique=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("began_at", models.DateTimeField()),
                ("imported_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("pos", models.BigIntegerField()),
                ("sealed_id", models.BigIntegerField()),
                ("state", models.CharField(default="available", max_length=12)),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="vault.batch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Fingerprint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kid", "fp", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kid", models.SmallIntegerField()),
                ("fp", models.BinaryField()),
                ("sealed_id", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Sku",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("seller_kind", models.CharField(max_length=16)),
                ("seller_id", models.UUIDField()),
                ("rules", models.JSONField()),
                ("uses_allowed", models.PositiveIntegerField(default=1)),
                ("open_upto", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StatusCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_id", models.BigIntegerField()),
                ("port", models.CharField(max_length=16)),
                ("status", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "unit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="vault.unit",
                    ),
                ),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("place", models.SmallIntegerField()),
                ("turn", models.SmallIntegerField(default=0)),
                ("state", models.CharField(max_length=12)),
                ("until", models.DateTimeField(null=True)),
                ("claimed_at", models.DateTimeField()),
                ("allocated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="FingerprintKey",
            fields=[
                ("kid", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("state", models.CharField(default="live", max_length=12)),
                ("wrapped", models.BinaryField()),
                ("filled_upto", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "vault_key",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["live", "checked", "gone"])),
                        name="vault_key_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "gone"), ("wrapped", b"")),
                            models.Q(
                                models.Q(("state", "gone"), _negated=True),
                                models.Q(("wrapped", b""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="vault_key_empty_when_gone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch", "n", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("n", models.IntegerField()),
                ("root", models.BinaryField()),
                ("first_id", models.BigIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="vault.batch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reveal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unit_id", models.BigIntegerField()),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("who", models.BinaryField()),
                ("purpose", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["unit_id"], name="vault_reveal_unit")],
            },
        ),
        migrations.CreateModel(
            name="Sealed",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("ciphertext", models.BinaryField()),
                ("commitment", models.BinaryField()),
                ("canon_v", models.SmallIntegerField()),
                ("line", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("line__gte", 1)), name="vault_sealed_line"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="unit",
            name="sku",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="vault.sku",
            ),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.UniqueConstraint(
                fields=("owner_kind", "owner_id"), name="vault_sku_one_per_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.CheckConstraint(
                condition=models.Q(("uses_allowed__gte", 1), ("uses_allowed__lte", 10000)),
                name="vault_sku_uses",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="sku",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="vault.sku"
            ),
        ),
        migrations.AddField(
            model_name="statuscheck",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="vault.batch",
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("state", "reserved")),
                fields=["until"],
                name="vault_claim_lapses",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                fields=("owner_id", "owner_kind", "place", "turn"), name="vault_claim_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("allocated_at", None), ("state", "reserved"), ("until__isnull", False)
                    ),
                    models.Q(
                        ("allocated_at__isnull", False),
                        ("state__in", ["allocated", "replaced"]),
                        ("until", None),
                    ),
                    _connector="OR",
                ),
                name="vault_claim_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__gte", 1), ("turn__gte", 0)), name="vault_claim_counted"
            ),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(
                condition=models.Q(("state", "available")),
                fields=["sku", "pos"],
                name="vault_unit_available",
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["available", "claimed", "held", "withdrawn"])),
                name="vault_unit_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["incoming", "live", "quarantined", "withdrawn"])),
                name="vault_batch_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("imported_at__isnull", True), ("root__isnull", True), ("state", "incoming")
                    ),
                    models.Q(
                        models.Q(("state", "incoming"), _negated=True),
                        ("imported_at__isnull", False),
                        ("root__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="vault_batch_root_when_imported",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "incoming")),
                fields=("sku",),
                name="vault_batch_one_incoming",
            ),
        ),
        migrations.AddIndex(
            model_name="statuscheck",
            index=models.Index(fields=["batch", "at"], name="vault_check_batch"),
        ),
        migrations.AddIndex(
            model_name="statuscheck",
            index=models.Index(fields=["sealed_id", "at"], name="vault_check_sealed"),
        ),
    ]
