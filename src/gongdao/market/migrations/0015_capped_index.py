"""The index over orders that count towards a cap, made while orders are placed; and a default of
suppliers in the database as well, for a process of the version before them that still runs."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

from gongdao.core.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    """No row changes."""

    atomic = False
    dependencies = (("market", "0014_money_words"),)
    operations = (
        migrations.AlterField(
            "supplier", "vouched", models.BooleanField(default=False, db_default=False)
        ),
        AddIndexOnline(
            model_name="order",
            index=models.Index(
                fields=["buyer_digest", "listing_id"],
                condition=Q(capped=True),
                name="market_order_capped",
            ),
        ),
    )
