"""Days of the services' books; refunds that are begun anew, or paid by other means."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = (("payments", "0002_split"),)
    operations = (
        migrations.CreateModel(
            name="BillDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.CharField(max_length=16)),
                ("day", models.DateField()),
                ("read_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.AddField("refund", "again", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(
            "refund", "paid_elsewhere", models.CharField(blank=True, max_length=64, default="")
        ),
        migrations.AddConstraint(
            "refund",
            models.CheckConstraint(
                condition=models.Q(("paid_elsewhere", ""), ("state", "confirmed"), _connector="OR"),
                name="payments_refund_elsewhere",
            ),
        ),
        migrations.AddConstraint(
            "refund",
            models.UniqueConstraint(
                condition=models.Q(("paid_elsewhere", ""), _negated=True),
                fields=("paid_elsewhere",),
                name="payments_refund_elsewhere_once",
            ),
        ),
        migrations.AddIndex(
            "billday",
            models.Index(
                condition=models.Q(("read_at", None)),
                fields=["day"],
                name="payments_billday_unread",
            ),
        ),
        migrations.AddConstraint(
            "billday",
            models.UniqueConstraint(fields=("gateway", "day"), name="payments_billday_once"),
        ),
    )
