"""Orders say under which rule data they were placed, and whether they count towards a cap."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Two more columns, and an index over the orders that count, which most do not."""

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
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["buyer_digest", "listing_id"],
                condition=Q(capped=True),
                name="market_order_capped",
            ),
        ),
    )
