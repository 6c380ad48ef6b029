"""The tables as first made."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=24)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("guard", models.SmallIntegerField()),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_account",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner_kind", "owner_id", "kind", "currency"),
                        name="ledger_account_once",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "currency", "guard"), name="ledger_account_as_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("guard", 0),
                                (
                                    "kind__in",
                                    [
                                        "gateway_clearing",
                                        "outside",
                                        "merchant_receivable",
                                        "platform_fee",
                                        "platform_cost",
                                        "buyer_refund",
                                    ],
                                ),
                            ),
                            models.Q(
                                ("guard", 1),
                                (
                                    "kind__in",
                                    [
                                        "merchant_free",
                                        "merchant_deposit",
                                        "merchant_payable",
                                        "platform_guarantee",
                                        "platform_reserve",
                                        "platform_cover",
                                    ],
                                ),
                            ),
                            models.Q(("guard", 2), ("kind__in", ["merchant_held"])),
                            _connector="OR",
                        ),
                        name="ledger_account_guard_of_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="ledger_account_currency",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerBalance",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("posted_minor", models.BigIntegerField(default=0)),
                ("pending_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "ledger_balance",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pending_minor__gte", 0),
                            ("posted_minor__gte", models.F("pending_minor")),
                        ),
                        name="ledger_balance_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerHold",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("purpose", models.CharField(max_length=80)),
                ("amount_minor", models.BigIntegerField()),
                ("left_minor", models.BigIntegerField()),
                ("state", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_hold",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "held")),
                        fields=["account_id", "created_at"],
                        name="ledger_hold_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner_kind", "owner_id", "purpose"), name="ledger_hold_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("left_minor__gte", 0), ("left_minor__lte", models.F("amount_minor"))
                        ),
                        name="ledger_hold_left",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("left_minor__gt", 0), ("state", "held")),
                            models.Q(("left_minor", 0), ("state__in", ["released", "void"])),
                            _connector="OR",
                        ),
                        name="ledger_hold_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerPending",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("debit_id", models.UUIDField()),
                ("credit_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("debit_guard", models.SmallIntegerField()),
                ("credit_guard", models.SmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("reference", models.CharField(max_length=80)),
                ("state", models.CharField(default="pending", max_length=10)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_pending",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["debit_id"],
                        name="ledger_pending_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner_kind", "owner_id", "kind", "reference"),
                        name="ledger_pending_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="ledger_pending_moves"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit_id", models.F("credit_id")), _negated=True),
                        name="ledger_pending_sides",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        name="ledger_pending_reference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "hold",
                                    "release",
                                    "fee",
                                    "refund",
                                    "compensation",
                                    "hold_void",
                                    "refund_paid",
                                    "refund_failed",
                                    "deposit",
                                    "deposit_return",
                                    "fund",
                                    "settlement",
                                    "gateway_fee",
                                    "payout",
                                    "payout_paid",
                                    "payout_failed",
                                    "payout_returned",
                                    "charge_back",
                                    "cover",
                                    "cover_back",
                                    "collect",
                                    "write_off",
                                    "correction",
                                    "reversal",
                                ],
                            )
                        ),
                        name="ledger_pending_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("debit_guard", 2), _negated=True),
                            models.Q(("credit_guard", 2), _negated=True),
                        ),
                        name="ledger_pending_no_hold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "pending")),
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ["posted", "void"])
                            ),
                            _connector="OR",
                        ),
                        name="ledger_pending_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerRollup",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("net_minor", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_rollup",
                "indexes": [models.Index(fields=["-seq"], name="ledger_rollup_seq")],
            },
        ),
        migrations.CreateModel(
            name="LedgerTransfer",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("journal_id", models.UUIDField()),
                ("line", models.SmallIntegerField()),
                ("debit_id", models.UUIDField()),
                ("credit_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("debit_guard", models.SmallIntegerField()),
                ("credit_guard", models.SmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("hold_id", models.UUIDField(null=True)),
                ("pending_id", models.UUIDField(null=True)),
                ("reverses_id", models.BigIntegerField(null=True)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("reference", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_transfer",
                "indexes": [
                    models.Index(fields=["debit_id", "seq"], name="ledger_transfer_debit"),
                    models.Index(fields=["credit_id", "seq"], name="ledger_transfer_credit"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner_kind", "owner_id", "kind", "reference", "line"),
                        name="ledger_transfer_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reverses_id__isnull", False)),
                        fields=("reverses_id",),
                        name="ledger_transfer_reversed_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("pending_id__isnull", False)),
                        fields=("pending_id",),
                        name="ledger_transfer_posted_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="ledger_transfer_moves"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit_id", models.F("credit_id")), _negated=True),
                        name="ledger_transfer_sides",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        name="ledger_transfer_reference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "hold",
                                    "release",
                                    "fee",
                                    "refund",
                                    "compensation",
                                    "hold_void",
                                    "refund_paid",
                                    "refund_failed",
                                    "deposit",
                                    "deposit_return",
                                    "fund",
                                    "settlement",
                                    "gateway_fee",
                                    "payout",
                                    "payout_paid",
                                    "payout_failed",
                                    "payout_returned",
                                    "charge_back",
                                    "cover",
                                    "cover_back",
                                    "collect",
                                    "write_off",
                                    "correction",
                                    "reversal",
                                ],
                            )
                        ),
                        name="ledger_transfer_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "reversal"), ("reverses_id__isnull", False)),
                            models.Q(
                                models.Q(("kind", "reversal"), _negated=True),
                                ("reverses_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_transfer_reversal",
                    ),
                ],
            },
        ),
    ]
