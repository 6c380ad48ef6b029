"""A kind of transfer for what was paid of a debt that never was one."""

from __future__ import annotations

from django.db import migrations, models

_KINDS = [
    "hold",
    "release",
    "fee",
    "refund",
    "compensation",
    "hold_void",
    "refund_paid",
    "refund_failed",
    "deposit",
    "deposit_return",
    "fund",
    "settlement",
    "gateway_fee",
    "split",
    "payout",
    "payout_paid",
    "payout_failed",
    "payout_returned",
    "charge_back",
    "cover",
    "cover_back",
    "collect",
    "write_off",
    "debt_back",
    "correction",
    "reversal",
]


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = (("ledger", "0004_split"),)
    operations = (
        migrations.RemoveConstraint(model_name="ledgerpending", name="ledger_pending_kind"),
        migrations.RemoveConstraint(model_name="ledgertransfer", name="ledger_transfer_kind"),
        migrations.AddConstraint(
            model_name="ledgerpending",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=_KINDS), name="ledger_pending_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransfer",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=_KINDS), name="ledger_transfer_kind"
            ),
        ),
    )
