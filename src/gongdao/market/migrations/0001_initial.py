"""The tables as first made."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import gongdao.market.decide_top_up
import gongdao.market.desk_states
import gongdao.market.states


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BuyerPace",
            fields=[
                ("digest", models.BinaryField(primary_key=True, serialize=False)),
                ("orders", models.PositiveIntegerField()),
                ("window_ends", models.DateTimeField()),
                ("watched_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ContactProof",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
                ("code_digest", models.BinaryField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("proven_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("by", models.UUIDField()),
            ],
        ),
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
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
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
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(("minimum_minor__gte", 0)),
                        name="market_coupon_minimum_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=16)),
                ("merchant_id", models.UUIDField()),
                ("listing_id", models.UUIDField()),
                ("listing_version", models.PositiveIntegerField()),
                ("quantity", models.PositiveIntegerField()),
                ("total_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("state", models.CharField(max_length=16)),
                ("buyer_digest", models.BinaryField()),
                ("code_round", models.PositiveSmallIntegerField(default=0)),
                ("request_digest", models.BinaryField(null=True)),
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
                ("risk", models.CharField(blank=True, db_default="", max_length=32)),
                ("log_subject", models.CharField(max_length=64)),
                (
                    "buyer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
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
                    models.Index(
                        condition=models.Q(("state", gongdao.market.states.OrderState["PLACED"])),
                        fields=["buyer_digest", "listing_id"],
                        name="market_order_reserving",
                    ),
                    models.Index(fields=["merchant_id", "placed_at"], name="market_order_merchant"),
                    models.Index(
                        condition=models.Q(("buyer__isnull", False)),
                        fields=["buyer"],
                        name="market_order_of_account",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("state", gongdao.market.states.OrderState["COMPLETED"])
                        ),
                        fields=["buyer_digest"],
                        name="market_order_known_buyer",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("number",), name="market_order_number_once"),
                    models.UniqueConstraint(
                        fields=("log_subject",), name="market_order_subject_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("request_digest__isnull", False)),
                        fields=("request_digest",),
                        name="market_order_request_once",
                    ),
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0), ("total_minor__gt", 0)),
                        name="market_order_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["paid", "delivered", "completed"]), _negated=True
                            ),
                            ("paid_at__isnull", False),
                            _connector="OR",
                        ),
                        name="market_order_paid_at",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["delivered", "completed"]), _negated=True),
                            ("delivered_at__isnull", False),
                            _connector="OR",
                        ),
                        name="market_order_delivered_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("upto", models.BigIntegerField(default=0)),
            ],
        ),
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
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
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
                    )
                ],
            },
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
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", gongdao.market.states.ListingState["PUBLISHED"]),
                                _negated=True,
                            ),
                            ("version__gt", 0),
                            _connector="OR",
                        ),
                        name="market_listing_published_has_version",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskAnswer",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="risk_answer",
                        serialize=False,
                        to="market.order",
                    ),
                ),
                ("told_by_somebody", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("deliver_from", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32)),
                ("deed", models.CharField(max_length=16)),
                ("times", models.PositiveIntegerField(default=1)),
                ("found_at", models.DateTimeField()),
                ("acted_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="market.order",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["found_at"],
                        name="market_finding_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "code"), name="market_finding_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                ("commitment", models.BinaryField()),
                ("by", models.CharField(max_length=16)),
                ("by_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to="market.order",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "place"), name="market_handover_once")
                ],
            },
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
            name="Supply",
            fields=[
                (
                    "listing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="supply",
                        serialize=False,
                        to="market.listing",
                    ),
                ),
                ("product", models.CharField(max_length=64)),
                ("ask", models.CharField(max_length=80)),
                ("face_minor", models.BigIntegerField()),
                ("most_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("face_minor__gt", 0), ("most_minor__gt", 0)),
                        name="market_supply_positive",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="stockintake",
            name="listing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="intakes",
                to="market.listing",
            ),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("coupon", "listing"), name="market_coupon_listing_once"
                    )
                ],
            },
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
            options={
                "constraints": [
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("legal_name", ""), _negated=True),
                            models.Q(("display_name", ""), _negated=True),
                            models.Q(("licence_address", ""), _negated=True),
                        ),
                        name="market_merchant_has_name_and_licence",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="listing",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="listings",
                to="market.merchant",
            ),
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
        migrations.AddField(
            model_name="coupon",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="market.merchant"
            ),
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=64)),
                ("scopes", models.CharField(max_length=200)),
                ("digest", models.BinaryField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="market.merchant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("scopes", ""), _negated=True),
                        name="market_apikey_opens",
                    )
                ],
            },
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("merchant", "user"), name="market_member_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="MerchantPaper",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("brand", models.CharField(blank=True, max_length=64)),
                ("original_id", models.UUIDField()),
                ("until", models.DateField(null=True)),
                ("added_at", models.DateTimeField()),
                ("added_by", models.UUIDField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="market.merchant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    gongdao.market.states.PaperKind["LICENCE"],
                                    gongdao.market.states.PaperKind["IDENTITY"],
                                    gongdao.market.states.PaperKind["AUTHORIZATION"],
                                    gongdao.market.states.PaperKind["PURCHASE"],
                                ],
                            )
                        ),
                        name="market_paper_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["authorization", "purchase"]), _negated=True),
                            models.Q(("brand", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="market_paper_of_brand",
                    ),
                ],
            },
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
            options={
                "indexes": [models.Index(fields=["number"], name="market_moved_order_number")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "shop", "old_id"), name="market_moved_order_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("paid_minor__gte", 0)), name="market_moved_order_paid"
                    ),
                ],
            },
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
            options={
                "indexes": [
                    models.Index(fields=["kind", "old_id"], name="market_moved_thing_found")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "shop", "kind", "old_id"),
                        name="market_moved_thing_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("event", models.CharField(max_length=32)),
                ("state", models.CharField(default="planned", max_length=16)),
                ("channel", models.CharField(blank=True, max_length=16)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=80)),
                ("made_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="market.order",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["planned", "sending"])),
                        fields=["next_try_at"],
                        name="market_notice_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "event"), name="market_notice_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("next_try_at__isnull", False),
                                ("state__in", ["planned", "sending"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ["accepted", "failed"])
                            ),
                            _connector="OR",
                        ),
                        name="market_notice_due_or_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderTest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("works", models.BooleanField()),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tests",
                        to="market.order",
                    ),
                ),
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
            name="StaffDeed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("who", models.UUIDField(null=True)),
                ("who_mail", models.CharField(max_length=254)),
                ("deed", models.CharField(max_length=32)),
                ("about_kind", models.CharField(max_length=16)),
                ("about_id", models.CharField(max_length=64)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["about_kind", "about_id"], name="market_staff_deed_about"),
                    models.Index(fields=["who_mail"], name="market_staff_deed_who"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(max_length=16)),
                ("added_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "role"), name="market_staff_role_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    gongdao.market.states.Role["OPERATOR"],
                                    gongdao.market.states.Role["REVIEWER"],
                                    gongdao.market.states.Role["FINANCE"],
                                    gongdao.market.states.Role["ARBITER"],
                                ],
                            )
                        ),
                        name="market_staff_role_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Supplier",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=64)),
                ("url", models.CharField(max_length=255)),
                ("account", models.CharField(max_length=64)),
                ("sealed", models.BinaryField()),
                ("on", models.BooleanField(default=True)),
                ("added_at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suppliers",
                        to="market.merchant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TermsAccepted",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("digest", models.BinaryField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accepted_terms",
                        to="market.merchant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "version"), name="market_terms_once"
                    )
                ],
            },
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
            options={
                "indexes": [
                    models.Index(fields=["merchant", "-last_at"], name="market_thread_merchant"),
                    models.Index(
                        condition=models.Q(("last_by", gongdao.market.desk_states.Side["BUYER"])),
                        fields=["merchant", "last_at"],
                        name="market_thread_unanswered",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("order__isnull", True)),
                        fields=("listing", "buyer"),
                        name="market_thread_once",
                    ),
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buyer_seen__lte", models.F("posts")),
                            ("merchant_seen__lte", models.F("posts")),
                        ),
                        name="market_thread_seen",
                    ),
                ],
            },
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("thread", "number"), name="market_post_once"),
                    models.CheckConstraint(
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
                ],
            },
        ),
        migrations.CreateModel(
            name="TopUp",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("place", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=32, unique=True)),
                ("product", models.CharField(max_length=64)),
                ("ask", models.CharField(max_length=80)),
                ("face_minor", models.BigIntegerField()),
                ("most_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        default=gongdao.market.decide_top_up.TopUpState["ASKED"], max_length=16
                    ),
                ),
                ("supplier_no", models.CharField(blank=True, max_length=64)),
                ("done_minor", models.BigIntegerField(default=0)),
                ("cost_minor", models.BigIntegerField(null=True)),
                ("asks", models.PositiveIntegerField(default=0)),
                ("looks", models.PositiveIntegerField(default=0)),
                ("ask_next", models.BooleanField(default=True)),
                ("refused_again", models.BooleanField(default=False)),
                ("doubt", models.CharField(blank=True, max_length=32)),
                ("begun_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("next_look_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="top_ups",
                        to="market.order",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="top_ups",
                        to="market.supplier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_look_at__isnull", False)),
                        fields=["next_look_at"],
                        name="market_topup_due",
                    ),
                    models.Index(
                        condition=models.Q(("doubt", ""), _negated=True),
                        fields=["order"],
                        name="market_topup_doubt",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "place"), name="market_topup_place_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    gongdao.market.decide_top_up.TopUpState["ASKED"],
                                    gongdao.market.decide_top_up.TopUpState["UNKNOWN"],
                                    gongdao.market.decide_top_up.TopUpState["ACCEPTED"],
                                    gongdao.market.decide_top_up.TopUpState["CHARGING"],
                                    gongdao.market.decide_top_up.TopUpState["REJECTED"],
                                    gongdao.market.decide_top_up.TopUpState["DONE"],
                                    gongdao.market.decide_top_up.TopUpState["PARTIAL"],
                                    gongdao.market.decide_top_up.TopUpState["FAILED"],
                                ],
                            )
                        ),
                        name="market_topup_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                (
                                    "state__in",
                                    [
                                        gongdao.market.decide_top_up.TopUpState["ACCEPTED"],
                                        gongdao.market.decide_top_up.TopUpState["ASKED"],
                                        gongdao.market.decide_top_up.TopUpState["CHARGING"],
                                        gongdao.market.decide_top_up.TopUpState["UNKNOWN"],
                                    ],
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "state__in",
                                        [
                                            gongdao.market.decide_top_up.TopUpState["ACCEPTED"],
                                            gongdao.market.decide_top_up.TopUpState["ASKED"],
                                            gongdao.market.decide_top_up.TopUpState["CHARGING"],
                                            gongdao.market.decide_top_up.TopUpState["UNKNOWN"],
                                        ],
                                    ),
                                    _negated=True,
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="market_topup_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("way", models.CharField(max_length=8)),
                ("told", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("digest", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "top_up",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="market.topup",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("named", models.BinaryField()),
                ("request", models.BinaryField()),
                ("status", models.PositiveSmallIntegerField()),
                ("answer", models.JSONField()),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="market.apikey",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key", "named"), name="market_apianswer_once")
                ],
            },
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
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("back", False)),
                        fields=["coupon", "buyer_digest"],
                        name="market_coupon_use_of_buyer",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("off_minor__gt", 0)), name="market_coupon_use_positive"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="supply",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="supplies",
                to="market.supplier",
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
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                fields=("merchant", "digest"), name="market_coupon_code_once"
            ),
        ),
    ]
