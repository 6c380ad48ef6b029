"""The register of requests by authorities, with what the database refuses of it."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Index, Q

from gongdao.core.named_sql import load_sql
from gongdao.disputes.authority_states import Asks, RequestState, Tell

_CHECKED = Q(checked_by__isnull=False, checked_at__isnull=False)


def _person(*, null: bool) -> models.ForeignKey[models.Model, models.Model]:
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    """Two more tables."""

    dependencies = (
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("disputes", "0005_exhibit_read"),
    )
    operations = (
        migrations.CreateModel(
            name="AuthorityRequest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=16, unique=True)),
                ("asks", models.CharField(max_length=16)),
                ("tell", models.CharField(max_length=16)),
                ("state", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("paper_digest", models.BinaryField()),
                ("original_id", models.UUIDField()),
                ("dated_on", models.DateField()),
                ("until", models.DateTimeField(null=True)),
                ("entered_by", _person(null=False)),
                ("entered_at", models.DateTimeField()),
                ("checked_by", _person(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("ended_by", _person(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "authority_request",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(asks__in=list(Asks), tell__in=list(Tell)),
                        name="authority_request_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            state=RequestState.ENTERED,
                            checked_by__isnull=True,
                            checked_at__isnull=True,
                        )
                        | (Q(state__in=[RequestState.CONFIRMED, RequestState.REFUSED]) & _CHECKED)
                        | (Q(state=RequestState.ENDED, ended_by__isnull=False) & _CHECKED),
                        name="authority_request_steps",
                    ),
                    models.CheckConstraint(
                        condition=Q(state=RequestState.ENDED, ended_at__isnull=False)
                        | (
                            ~Q(state=RequestState.ENDED)
                            & Q(ended_at__isnull=True, ended_by__isnull=True)
                        ),
                        name="authority_request_ended",
                    ),
                    models.CheckConstraint(
                        condition=Q(checked_by__isnull=True) | ~Q(checked_by=F("entered_by")),
                        name="authority_request_two_people",
                    ),
                    models.CheckConstraint(
                        condition=Q(asks=Asks.INFORMATION) | Q(until__gt=F("entered_at")),
                        name="authority_request_has_an_end",
                    ),
                    models.UniqueConstraint(
                        fields=["paper_digest"],
                        condition=~Q(state=RequestState.REFUSED),
                        name="authority_request_paper_once",
                    ),
                ],
                "indexes": [
                    Index(fields=["state", "-entered_at"], name="authority_request_state"),
                    Index(fields=["-entered_at"], name="authority_request_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthoritySubject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="market.order",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subjects",
                        to="disputes.authorityrequest",
                    ),
                ),
            ],
            options={
                "db_table": "authority_subject",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["request", "order"], name="authority_subject_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(load_sql("gongdao.disputes", "guard_requests")),
    )
