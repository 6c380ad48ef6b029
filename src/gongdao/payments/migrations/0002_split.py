"""Shares of payments that services hand out."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

_STATES = ["waiting", "requested", "confirmed", "refused", "skipped", "stuck"]
_SET_ASIDE = ["requested", "confirmed", "stuck"]


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = (("payments", "0001_initial"),)
    operations = (
        migrations.CreateModel(
            name="Split",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("part", models.CharField(max_length=8)),
                ("cause", models.CharField(max_length=80)),
                ("owner_kind", models.CharField(max_length=16)),
                ("owner_id", models.UUIDField()),
                ("released_minor", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField(default=0)),
                ("split_no", models.CharField(max_length=32, unique=True)),
                ("receiver", models.UUIDField(null=True)),
                ("pending_id", models.UUIDField(null=True)),
                ("last", models.BooleanField(default=False)),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("planned_at", models.DateTimeField()),
                ("requested_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("number", models.CharField(blank=True, max_length=64)),
                ("problem", models.CharField(blank=True, max_length=64)),
                (
                    "credit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="splits",
                        to="payments.credit",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(state__in=["waiting", "requested"]),
                        fields=["next_try_at"],
                        name="payments_split_due",
                    ),
                    models.Index(
                        fields=["owner_kind", "owner_id", "state"], name="payments_split_owner"
                    ),
                    models.Index(
                        condition=models.Q(state__in=["refused", "stuck"]),
                        fields=["planned_at"],
                        name="payments_split_problem",
                    ),
                    models.Index(fields=["-planned_at"], name="payments_split_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("credit", "cause"), name="payments_split_once"),
                    models.CheckConstraint(
                        condition=models.Q(part__in=["share", "rest"]), name="payments_split_part"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=_STATES), name="payments_split_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(part="rest", amount_minor=0)
                        | models.Q(
                            part="share",
                            amount_minor__gte=0,
                            amount_minor__lte=models.F("released_minor"),
                        ),
                        name="payments_split_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(part="rest")
                        | ~models.Q(state__in=_SET_ASIDE)
                        | models.Q(
                            amount_minor__gt=0,
                            receiver__isnull=False,
                            pending_id__isnull=False,
                        ),
                        name="payments_split_set_aside",
                    ),
                ],
            },
        ),
    )
