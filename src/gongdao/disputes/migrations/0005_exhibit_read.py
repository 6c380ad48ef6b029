"""What was read from the files that buyers hand in."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One more table."""

    dependencies = (("disputes", "0004_case_places"),)
    operations = (
        migrations.CreateModel(
            name="ExhibitRead",
            fields=[
                (
                    "exhibit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="read",
                        serialize=False,
                        to="disputes.exhibit",
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("readers", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "dispute_exhibit_read"},
        ),
    )
