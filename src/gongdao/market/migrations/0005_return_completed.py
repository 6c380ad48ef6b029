"""A completed order of which all money was sent back by a verdict says so."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """One more way for an order to go; not taken back."""

    dependencies = (("market", "0004_closing_and_notices"),)
    operations = (migrations.RunSQL(load_sql("gongdao.market", "return_completed")),)
