"""What somebody of finance says happened outside, and who did it: one person, or another one."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import F, Q

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """One more table; what ended in it stays."""

    dependencies = (("market", "0013_old_orders_go"),)
    operations = (
        migrations.CreateModel(
            name="MoneyWord",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("deed", models.CharField(max_length=32)),
                ("about_kind", models.CharField(max_length=16)),
                ("about_id", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reference", models.CharField(max_length=80)),
                ("given", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("second", models.BooleanField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("asked_by", models.UUIDField(null=True)),
                ("asked_mail", models.CharField(max_length=254)),
                ("asked_at", models.DateTimeField()),
                ("ended_by", models.UUIDField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(state="waiting"),
                        fields=["asked_at"],
                        name="market_word_waiting",
                    ),
                    models.Index(
                        condition=Q(state="done", second=False),
                        fields=["deed", "ended_at"],
                        name="market_word_by_one",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(state="waiting"),
                        fields=("deed", "about_kind", "about_id", "reference"),
                        name="market_word_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(amount_minor__gt=0), name="market_word_moves"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="waiting", second=True, ended_at__isnull=True)
                        | Q(state__in=["done", "dropped"], ended_at__isnull=False),
                        name="market_word_ended",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="done", second=True)
                        | Q(asked_by__isnull=False, ended_by__isnull=False)
                        & ~Q(asked_by=F("ended_by")),
                        name="market_word_two_people",
                    ),
                ],
            },
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_words")),
    )
