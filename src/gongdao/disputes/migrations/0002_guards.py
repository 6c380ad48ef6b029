"""What the database refuses by itself: changed records, cases that jump, remedies paid twice."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql


class Migration(migrations.Migration):
    """Not taken back: a dispute that may be rewritten proves nothing."""

    dependencies = (("disputes", "0001_initial"),)
    operations = (migrations.RunSQL(load_sql("gongdao.disputes", "refuse_changes")),)
