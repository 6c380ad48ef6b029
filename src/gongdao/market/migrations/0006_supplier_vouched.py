"""Suppliers whom the platform vouches for are told from those that may be the merchant himself."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more column; nobody is vouched for before somebody looked."""

    dependencies = (("market", "0005_return_completed"),)
    operations = (
        migrations.AddField(
            model_name="supplier",
            name="vouched",
            field=models.BooleanField(default=False),
        ),
    )
