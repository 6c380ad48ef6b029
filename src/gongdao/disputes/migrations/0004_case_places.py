"""Which pieces a case is about; of cases before it nobody said."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more column."""

    dependencies = (("disputes", "0003_stop_until"),)
    operations = (
        migrations.AddField(model_name="case", name="places", field=models.JSONField(default=list)),
    )
