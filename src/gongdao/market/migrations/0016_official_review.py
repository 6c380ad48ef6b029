"""Reviews of struck-through prices that are said to be an issuer's."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """One more kind of review, and the address that it is about."""

    dependencies = (("market", "0015_capped_index"),)
    operations = (
        migrations.AddField(
            "listingreview",
            "link",
            models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.RemoveConstraint("listingreview", "market_review_code"),
        migrations.AddConstraint(
            "listingreview",
            models.CheckConstraint(
                condition=Q(code__in=["far_below", "official", "prohibited"]),
                name="market_review_code",
            ),
        ),
        migrations.AddConstraint(
            "listingreview",
            models.CheckConstraint(
                condition=~Q(code="official")
                | (Q(price_minor__gt=0, market_minor__gt=0) & ~Q(link="")),
                name="market_review_has_link",
            ),
        ),
    )
