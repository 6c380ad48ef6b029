"""Top-ups at suppliers, deliveries by hand, notices, questions to buyers, what the watchdog found."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import gongdao.market.decide_top_up
import gongdao.market.states
from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Answers of suppliers and deliveries are only added; a trigger sees to it."""

    dependencies = (
        ("market", "0003_order_test"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
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
            name="Cursor",
            fields=[
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("upto", models.BigIntegerField(default=0)),
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
            ],
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
            ],
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
            ],
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
            ],
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
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="risk",
            field=models.CharField(blank=True, db_default="", max_length=32),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("state", gongdao.market.states.OrderState["COMPLETED"])),
                fields=["buyer_digest"],
                name="market_order_known_buyer",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="market.order",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="handovers",
                to="market.order",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="market.order",
            ),
        ),
        migrations.AddField(
            model_name="supplier",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="suppliers",
                to="market.merchant",
            ),
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
        migrations.AddField(
            model_name="topup",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="top_ups",
                to="market.order",
            ),
        ),
        migrations.AddField(
            model_name="topup",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="top_ups",
                to="market.supplier",
            ),
        ),
        migrations.AddField(
            model_name="supplieranswer",
            name="top_up",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answers",
                to="market.topup",
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["found_at"],
                name="market_finding_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                fields=("order", "code"), name="market_finding_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                fields=("order", "place"), name="market_handover_once"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state__in", ["planned", "sending"])),
                fields=["next_try_at"],
                name="market_notice_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("order", "event"), name="market_notice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_try_at__isnull", False), ("state__in", ["planned", "sending"])),
                    models.Q(("ended_at__isnull", False), ("state__in", ["accepted", "failed"])),
                    _connector="OR",
                ),
                name="market_notice_due_or_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="supply",
            constraint=models.CheckConstraint(
                condition=models.Q(("face_minor__gt", 0), ("most_minor__gt", 0)),
                name="market_supply_positive",
            ),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(
                condition=models.Q(("next_look_at__isnull", False)),
                fields=["next_look_at"],
                name="market_topup_due",
            ),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(
                condition=models.Q(("doubt", ""), _negated=True),
                fields=["order"],
                name="market_topup_doubt",
            ),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.UniqueConstraint(
                fields=("order", "place"), name="market_topup_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(
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
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_supply")),
    )
