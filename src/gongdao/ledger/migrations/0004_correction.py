"""A kind of transfer that makes good what an overturned verdict took."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Widens two checks."""

    dependencies = [
        ("ledger", "0003_guards"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="ledgerpending",
            name="ledger_pending_kind",
        ),
        migrations.RemoveConstraint(
            model_name="ledgertransfer",
            name="ledger_transfer_kind",
        ),
        migrations.AddConstraint(
            model_name="ledgerpending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
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
                            "payout",
                            "payout_paid",
                            "payout_failed",
                            "payout_returned",
                            "charge_back",
                            "cover",
                            "cover_back",
                            "collect",
                            "write_off",
                            "correction",
                            "reversal",
                        ],
                    )
                ),
                name="ledger_pending_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
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
                            "payout",
                            "payout_paid",
                            "payout_failed",
                            "payout_returned",
                            "charge_back",
                            "cover",
                            "cover_back",
                            "collect",
                            "write_off",
                            "correction",
                            "reversal",
                        ],
                    )
                ),
                name="ledger_transfer_kind",
            ),
        ),
    ]
