"""The tables of disputes, further part."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = [
        ("disputes", "0002_tables"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("offered_minor__gte", 0), ("offered_minor__lte", models.F("original_minor"))
                ),
                name="dispute_offer_within",
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["case", "at"], name="dispute_post_thread"),
        ),
        migrations.AddConstraint(
            model_name="exhibit",
            constraint=models.UniqueConstraint(
                fields=("post", "number"), name="dispute_exhibit_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordedfact",
            constraint=models.UniqueConstraint(
                fields=("case", "round", "name", "source"), name="dispute_fact_once"
            ),
        ),
        migrations.AddIndex(
            model_name="remedy",
            index=models.Index(
                condition=models.Q(("next_try_at__isnull", False)),
                fields=["next_try_at"],
                name="dispute_remedy_next",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.UniqueConstraint(
                fields=("case", "basis", "place"), name="dispute_remedy_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gte", 0)), name="dispute_remedy_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("asked_at__isnull", True), ("ended_at__isnull", True), ("state", "planned")
                    ),
                    models.Q(
                        ("asked_at__isnull", False), ("ended_at__isnull", True), ("state", "asked")
                    ),
                    models.Q(("ended_at__isnull", False), ("state__in", ["done", "failed"])),
                    _connector="OR",
                ),
                name="dispute_remedy_steps",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_try_at__isnull", False), ("state__in", ["planned", "asked"])),
                    models.Q(("next_try_at__isnull", True), ("state__in", ["done", "failed"])),
                    _connector="OR",
                ),
                name="dispute_remedy_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.UniqueConstraint(
                fields=("case", "number"), name="dispute_verdict_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("automatic", True), ("decided_by__isnull", True)),
                    models.Q(("automatic", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="dispute_verdict_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("seconded_by__isnull", True),
                    models.Q(("seconded_by", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="dispute_verdict_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gte", 0)), name="dispute_verdict_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="rootcause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cause__in", ["rule", "vetting", "technology", "supplier", "person"])
                ),
                name="dispute_root_cause_known",
            ),
        ),
    ]
