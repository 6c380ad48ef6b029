"""Defaults of three columns of cases in the database as well: a process of the version before them,
still running while the tables change, opens cases without naming them."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import JSONField, Value


class Migration(migrations.Migration):
    """No row changes."""

    dependencies = (("disputes", "0007_case_own_key"),)
    operations = (
        migrations.AlterField(
            "case",
            "clock_stop_reference",
            models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AlterField(
            "case", "stood", models.JSONField(db_default=Value({}, JSONField()), default=dict)
        ),
        migrations.AlterField(
            "case", "places", models.JSONField(db_default=Value([], JSONField()), default=list)
        ),
    )
