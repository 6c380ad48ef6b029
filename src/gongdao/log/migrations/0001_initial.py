"""The tables as first made."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LogCheckpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField()),
                ("note", models.TextField()),
                ("signed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "log_checkpoint",
            },
        ),
        migrations.CreateModel(
            name="LogOpening",
            fields=[
                ("leaf_hash", models.BinaryField(primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
            ],
            options={
                "db_table": "log_opening",
            },
        ),
        migrations.CreateModel(
            name="LogPending",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("leaf_hash", models.BinaryField(unique=True)),
                ("entry", models.BinaryField()),
                ("subject", models.CharField(max_length=65)),
            ],
            options={
                "db_table": "log_pending",
            },
        ),
        migrations.CreateModel(
            name="LogSubject",
            fields=[
                ("name", models.CharField(max_length=65, primary_key=True, serialize=False)),
                ("last_hash", models.BinaryField(default=b"")),
                ("last_type", models.CharField(default="", max_length=65)),
                ("count", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "log_subject",
            },
        ),
        migrations.CreateModel(
            name="LogTile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "n", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("n", models.BigIntegerField()),
                ("width", models.SmallIntegerField()),
                ("data", models.BinaryField()),
            ],
            options={
                "db_table": "log_tile",
            },
        ),
        migrations.CreateModel(
            name="LogAnchor",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("size", models.BigIntegerField()),
                ("state", models.CharField(default="pending", max_length=10)),
                ("receipt", models.BinaryField(default=b"")),
                ("tries", models.IntegerField(default=0)),
                ("problem", models.CharField(default="", max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "log_anchor",
                "indexes": [models.Index(fields=["state", "next_try_at"], name="log_anchor_next")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "size"), name="log_anchored_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("pending", "confirmed", "failed"))),
                        name="log_anchor_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LogCosignature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("name", models.CharField(max_length=255)),
                ("line", models.TextField()),
            ],
            options={
                "db_table": "log_cosignature",
                "constraints": [
                    models.UniqueConstraint(fields=("size", "name"), name="log_cosigned_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                ("idx", models.BigIntegerField(primary_key=True, serialize=False)),
                ("leaf_hash", models.BinaryField(unique=True)),
                ("entry", models.BinaryField()),
                ("subject", models.CharField(max_length=65)),
            ],
            options={
                "db_table": "log_entry",
                "indexes": [models.Index(fields=["subject", "idx"], name="log_entry_of")],
            },
        ),
        migrations.CreateModel(
            name="LogHead",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("edge", models.BinaryField()),
            ],
            options={
                "db_table": "log_head",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="log_head_is_one")
                ],
            },
        ),
    ]
