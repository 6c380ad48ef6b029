"""The tables as first made."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Address",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("code_digest", models.BinaryField(max_length=32)),
                ("code_until", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("added_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("link_digest", models.BinaryField(max_length=32, unique=True)),
                ("code_digest", models.BinaryField(max_length=32)),
                ("language", models.CharField(default="zh", max_length=2)),
                ("before_buying", models.BooleanField(default=False)),
                ("example", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("sealed", models.BinaryField()),
                ("begun_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CaseFile",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("case_version", models.PositiveIntegerField()),
                ("as_of", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("ready", "Ready"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("made_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CaseOutcome",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("result", models.CharField(max_length=24)),
                ("channel", models.CharField(blank=True, max_length=40)),
                ("sealed", models.BinaryField()),
                ("said_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Deadline",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=120)),
                ("channel", models.CharField(max_length=40)),
                ("rule", models.CharField(max_length=80)),
                ("since", models.DateTimeField()),
                ("due", models.DateTimeField(db_index=True)),
                ("estimated", models.BooleanField(default=False)),
                ("due_before", models.DateTimeField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
                ("rules", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("over", "Over")],
                        default="running",
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ErasedCase",
            fields=[
                (
                    "link_digest",
                    models.BinaryField(max_length=32, primary_key=True, serialize=False),
                ),
                ("case_id", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("key_destroyed_at", models.DateTimeField()),
                ("blobs_to_go", models.PositiveIntegerField()),
                ("blobs_gone_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=40)),
                ("filed_at", models.DateTimeField()),
                ("outcome", models.CharField(blank=True, max_length=16)),
                ("outcome_at", models.DateTimeField(null=True)),
                ("sealed", models.BinaryField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LetterDraft",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("letter", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField(default=1)),
                ("sealed", models.BinaryField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160)),
                ("kind", models.CharField(max_length=24)),
                ("due", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("requested", "Requested"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("token_digest", models.BinaryField(max_length=32, unique=True)),
                ("shows", models.CharField(max_length=80)),
                ("sealed", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("client_key", models.CharField(max_length=64)),
                ("sealed", models.BinaryField()),
                ("length", models.PositiveBigIntegerField()),
                ("received", models.PositiveBigIntegerField(default=0)),
                ("begun_at", models.DateTimeField()),
            ],
        ),
    ]
