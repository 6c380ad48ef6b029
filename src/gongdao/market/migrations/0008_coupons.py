"""Coupons, what they hold for, and their uses."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Three tables; a use is never deleted."""

    dependencies = (("market", "0007_api_keys"),)

    operations = (
        migrations.CreateModel(
            name="Coupon",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("digest", models.BinaryField()),
                ("name", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=8)),
                ("percent", models.PositiveSmallIntegerField(null=True)),
                ("off_minor", models.BigIntegerField(null=True)),
                ("minimum_minor", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("on", models.BooleanField(default=True)),
                ("uses", models.PositiveIntegerField(null=True)),
                ("uses_left", models.PositiveIntegerField(null=True)),
                ("per_buyer", models.PositiveIntegerField(null=True)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("everywhere", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField()),
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
            name="CouponListing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="market.coupon",
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
            ],
        ),
        migrations.CreateModel(
            name="CouponUse",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="coupon_use",
                        serialize=False,
                        to="market.order",
                    ),
                ),
                ("buyer_digest", models.BinaryField()),
                ("off_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("back", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "coupon",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken",
                        to="market.coupon",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                fields=("merchant", "digest"), name="market_coupon_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "percent"),
                        ("off_minor__isnull", True),
                        ("percent__gte", 1),
                        ("percent__isnull", False),
                        ("percent__lte", 99),
                    ),
                    models.Q(
                        ("kind", "fixed"),
                        ("off_minor__gt", 0),
                        ("off_minor__isnull", False),
                        ("percent__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="market_coupon_takes_something_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("uses__isnull", True), ("uses_left__isnull", True)),
                    models.Q(
                        ("uses__isnull", False),
                        ("uses_left__gte", 0),
                        ("uses_left__isnull", False),
                        ("uses_left__lte", models.F("uses")),
                    ),
                    _connector="OR",
                ),
                name="market_coupon_uses_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(("minimum_minor__gte", 0)),
                name="market_coupon_minimum_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponlisting",
            constraint=models.UniqueConstraint(
                fields=("coupon", "listing"), name="market_coupon_listing_once"
            ),
        ),
        migrations.AddIndex(
            model_name="couponuse",
            index=models.Index(
                condition=models.Q(("back", False)),
                fields=["coupon", "buyer_digest"],
                name="market_coupon_use_of_buyer",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("off_minor__gt", 0)), name="market_coupon_use_positive"
            ),
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_coupons")),
    )
