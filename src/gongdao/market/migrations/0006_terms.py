"""Who works for the platform and what they did, merchants' papers and proven contacts, accepted
terms."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Deeds and acceptances are only added; the database sees to it."""

    dependencies = (
        ("market", "0005_thread"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    operations = (
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
                            ("kind__in", ["licence", "identity", "authorization", "purchase"])
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
                            ("role__in", ["operator", "reviewer", "finance", "arbiter"])
                        ),
                        name="market_staff_role_known",
                    ),
                ],
            },
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
        migrations.RunSQL(load_sql("gongdao.market", "keep_deeds")),
    )
