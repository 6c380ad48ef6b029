"""What the database refuses by itself: changed versions, orders that jump or change their terms."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Not taken back: an order that may change is no record."""

    dependencies = (("market", "0001_initial"),)
    operations = (migrations.RunSQL(load_sql("gongdao.market", "refuse_changes")),)
