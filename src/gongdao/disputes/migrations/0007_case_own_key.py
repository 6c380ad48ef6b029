"""A key of its own for each case; those that are there have none and lie under the market's key."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Two more columns, and what the database refuses of them."""

    dependencies = (("disputes", "0006_authority_requests"),)
    operations = (
        migrations.AddField(
            model_name="case",
            name="own_key",
            field=models.BinaryField(default=b"", db_default=b""),
        ),
        migrations.AddField(
            model_name="case", name="erased_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(own_key=b"", state="closed"),
                name="dispute_case_erased",
            ),
        ),
        migrations.RunSQL(load_sql("gongdao.disputes", "guard_keys")),
    )
