"""What is sealed of an old shop's order may be erased three years after it came."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """What the retention table promises (`retention/moved_order`)."""

    dependencies = (("market", "0012_refund_comes_back"),)
    operations = (migrations.RunSQL(load_sql("gongdao.market", "forget_moved")),)
