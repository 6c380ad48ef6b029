"""Orders say under which rule data they were placed, and whether they count towards a cap."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two more columns; the index over the orders that count is made later, beside writes."""

    dependencies = (("market", "0009_no_return"),)
    operations = (
        migrations.AddField(
            model_name="order",
            name="rules_digest",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="capped",
            field=models.BooleanField(default=False, db_default=False),
        ),
    )
