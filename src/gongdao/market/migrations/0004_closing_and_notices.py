"""Shops that close, and notices to merchants beside those to buyers."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """One more state of a merchant, the record of his leaving, and whom a notice is for."""

    dependencies = (("market", "0003_order_cancelled"),)
    operations = (
        migrations.CreateModel(
            name="MerchantClosing",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="closing",
                        serialize=False,
                        to="market.merchant",
                    ),
                ),
                ("wanted_by", models.CharField(max_length=16)),
                ("by_id", models.UUIDField()),
                ("reason", models.CharField(max_length=500)),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("returned_minor", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(wanted_by__in=["merchant", "platform"]),
                        name="market_closing_by",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(returned_minor=0)
                        | models.Q(returned_minor__gt=0, ended_at__isnull=False),
                        name="market_closing_returned",
                    ),
                ]
            },
        ),
        migrations.RemoveConstraint(model_name="merchant", name="market_merchant_state"),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(state__in=["active", "paused", "closing", "closed"]),
                name="market_merchant_state",
            ),
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_closings")),
        migrations.AlterField(
            model_name="notice",
            name="order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="market.order",
            ),
        ),
        migrations.AlterField(
            model_name="notice", name="event", field=models.CharField(max_length=64)
        ),
        migrations.AddField(
            model_name="notice",
            name="merchant",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="market.merchant",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("merchant", "event"), name="market_notice_merchant_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(order__isnull=True, merchant__isnull=False)
                | models.Q(order__isnull=False, merchant__isnull=True),
                name="market_notice_for_one",
            ),
        ),
    )
