"""The tables of disputes, further part."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import gongdao.disputes.states


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = [
        ("disputes", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordedFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=64)),
                ("value", models.JSONField()),
                ("source", models.CharField(max_length=12)),
                ("evidence", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facts",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_fact",
            },
        ),
        migrations.CreateModel(
            name="Remedy",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("basis", models.CharField(max_length=32)),
                ("place", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=32)),
                ("amount_minor", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("bearer", models.CharField(blank=True, max_length=12)),
                ("drawn", models.JSONField(default=dict)),
                ("refund_no", models.CharField(blank=True, max_length=32)),
                ("state", models.CharField(default="planned", max_length=12)),
                ("problem", models.CharField(blank=True, max_length=64)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("planned_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remedies",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_remedy",
            },
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("file", models.TextField()),
                ("digest", models.BinaryField()),
                ("event", models.PositiveIntegerField()),
                ("automatic", models.BooleanField()),
                ("reason_code", models.CharField(max_length=64)),
                ("remedy", models.CharField(max_length=32)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("fault", models.JSONField(default=dict)),
                ("sealed", models.BinaryField(default=b"")),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="disputes.case",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seconded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_verdict",
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="proposal",
                        serialize=False,
                        to="disputes.case",
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_proposal",
            },
        ),
        migrations.CreateModel(
            name="RootCause",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="cause",
                        serialize=False,
                        to="disputes.case",
                    ),
                ),
                ("cause", models.CharField(max_length=32)),
                ("note", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_root_cause",
            },
        ),
        migrations.AddField(
            model_name="causeanswer",
            name="cause",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answers",
                to="disputes.rootcause",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("clock_stopped_at__isnull", True), ("state", "open")),
                fields=["clock_due_at"],
                name="dispute_case_due",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["merchant_id", "clock_due_at"],
                name="dispute_case_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["merchant_id", "opened_at"], name="dispute_case_merchant"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["buyer_digest", "opened_at"], name="dispute_case_buyer"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("fenced", False), ("state", "open")),
                fields=["order"],
                name="dispute_case_unfenced",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "forum__in",
                        [
                            gongdao.disputes.states.Forum["TALK"],
                            gongdao.disputes.states.Forum["COMPLAINT"],
                            gongdao.disputes.states.Forum["APPEAL"],
                            gongdao.disputes.states.Forum["MANAGEMENT"],
                        ],
                    )
                ),
                name="dispute_case_forum",
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
                    models.Q(("clock_stop_reason", ""), ("clock_stopped_at__isnull", True)),
                    models.Q(
                        ("clock_stopped_at__isnull", False),
                        models.Q(("clock_stop_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="dispute_case_stopped_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="dispute_case_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("order",),
                name="dispute_case_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                fields=("case", "number"), name="dispute_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="excuse",
            constraint=models.UniqueConstraint(
                fields=("case", "excuse"), name="dispute_excuse_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                fields=("case", "number"), name="dispute_handover_once"
            ),
        ),
        migrations.AddIndex(
            model_name="holdground",
            index=models.Index(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=["until"],
                name="dispute_ground_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdground",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("placed_at"))), name="dispute_ground_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="holdground",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=("subject_kind", "subject_id", "ground"),
                name="dispute_ground_once",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state__in", ["planned", "sending"])),
                fields=["next_try_at"],
                name="dispute_notice_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("case", "side", "move"), name="dispute_notice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_try_at__isnull", False), ("state__in", ["planned", "sending"])),
                    models.Q(("ended_at__isnull", False), ("state__in", ["accepted", "failed"])),
                    _connector="OR",
                ),
                name="dispute_notice_due_or_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="offeranswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "accepted"), ("final_minor__isnull", False)),
                    models.Q(
                        ("answer__in", ["declined", "lapsed", "overtaken", "withdrawn"]),
                        ("final_minor__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="dispute_offer_answer_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                fields=("case", "number"), name="dispute_offer_once"
            ),
        ),
    ]
