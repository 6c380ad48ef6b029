"""What came from a shop elsewhere: rows, drafts, old orders and who looked at them."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Four tables; old orders stay as they came."""

    dependencies = (("market", "0008_coupons"),)

    operations = (
        migrations.CreateModel(
            name="MovedDraft",
            fields=[
                (
                    "listing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="moved_draft",
                        serialize=False,
                        to="market.listing",
                    ),
                ),
                ("beside", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="MovedOrder",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("shop", models.CharField(max_length=32)),
                ("old_id", models.BigIntegerField()),
                ("number", models.CharField(max_length=150)),
                ("state", models.CharField(max_length=16)),
                ("quantity", models.BigIntegerField()),
                ("paid_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("ordered_at", models.DateTimeField(null=True)),
                ("proof", models.BinaryField()),
                ("by_password", models.BooleanField()),
                ("sealed", models.BinaryField()),
                ("moved_at", models.DateTimeField()),
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
            name="MovedLook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("who", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to="market.movedorder",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MovedThing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shop", models.CharField(max_length=32)),
                ("kind", models.CharField(max_length=16)),
                ("old_id", models.BigIntegerField()),
                ("new_id", models.UUIDField()),
                ("moved_at", models.DateTimeField()),
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
        migrations.AddIndex(
            model_name="movedorder",
            index=models.Index(fields=["number"], name="market_moved_order_number"),
        ),
        migrations.AddConstraint(
            model_name="movedorder",
            constraint=models.UniqueConstraint(
                fields=("merchant", "shop", "old_id"), name="market_moved_order_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="movedorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("paid_minor__gte", 0)), name="market_moved_order_paid"
            ),
        ),
        migrations.AddIndex(
            model_name="movedthing",
            index=models.Index(fields=["kind", "old_id"], name="market_moved_thing_found"),
        ),
        migrations.AddConstraint(
            model_name="movedthing",
            constraint=models.UniqueConstraint(
                fields=("merchant", "shop", "kind", "old_id"), name="market_moved_thing_once"
            ),
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_moved")),
    )
