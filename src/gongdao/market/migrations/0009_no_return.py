"""Whether the buyer confirmed at the order that there is no return without a reason; before it
nobody was asked."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more column."""

    dependencies = (("market", "0008_listing_review"),)
    operations = (
        migrations.AddField(
            model_name="order",
            name="no_return",
            field=models.BooleanField(default=False, db_default=False),
        ),
    )
