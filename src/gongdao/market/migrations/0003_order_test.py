"""What buyers tell of the test they make after the reveal."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """A table to which rows are only added."""

    dependencies = (("market", "0002_refuse_changes"),)
    operations = (
        migrations.CreateModel(
            name="OrderTest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("works", models.BooleanField()),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tests",
                        to="market.order",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_tests")),
    )
