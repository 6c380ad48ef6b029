"""Words of a thread may be erased three years after they were written."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """What the retention table promises (`retention/thread`)."""

    dependencies = (("market", "0010_rules_and_caps"),)
    operations = (migrations.RunSQL(load_sql("gongdao.market", "forget_posts")),)
