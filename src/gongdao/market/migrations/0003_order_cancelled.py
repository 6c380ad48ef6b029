"""A merchant's cancelling of an order that he cannot fulfil: recorded for good."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """One table, rows of which are only added."""

    dependencies = (("market", "0002_guards"),)
    operations = (
        migrations.CreateModel(
            name="OrderCancel",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="cancelled",
                        serialize=False,
                        to="market.order",
                    ),
                ),
                ("reason", models.CharField(max_length=16)),
                ("by_id", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            reason__in=[
                                "no_stock",
                                "supplier",
                                "cannot_serve",
                                "listed_wrong",
                                "other",
                            ]
                        ),
                        name="market_cancel_reason",
                    )
                ]
            },
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_cancels")),
    )
