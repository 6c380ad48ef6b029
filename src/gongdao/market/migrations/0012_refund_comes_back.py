"""An order whose refund came back to the payment service is being refunded again."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """One move more in the table of states."""

    dependencies = (("market", "0011_old_words_go"),)
    operations = (migrations.RunSQL(load_sql("gongdao.market", "refund_comes_back")),)
