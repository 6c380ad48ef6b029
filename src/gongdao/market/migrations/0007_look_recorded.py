"""What a buyer chose when he was asked to record the first look; it stays as it was written."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """One more column; of looks before it nothing was kept."""

    dependencies = (("market", "0006_supplier_vouched"),)
    operations = (
        migrations.AddField(
            model_name="order",
            name="recording",
            field=models.CharField(max_length=3, blank=True, db_default=""),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=Q(recording__in=["yes", "no", ""]), name="market_order_recording"
            ),
        ),
        migrations.RunSQL(load_sql("gongdao.market", "keep_looks")),
    )
