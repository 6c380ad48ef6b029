"""The tables as first made."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import gongdao.market.states


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Merchant",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("display_name", models.CharField(max_length=64, unique=True)),
                ("legal_name", models.CharField(max_length=128)),
                ("uscc", models.CharField(blank=True, max_length=18)),
                ("sealed", models.BinaryField()),
                ("contact_proven_at", models.DateTimeField()),
                ("licence_address", models.CharField(max_length=64)),
                ("licence_until", models.DateField(null=True)),
                (
                    "state",
                    models.CharField(
                        default=gongdao.market.states.MerchantState["ACTIVE"], max_length=16
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("reviewed_at", models.DateTimeField()),
                ("admitted_at", models.DateTimeField()),
                ("log_subject", models.CharField(max_length=64, unique=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("sku_id", models.UUIDField(null=True)),
                (
                    "state",
                    models.CharField(
                        default=gongdao.market.states.ListingState["DRAFT"], max_length=16
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("log_subject", models.CharField(max_length=64, unique=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="market.merchant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MerchantMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("added_at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="market.merchant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merchants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=16, unique=True)),
                ("merchant_id", models.UUIDField()),
                ("listing_id", models.UUIDField()),
                ("listing_version", models.PositiveIntegerField()),
                ("quantity", models.PositiveIntegerField()),
                ("total_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("state", models.CharField(max_length=16)),
                ("buyer_digest", models.BinaryField()),
                ("code_round", models.PositiveSmallIntegerField(default=0)),
                ("request_digest", models.BinaryField(null=True, unique=True)),
                ("sealed", models.BinaryField()),
                ("snapshot_digest", models.BinaryField()),
                ("terms", models.PositiveIntegerField()),
                ("promise_by", models.DateTimeField()),
                ("placed_at", models.DateTimeField()),
                ("reserved_until", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("revealed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("protected_until", models.DateTimeField(null=True)),
                ("why", models.CharField(blank=True, max_length=32)),
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
            ],
        ),
        migrations.CreateModel(
            name="ListingVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("digest", models.BinaryField()),
                ("price_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("published_at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="market.listing",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("listing", "number"), name="market_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_minor__gt", 0)), name="market_version_price"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            gongdao.market.states.MerchantState["ACTIVE"],
                            gongdao.market.states.MerchantState["PAUSED"],
                            gongdao.market.states.MerchantState["CLOSED"],
                        ],
                    )
                ),
                name="market_merchant_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("legal_name", ""), _negated=True),
                    models.Q(("display_name", ""), _negated=True),
                    models.Q(("licence_address", ""), _negated=True),
                ),
                name="market_merchant_has_name_and_licence",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            gongdao.market.states.ListingState["DRAFT"],
                            gongdao.market.states.ListingState["PUBLISHED"],
                            gongdao.market.states.ListingState["PAUSED"],
                            gongdao.market.states.ListingState["WITHDRAWN"],
                        ],
                    )
                ),
                name="market_listing_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", gongdao.market.states.ListingState["PUBLISHED"]), _negated=True
                    ),
                    ("version__gt", 0),
                    _connector="OR",
                ),
                name="market_listing_published_has_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantmember",
            constraint=models.UniqueConstraint(
                fields=("merchant", "user"), name="market_member_once"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            gongdao.market.states.OrderState["DELIVERED"],
                            gongdao.market.states.OrderState["PAID"],
                            gongdao.market.states.OrderState["PLACED"],
                            gongdao.market.states.OrderState["REFUNDING"],
                        ],
                    )
                ),
                fields=["state", "reserved_until"],
                name="market_order_open",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("state", gongdao.market.states.OrderState["PLACED"])),
                fields=["buyer_digest", "listing_id"],
                name="market_order_reserving",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["merchant_id", "placed_at"], name="market_order_merchant"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            gongdao.market.states.OrderState["PLACED"],
                            gongdao.market.states.OrderState["EXPIRED"],
                            gongdao.market.states.OrderState["PAID"],
                            gongdao.market.states.OrderState["DELIVERED"],
                            gongdao.market.states.OrderState["COMPLETED"],
                            gongdao.market.states.OrderState["REFUNDING"],
                            gongdao.market.states.OrderState["REFUNDED"],
                        ],
                    )
                ),
                name="market_order_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0), ("total_minor__gt", 0)),
                name="market_order_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["paid", "delivered", "completed"]), _negated=True),
                    ("paid_at__isnull", False),
                    _connector="OR",
                ),
                name="market_order_paid_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["delivered", "completed"]), _negated=True),
                    ("delivered_at__isnull", False),
                    _connector="OR",
                ),
                name="market_order_delivered_at",
            ),
        ),
    ]
