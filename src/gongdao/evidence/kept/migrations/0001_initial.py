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
            name="Original",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("address", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("reading", "Reading"),
                            ("read", "Read"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("added_at", models.DateTimeField()),
                ("reading_since", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Access",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("original_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("who", models.CharField(max_length=16)),
                ("purpose", models.CharField(max_length=24)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_id", "-at"], name="access_of")
                ],
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "original",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="evidence.original",
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("kept_text", models.BinaryField(default=b"")),
                ("context", models.CharField(max_length=64)),
                ("read_at", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name="original",
            index=models.Index(
                fields=["subject_kind", "subject_id", "added_at"], name="original_of"
            ),
        ),
        migrations.AddConstraint(
            model_name="original",
            constraint=models.UniqueConstraint(
                fields=("subject_kind", "subject_id", "address"), name="original_once_per_subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="original",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "reading", "read", "failed"])),
                name="original_state_known",
            ),
        ),
    ]
