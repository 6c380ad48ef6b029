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
            name="SandboxPayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("out_trade_no", models.CharField(db_index=True, max_length=64)),
                ("trade_no", models.CharField(max_length=64)),
                ("told", models.CharField(max_length=12)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SandboxRefund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("refund_no", models.CharField(max_length=32, unique=True)),
                ("trade_no", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
            ],
        ),
        migrations.CreateModel(
            name="CallbackSeen",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.CharField(max_length=16)),
                ("way", models.CharField(max_length=8)),
                ("at", models.DateTimeField()),
                ("verdict", models.CharField(max_length=12)),
                ("reason", models.CharField(max_length=64)),
                ("out_trade_no", models.CharField(max_length=64)),
                ("trade_no", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("digest", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["out_trade_no"], name="payments_seen_order")],
            },
        ),
        migrations.CreateModel(
            name="Intent",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("gateway", models.CharField(max_length=16)),
                ("account", models.CharField(max_length=64)),
                ("out_trade_no", models.CharField(max_length=32)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("trade_no", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("credited_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["owner_kind", "owner_id"], name="payments_intent_owner"),
                    models.Index(
                        condition=models.Q(("trade_no", "")),
                        fields=["created_at"],
                        name="payments_intent_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("out_trade_no",), name="payments_intent_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="payments_intent_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credited_at__isnull", True), ("trade_no", "")),
                            models.Q(
                                models.Q(("trade_no", ""), _negated=True),
                                ("credited_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="payments_intent_credited",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Credit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.CharField(max_length=16)),
                ("trade_no", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("surplus", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "intent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="payments.intent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("refund_no", models.CharField(max_length=32, unique=True)),
                ("amount_minor", models.BigIntegerField()),
                ("state", models.CharField(max_length=12)),
                ("reason", models.CharField(max_length=64)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("requested_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=64)),
                (
                    "credit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.credit",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.UniqueConstraint(
                fields=("gateway", "trade_no"), name="payments_credit_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("surplus", False)),
                fields=("intent",),
                name="payments_credit_of_intent",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("state", "requested")),
                fields=["next_try_at"],
                name="payments_refund_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["requested", "confirmed", "stuck"])),
                name="payments_refund_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payments_refund_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "confirmed"), _negated=True),
                    ("confirmed_at__isnull", False),
                    _connector="OR",
                ),
                name="payments_refund_confirmed_at",
            ),
        ),
    ]
