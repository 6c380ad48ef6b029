"""The tables as first made."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import gongdao.disputes.states


class Migration(migrations.Migration):
    """Made from the models."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("market", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("merchant_id", models.UUIDField()),
                ("buyer_digest", models.BinaryField()),
                ("log_subject", models.CharField(max_length=64, unique=True)),
                ("reason", models.CharField(max_length=32)),
                ("forum", models.CharField(max_length=12)),
                ("mover", models.CharField(max_length=12)),
                ("state", models.CharField(max_length=12)),
                ("step", models.CharField(max_length=32)),
                ("outcome", models.CharField(blank=True, max_length=32)),
                ("ending", models.CharField(blank=True, max_length=32)),
                ("wanted", models.CharField(max_length=32)),
                ("late", models.JSONField(default=dict)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("rules_on", models.DateField()),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("moves", models.PositiveIntegerField(default=0)),
                ("handovers", models.PositiveIntegerField(default=0)),
                ("fenced", models.BooleanField(default=False)),
                ("needs_person", models.CharField(blank=True, max_length=32)),
                ("clock_who", models.CharField(blank=True, max_length=12)),
                ("clock_started_at", models.DateTimeField(null=True)),
                ("clock_due_at", models.DateTimeField(null=True)),
                ("clock_unit", models.CharField(blank=True, max_length=16)),
                ("clock_count", models.PositiveIntegerField(default=0)),
                ("clock_calendar", models.CharField(blank=True, max_length=32)),
                ("clock_silence", models.CharField(blank=True, max_length=32)),
                ("clock_rule", models.CharField(blank=True, max_length=64)),
                ("clock_stopped_at", models.DateTimeField(null=True)),
                ("clock_stop_reason", models.CharField(blank=True, max_length=32)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="market.order",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_case",
                "indexes": [
                    models.Index(
                        condition=models.Q(("clock_stopped_at__isnull", True), ("state", "open")),
                        fields=["clock_due_at"],
                        name="dispute_case_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["merchant_id", "clock_due_at"],
                        name="dispute_case_inbox",
                    ),
                    models.Index(fields=["merchant_id", "opened_at"], name="dispute_case_merchant"),
                    models.Index(fields=["buyer_digest", "opened_at"], name="dispute_case_buyer"),
                    models.Index(
                        condition=models.Q(("fenced", False), ("state", "open")),
                        fields=["order"],
                        name="dispute_case_unfenced",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("clock_due_at__isnull", False),
                                ("clock_started_at__isnull", False),
                                ("state", "open"),
                                ("clock_who", models.F("mover")),
                                (
                                    "mover__in",
                                    ["buyer", "merchant", "platform", "supplier", "payment"],
                                ),
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
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="dispute_case_positive"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("order",),
                        name="dispute_case_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("blob", models.CharField(max_length=128)),
                ("sha256", models.BinaryField()),
                ("size", models.PositiveBigIntegerField()),
                ("sealed_name", models.BinaryField()),
            ],
            options={
                "db_table": "dispute_exhibit",
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("remedy", models.CharField(max_length=32)),
                ("original_minor", models.BigIntegerField()),
                ("disputed_minor", models.BigIntegerField()),
                ("offered_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_offer",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="dispute_offer_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("offered_minor__gte", 0),
                            ("offered_minor__lte", models.F("original_minor")),
                        ),
                        name="dispute_offer_within",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CauseAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=500)),
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
                "db_table": "dispute_cause_answer",
            },
        ),
        migrations.CreateModel(
            name="CauseEffect",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("days", models.PositiveIntegerField()),
                ("cases_before", models.PositiveIntegerField()),
                ("orders_before", models.PositiveIntegerField()),
                ("cases_after", models.PositiveIntegerField()),
                ("orders_after", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="effects",
                        to="disputes.causeanswer",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_cause_effect",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("data", models.JSONField(default=dict)),
                ("leaf_hash", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_event",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="dispute_event_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Excuse",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("excuse", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=12)),
                ("sealed", models.BinaryField()),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="excuses",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_excuse",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "excuse"), name="dispute_excuse_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ExhibitReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "exhibit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="disputes.exhibit",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_exhibit_reading",
            },
        ),
        migrations.CreateModel(
            name="HandOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("from_forum", models.CharField(max_length=12)),
                ("to_forum", models.CharField(max_length=12)),
                ("from_owner", models.UUIDField(null=True)),
                ("to_owner", models.UUIDField(null=True)),
                ("reason", models.CharField(max_length=32)),
                ("sealed", models.BinaryField(default=b"")),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_overs",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_handover",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="dispute_handover_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldGround",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("ground", models.CharField(max_length=32)),
                ("rule", models.CharField(max_length=64)),
                ("limit_minor", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("until", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
                ("placed_at", models.DateTimeField()),
                ("appealed_at", models.DateTimeField(null=True)),
                ("sealed_appeal", models.BinaryField(default=b"")),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_why", models.CharField(blank=True, max_length=500)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "dispute_hold_ground",
                "indexes": [
                    models.Index(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=["until"],
                        name="dispute_ground_until",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("placed_at"))),
                        name="dispute_ground_ends",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("subject_kind", "subject_id", "ground"),
                        name="dispute_ground_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("side", models.CharField(max_length=12)),
                ("move", models.PositiveIntegerField()),
                ("event", models.CharField(max_length=32)),
                ("state", models.CharField(default="planned", max_length=12)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=80)),
                ("made_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_notice",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["planned", "sending"])),
                        fields=["next_try_at"],
                        name="dispute_notice_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "side", "move"), name="dispute_notice_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("next_try_at__isnull", False),
                                ("state__in", ["planned", "sending"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ["accepted", "failed"])
                            ),
                            _connector="OR",
                        ),
                        name="dispute_notice_due_or_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferAnswer",
            fields=[
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="answer",
                        serialize=False,
                        to="disputes.offer",
                    ),
                ),
                ("answer", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("final_minor", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "dispute_offer_answer",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "accepted"), ("final_minor__isnull", False)),
                            models.Q(
                                ("answer__in", ["declined", "lapsed", "overtaken", "withdrawn"]),
                                ("final_minor__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_offer_answer_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=12)),
                ("by_id", models.UUIDField(null=True)),
                ("sealed", models.BinaryField()),
                ("late", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="disputes.case",
                    ),
                ),
            ],
            options={
                "db_table": "dispute_post",
                "indexes": [models.Index(fields=["case", "at"], name="dispute_post_thread")],
            },
        ),
        migrations.AddField(
            model_name="exhibit",
            name="post",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exhibits",
                to="disputes.post",
            ),
        ),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "round", "name", "source"), name="dispute_fact_once"
                    )
                ],
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_try_at__isnull", False)),
                        fields=["next_try_at"],
                        name="dispute_remedy_next",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "basis", "place"), name="dispute_remedy_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="dispute_remedy_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("asked_at__isnull", True),
                                ("ended_at__isnull", True),
                                ("state", "planned"),
                            ),
                            models.Q(
                                ("asked_at__isnull", False),
                                ("ended_at__isnull", True),
                                ("state", "asked"),
                            ),
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ["done", "failed"])
                            ),
                            _connector="OR",
                        ),
                        name="dispute_remedy_steps",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("next_try_at__isnull", False), ("state__in", ["planned", "asked"])
                            ),
                            models.Q(
                                ("next_try_at__isnull", True), ("state__in", ["done", "failed"])
                            ),
                            _connector="OR",
                        ),
                        name="dispute_remedy_due",
                    ),
                ],
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
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="dispute_verdict_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("automatic", True), ("decided_by__isnull", True)),
                            models.Q(("automatic", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="dispute_verdict_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("seconded_by__isnull", True),
                            models.Q(("seconded_by", models.F("decided_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="dispute_verdict_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="dispute_verdict_amount"
                    ),
                ],
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cause__in", ["rule", "vetting", "technology", "supplier", "person"])
                        ),
                        name="dispute_root_cause_known",
                    )
                ],
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
        migrations.AddConstraint(
            model_name="exhibit",
            constraint=models.UniqueConstraint(
                fields=("post", "number"), name="dispute_exhibit_once"
            ),
        ),
    ]
