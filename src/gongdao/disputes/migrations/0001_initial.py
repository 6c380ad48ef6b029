"""The tables of disputes, first part."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = [
        ("market", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("merchant_id", models.UUIDField()),
                ("buyer_digest", models.BinaryField()),
                ("log_subject", models.CharField(max_length=64, unique=True)),
                ("reason", models.CharField(max_length=32)),
                ("forum", models.CharField(max_length=12)),
                ("mover", models.CharField(max_length=12)),
                ("state", models.CharField(max_length=12)),
                ("step", models.CharField(max_length=32)),
                ("outcome", models.CharField(blank=True, max_length=32)),
                ("ending", models.CharField(blank=True, max_length=32)),
                ("wanted", models.CharField(max_length=32)),
                ("late", models.JSONField(default=dict)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("rules_on", models.DateField()),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("moves", models.PositiveIntegerField(default=0)),
                ("handovers", models.PositiveIntegerField(default=0)),
                ("fenced", models.BooleanField(default=False)),
                ("needs_person", models.CharField(blank=True, max_length=32)),
                ("clock_who", models.CharField(blank=True, max_length=12)),
                ("clock_started_at", models.DateTimeField(null=True)),
                ("clock_due_at", models.DateTimeField(null=True)),
                ("clock_unit", models.CharField(blank=True, max_length=16)),
                ("clock_count", models.PositiveIntegerField(default=0)),
                ("clock_calendar", models.CharField(blank=True, max_length=32)),
                ("clock_silence", models.CharField(blank=True, max_length=32)),
                ("clock_rule", models.CharField(blank=True, max_length=64)),
                ("clock_stopped_at", models.DateTimeField(null=True)),
                ("clock_stop_reason", models.CharField(blank=True, max_length=32)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="market.order",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_case",
            },
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("blob", models.CharField(max_length=128)),
                ("sha256", models.BinaryField()),
                ("size", models.PositiveBigIntegerField()),
                ("sealed_name", models.BinaryField()),
            ],
            options={
                "db_table": "dispute_exhibit",
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("remedy", models.CharField(max_length=32)),
                ("original_minor", models.BigIntegerField()),
                ("disputed_minor", models.BigIntegerField()),
                ("offered_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_offer",
            },
        ),
        migrations.CreateModel(
            name="CauseAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_cause_answer",
            },
        ),
        migrations.CreateModel(
            name="CauseEffect",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("days", models.PositiveIntegerField()),
                ("cases_before", models.PositiveIntegerField()),
                ("orders_before", models.PositiveIntegerField()),
                ("cases_after", models.PositiveIntegerField()),
                ("orders_after", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="effects",
                        to="disputes.causeanswer",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_cause_effect",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("data", models.JSONField(default=dict)),
                ("leaf_hash", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_event",
            },
        ),
        migrations.CreateModel(
            name="Excuse",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("excuse", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=12)),
                ("sealed", models.BinaryField()),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="excuses",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_excuse",
            },
        ),
        migrations.CreateModel(
            name="ExhibitReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "exhibit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="disputes.exhibit",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_exhibit_reading",
            },
        ),
        migrations.CreateModel(
            name="HandOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("from_forum", models.CharField(max_length=12)),
                ("to_forum", models.CharField(max_length=12)),
                ("from_owner", models.UUIDField(null=True)),
                ("to_owner", models.UUIDField(null=True)),
                ("reason", models.CharField(max_length=32)),
                ("sealed", models.BinaryField(default=b"")),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_overs",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_handover",
            },
        ),
        migrations.CreateModel(
            name="HoldGround",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("ground", models.CharField(max_length=32)),
                ("rule", models.CharField(max_length=64)),
                ("limit_minor", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("until", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
                ("placed_at", models.DateTimeField()),
                ("appealed_at", models.DateTimeField(null=True)),
                ("sealed_appeal", models.BinaryField(default=b"")),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_why", models.CharField(blank=True, max_length=500)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_hold_ground",
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("side", models.CharField(max_length=12)),
                ("move", models.PositiveIntegerField()),
                ("event", models.CharField(max_length=32)),
                ("state", models.CharField(default="planned", max_length=12)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=80)),
                ("made_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_notice",
            },
        ),
        migrations.CreateModel(
            name="OfferAnswer",
            fields=[
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="answer",
                        serialize=False,
                        to="disputes.offer",
                    ),
                ),
                ("answer", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("final_minor", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "dispute_offer_answer",
            },
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("sealed", models.BinaryField()),
                ("late", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_post",
            },
        ),
        migrations.AddField(
            model_name="exhibit",
            name="post",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exhibits",
                to="disputes.post",
            ),
        ),
    ]
