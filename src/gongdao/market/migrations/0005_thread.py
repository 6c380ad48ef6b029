"""The merchant's desk: threads, drafts of listings, lists of secrets handed in, deeds."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import gongdao.market.desk_states
from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Tables; what was written and done is only added."""

    dependencies = (
        ("market", "0004_supply_and_watch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    operations = (
        migrations.CreateModel(
            name="StockIntake",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("by_id", models.UUIDField()),
                ("batch_id", models.UUIDField()),
                ("state", models.CharField(max_length=16)),
                ("source_kind", models.CharField(max_length=16)),
                ("supplier", models.CharField(blank=True, max_length=64)),
                ("size_bytes", models.PositiveIntegerField()),
                ("lines_done", models.PositiveIntegerField(default=0)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("accepted", models.PositiveIntegerField(default=0)),
                ("already", models.PositiveIntegerField(default=0)),
                ("reasons", models.JSONField(default=dict)),
                ("refused", models.BinaryField(default=bytes)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intakes",
                        to="market.listing",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ListingDraft",
            fields=[
                (
                    "listing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="draft",
                        serialize=False,
                        to="market.listing",
                    ),
                ),
                ("fields", models.JSONField()),
                ("saved_by", models.UUIDField()),
                ("saved_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="IntakeText",
            fields=[
                (
                    "intake",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="market.stockintake",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=120)),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SourceProof",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
                ("media_type", models.CharField(max_length=80)),
                ("sha256", models.BinaryField()),
                ("by_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="market.merchant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("posts", models.PositiveIntegerField(default=0)),
                ("buyer_seen", models.PositiveIntegerField(default=0)),
                ("merchant_seen", models.PositiveIntegerField(default=0)),
                ("last_by", models.CharField(max_length=16)),
                ("made_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("log_subject", models.CharField(max_length=64, unique=True)),
                (
                    "buyer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="market.listing",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="market.merchant",
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="thread",
                        to="market.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThreadPost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("side", models.CharField(max_length=16)),
                ("by_id", models.UUIDField(null=True)),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="written",
                        to="market.thread",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeskDeed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("by_id", models.UUIDField()),
                ("deed", models.CharField(max_length=32)),
                ("about_kind", models.CharField(max_length=16)),
                ("about_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="market.merchant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["merchant", "-at"], name="market_deed_merchant")],
            },
        ),
        migrations.AddConstraint(
            model_name="stockintake",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            gongdao.market.desk_states.IntakeState["LOOKING"],
                            gongdao.market.desk_states.IntakeState["LOOKED"],
                            gongdao.market.desk_states.IntakeState["IMPORTING"],
                            gongdao.market.desk_states.IntakeState["DONE"],
                            gongdao.market.desk_states.IntakeState["FAILED"],
                            gongdao.market.desk_states.IntakeState["GIVEN_UP"],
                        ],
                    )
                ),
                name="market_intake_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockintake",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("listing",),
                name="market_intake_one",
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(fields=["merchant", "-last_at"], name="market_thread_merchant"),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("last_by", gongdao.market.desk_states.Side["BUYER"])),
                fields=["merchant", "last_at"],
                name="market_thread_unanswered",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order__isnull", True)),
                fields=("listing", "buyer"),
                name="market_thread_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "last_by__in",
                        [
                            gongdao.market.desk_states.Side["BUYER"],
                            gongdao.market.desk_states.Side["MERCHANT"],
                        ],
                    )
                ),
                name="market_thread_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("buyer_seen__lte", models.F("posts")),
                    ("merchant_seen__lte", models.F("posts")),
                ),
                name="market_thread_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="threadpost",
            constraint=models.UniqueConstraint(
                fields=("thread", "number"), name="market_post_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="threadpost",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "side__in",
                        [
                            gongdao.market.desk_states.Side["BUYER"],
                            gongdao.market.desk_states.Side["MERCHANT"],
                        ],
                    )
                ),
                name="market_post_side",
            ),
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_threads")),
    )
