"""Payees and payouts."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = [
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payee",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("sealed", models.BinaryField()),
                ("digest", models.BinaryField(max_length=32)),
                ("added_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("verified_by", models.UUIDField(null=True)),
                ("proof", models.CharField(blank=True, max_length=24)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_payee",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("owner_kind", "owner_id", "digest"),
                        name="ledger_payee_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("proof", ""),
                                ("verified_at__isnull", True),
                                ("verified_by__isnull", True),
                            ),
                            models.Q(
                                ("verified_at__isnull", False),
                                ("verified_by__isnull", False),
                                models.Q(("proof", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_payee_verified_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutBatch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.UUIDField(null=True)),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "ledger_payout_batch",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)), name="ledger_payout_batch_filled"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("reference", models.CharField(max_length=80)),
                ("through_id", models.UUIDField()),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("limit_minor", models.BigIntegerField()),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("proposed_by", models.UUIDField()),
                ("proposed_at", models.DateTimeField()),
                ("approved_by", models.UUIDField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("requested_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("bank_reference", models.CharField(blank=True, max_length=80)),
                ("why", models.CharField(blank=True, max_length=200)),
                (
                    "payee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="ledger.payee",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="ledger.payoutbatch",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_payout",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["proposed", "approved", "requested"])),
                        fields=["state", "proposed_at"],
                        name="ledger_payout_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner_kind", "owner_id", "reference"), name="ledger_payout_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0), ("limit_minor__gte", 0)),
                        name="ledger_payout_moves",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "proposed",
                                    "approved",
                                    "requested",
                                    "confirmed",
                                    "failed",
                                    "cancelled",
                                    "returned",
                                ],
                            )
                        ),
                        name="ledger_payout_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "cancelled"]),
                            models.Q(
                                ("approved_at__isnull", False), ("approved_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="ledger_payout_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            ("amount_minor__lte", models.F("limit_minor")),
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="ledger_payout_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "approved", "cancelled"]),
                            ("requested_at__isnull", False),
                            _connector="OR",
                        ),
                        name="ledger_payout_requested",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                ("state__in", ["proposed", "approved", "requested"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("state__in", ["confirmed", "failed", "cancelled", "returned"]),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_payout_ended",
                    ),
                ],
            },
        ),
    ]
