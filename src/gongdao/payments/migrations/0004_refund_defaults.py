"""Defaults of two columns of refunds in the database as well: a process of the version before them,
still running while the tables change, asks for refunds without naming them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """No row changes."""

    dependencies = [("payments", "0003_bill_days")]

    operations = [
        migrations.AlterField(
            "refund", "again", models.PositiveSmallIntegerField(db_default=0, default=0)
        ),
        migrations.AlterField(
            "refund",
            "paid_elsewhere",
            models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
