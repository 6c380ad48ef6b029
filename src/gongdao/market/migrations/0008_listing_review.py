"""What the platform looks at before, or while, a listing is on offer."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One more table."""

    dependencies = (("market", "0007_look_recorded"),)
    operations = (
        migrations.CreateModel(
            name="ListingReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=16)),
                ("state", models.CharField(default="open", max_length=16)),
                ("title", models.CharField(max_length=80)),
                ("goods", models.CharField(blank=True, max_length=128)),
                ("price_minor", models.BigIntegerField(null=True)),
                ("market_minor", models.BigIntegerField(null=True)),
                ("others", models.PositiveIntegerField(default=0)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("rules", models.CharField(blank=True, max_length=500)),
                ("found_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="market.listing",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(state="open"),
                        fields=["found_at"],
                        name="market_review_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(state="open"),
                        fields=("listing", "code"),
                        name="market_review_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(code__in=["far_below", "prohibited"]),
                        name="market_review_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state="open", ended_at__isnull=True)
                        | models.Q(
                            state__in=["accepted", "refused", "closed"], ended_at__isnull=False
                        ),
                        name="market_review_ended",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(code="far_below")
                        | models.Q(price_minor__gt=0, market_minor__gt=0, others__gt=0),
                        name="market_review_has_price",
                    ),
                ],
            },
        ),
    )
