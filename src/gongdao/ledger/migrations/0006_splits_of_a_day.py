"""Splits of a day are counted with its payouts, so they are found by whose money they are."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

from gongdao.core.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    """One index over what splits and bookings promised, which are few beside the transfers."""

    atomic = False
    dependencies = (("ledger", "0005_debt_back"),)
    operations = (
        AddIndexOnline(
            model_name="ledgerpending",
            index=models.Index(
                fields=["debit_id", "created_at"],
                condition=Q(kind="split", state="posted"),
                name="ledger_pending_split",
            ),
        ),
    )
