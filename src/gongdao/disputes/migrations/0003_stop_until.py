"""A stopped clock has an end; one that stood still before gets three days from its stop."""

from __future__ import annotations

from django.db import migrations, models

_ENDS = """
UPDATE dispute_case SET clock_stop_until = clock_stopped_at + interval '72 hours'
WHERE clock_stopped_at IS NOT NULL
"""


class Migration(migrations.Migration):
    """Made from the models, but for the rows that are there."""

    dependencies = [("disputes", "0002_guards")]

    operations = [
        migrations.RemoveConstraint(
            model_name="case",
            name="dispute_case_one_clock_or_an_end",
        ),
        migrations.RemoveConstraint(
            model_name="case",
            name="dispute_case_stopped_for_a_reason",
        ),
        migrations.AddField(
            model_name="case",
            name="clock_stop_reference",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="case",
            name="clock_stop_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="stood",
            field=models.JSONField(default=dict),
        ),
        migrations.RunSQL(_ENDS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("clock_stopped_at__isnull", False), ("state", "open")),
                fields=["clock_stop_until"],
                name="dispute_case_stopped",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("clock_due_at__isnull", False),
                        ("clock_started_at__isnull", False),
                        ("state", "open"),
                        ("clock_who", models.F("mover")),
                        ("mover__in", ["buyer", "merchant", "platform", "supplier", "payment"]),
                        (
                            "step__in",
                            [
                                "talk_merchant",
                                "talk_buyer",
                                "delivery_due",
                                "merchant_answer",
                                "buyer_offer",
                                "merchant_offer",
                                "merchant_proof",
                                "merchant_evidence",
                                "buyer_evidence",
                                "arbiter",
                                "second_arbiter",
                                "management",
                                "executing",
                                "execution_late",
                                "appeal_arbiter",
                                "appeal_second",
                                "appeal_merchant",
                                "appeal_buyer",
                            ],
                        ),
                        ("closed_at__isnull", True),
                        ("outcome", ""),
                        ("clock_count__gt", 0),
                        models.Q(("clock_unit", ""), _negated=True),
                        models.Q(("clock_silence", ""), _negated=True),
                    ),
                    models.Q(
                        ("clock_calendar", ""),
                        ("clock_count", 0),
                        ("clock_due_at__isnull", True),
                        ("clock_rule", ""),
                        ("clock_silence", ""),
                        ("clock_started_at__isnull", True),
                        ("clock_stop_reason", ""),
                        ("clock_stop_until__isnull", True),
                        ("clock_stopped_at__isnull", True),
                        ("clock_unit", ""),
                        ("clock_who", ""),
                        ("closed_at__isnull", False),
                        ("mover", "nobody"),
                        ("state", "closed"),
                        ("step", "closed"),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="dispute_case_one_clock_or_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("clock_stop_reason", ""),
                        ("clock_stop_until__isnull", True),
                        ("clock_stopped_at__isnull", True),
                    ),
                    models.Q(
                        ("clock_stopped_at__isnull", False),
                        models.Q(("clock_stop_reason", ""), _negated=True),
                        ("clock_stop_until__isnull", False),
                        ("clock_stop_until__gt", models.F("clock_stopped_at")),
                    ),
                    _connector="OR",
                ),
                name="dispute_case_stopped_for_a_time",
            ),
        ),
    ]
