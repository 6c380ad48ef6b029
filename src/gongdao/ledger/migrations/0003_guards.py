"""What the database refuses by itself: negative balances, spending what is held, edits."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Not taken back: a ledger without its guards is none."""

    dependencies = (("ledger", "0002_payouts"),)
    operations = (migrations.RunSQL(load_sql("gongdao.ledger", "guards")),)
