"""What the database refuses by itself: changed versions, orders that jump, records rewritten."""

from __future__ import annotations

from django.db import migrations

from gongdao.core.named_sql import load_sql

_GUARDS = (
    "refuse_changes",
    "keep_tests",
    "keep_supply",
    "keep_threads",
    "keep_deeds",
    "keep_coupons",
    "keep_moved",
)


class Migration(migrations.Migration):
    """Not taken back: an order that may change is no record."""

    dependencies = (("market", "0001_initial"),)
    operations = tuple(migrations.RunSQL(load_sql("gongdao.market", guard)) for guard in _GUARDS)
